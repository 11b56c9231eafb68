"""What a training of links consists of, with estimates, for progress and for deadlines."""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.proxy.learning.budget import SECONDS_PER_UPDATE
from gremlink.proxy.learning.links.scorers import FITTED
from gremlink.proxy.learning.links.training.cross_validation import count_parts
from gremlink.proxy.learning.links.training.experiment import BLENDING, Bench
from gremlink.proxy.learning.links.training.holdout import BLEND_EDGES, TESTING
from gremlink.proxy.learning.links.training.plan import cost
from gremlink.proxy.learning.methods import AUTO, NETWORK, NETWORKS
from gremlink.proxy.learning.search.tuning import Wanted, stages_of_search
from gremlink.proxy.learning.timeline import Stage

LOOK = 0.01
"""Seconds to ask a method that takes next to none."""

SCORED = 10.0
"""A score is read and written so often until ranks and weights have come of it."""

STUDY, BLEND, FINAL = "trying methods", "the blend", "learning from all edges"


def stages(bench: Bench, wanted: Wanted) -> list[Stage]:
    """The phases of what `bench` is going to do, in their order."""
    small, names = bench.is_small, bench.network_names
    once = {name: _cost(bench, name) for name in bench.names}
    simple = sum(once[name] for name in bench.simple_names)
    asking = _asking(bench)
    parts = count_parts(bench) if small else 1
    found: list[Stage] = []
    if wanted.search.trials and wanted.search.previous is None and names:
        found += stages_of_search(wanted, names[0], once[names[0]] * parts)
    if small:
        found += [
            Stage(f"cross-validation, part {number}, {name}", once[name], STUDY)
            for number in range(1, parts + 1)
            for name in names
        ]
    else:
        for name in names:
            phase = f"{name} on the training edges"
            count = bench.averaged[name]
            phases = [phase, *(f"{phase}, {number} of {count}" for number in range(2, count + 1))]
            found += [Stage(each, once[name] / count, STUDY) for each in phases]
    blending = LOOK * (parts + 1) * len(bench.names) * (bench.model == AUTO)
    found.append(Stage(BLENDING, parts * (simple + asking) + blending, BLEND))
    if not small:
        found.append(Stage(TESTING, simple + asking, "the test"))
    for name in names:
        count = bench.averaged[name]
        if small and name == NETWORK:
            count = bench.settings.networks
        phase = f"{name} on all edges"
        found += [Stage(each, once[name] / 2.0, FINAL) for each in _numbered(phase, count)]
    found += [
        Stage(f"{name} on all edges", once[name], FINAL) for name in bench.names if name in FITTED
    ]
    return [*found, Stage("writing the artifact", 0.2, "writing the artifact")]


def _numbered(phase: str, count: int) -> Sequence[str]:
    """The names of a phase that there is so many times."""
    if count == 1:
        return [phase]
    return [f"{phase}, {number} of {count}" for number in range(1, count + 1)]


def _cost(bench: Bench, name: str) -> float:
    settings = bench.settings_of(name)
    if name in NETWORKS or name in FITTED:
        return cost(name, bench.dataset.graph, bench.relations, settings, small=bench.is_small)
    return LOOK


def _asking(bench: Bench) -> float:
    """Seconds to rank held-out edges once by all methods, about."""
    graph = bench.dataset.graph
    scores = 0.0
    for relation in bench.relations:
        asked = min(len(graph.edges[relation]), BLEND_EDGES)
        scores += asked * (graph.counts[relation.head] + graph.counts[relation.tail])
    return len(bench.names) * (LOOK + scores * SCORED * SECONDS_PER_UPDATE)
