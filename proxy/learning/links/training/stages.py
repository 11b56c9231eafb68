"""The stages of a link training, with estimates, for progress and for deadlines."""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.links.scorers import FITTED
from gremlink.proxy.learning.links.training.cross_validation import count_parts
from gremlink.proxy.learning.links.training.experiment import BLENDING, LinkExperiment
from gremlink.proxy.learning.links.training.holdout import BLEND_EDGES, TESTING
from gremlink.proxy.learning.links.training.plan import cost
from gremlink.proxy.learning.methods import AUTO, NETWORK, NETWORKS
from gremlink.proxy.learning.timeline import Stage

LOOK = 0.01
"""Seconds to score with a method that takes next to none."""

SCORED = 25.0
"""Reads and writes of a score, from the method to ranks and weights."""

STUDY, BLEND, FINAL = "trying methods", "the blend", "learning from all edges"


def stages(experiment: LinkExperiment) -> list[Stage]:
    """Return the phases of an experiment and of the training on all edges, in order."""
    small, names = experiment.cross_validates, experiment.networks
    once = {name: _cost(experiment, name) for name in experiment.names}
    simple = sum(once[name] for name in experiment.simple_names)
    ranking = _ranking_cost(experiment)
    parts = count_parts(experiment) if small else 1
    found: list[Stage] = []
    if small:
        found += [
            Stage(f"cross-validation, part {number}, {name}", once[name], STUDY)
            for number in range(1, parts + 1)
            for name in names
        ]
    else:
        for name in names:
            phase = f"{name} on the training edges"
            count = experiment.averaged[name]
            phases = [phase, *(f"{phase}, {number} of {count}" for number in range(2, count + 1))]
            found += [Stage(each, once[name] / count, STUDY) for each in phases]
    blending = LOOK * (parts + 1) * len(experiment.names) * (experiment.model == AUTO)
    found.append(Stage(BLENDING, parts * (simple + ranking) + blending, BLEND))
    if not small:
        found.append(Stage(TESTING, simple + ranking, "the test"))
    for name in names:
        count = experiment.averaged[name]
        if small and name == NETWORK:
            count = experiment.settings.networks
        phase = f"{name} on all edges"
        found += [Stage(each, once[name] / 2.0, FINAL) for each in _numbered(phase, count)]
    found += [
        Stage(f"{name} on all edges", once[name], FINAL)
        for name in experiment.names
        if name in FITTED
    ]
    return found


def trial_seconds(experiment: LinkExperiment) -> float:
    """Return the estimate for a trial of the first network's settings."""
    parts = count_parts(experiment) if experiment.cross_validates else 1
    return _cost(experiment, experiment.networks[0]) * parts


def _numbered(phase: str, count: int) -> Sequence[str]:
    """Return the names of a phase that is repeated so many times."""
    if count == 1:
        return [phase]
    return [f"{phase}, {number} of {count}" for number in range(1, count + 1)]


def _cost(experiment: LinkExperiment, name: str) -> float:
    settings = experiment.settings_of(name)
    if name in NETWORKS or name in FITTED:
        return cost(
            name,
            experiment.dataset.graph,
            experiment.relations,
            settings,
            small=experiment.cross_validates,
        ).seconds(experiment.speed)
    return LOOK


def _ranking_cost(experiment: LinkExperiment) -> float:
    """Estimate the seconds to rank held-out edges once by all methods."""
    graph = experiment.dataset.graph
    scores = 0.0
    for relation in experiment.relations:
        ranked = min(len(graph.edges[relation]), BLEND_EDGES)
        scores += ranked * (graph.counts[relation.head] + graph.counts[relation.tail])
    return len(experiment.names) * (LOOK + Work(updates=scores * SCORED).seconds(experiment.speed))
