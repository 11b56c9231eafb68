"""The protocol for small graphs: every edge is held out once.

For the report each part is judged by a blend, and after a number of epochs, that were chosen on
the other parts; what is served is chosen on all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.events import PhaseStarted
from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import Measure, Task, mean_gain
from gremlink.proxy.learning.links.evaluation.ranking import Ranking
from gremlink.proxy.learning.links.training.base_models import Validation
from gremlink.proxy.learning.links.training.experiment import BLENDING, Bench, Ranks, Study
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS
from gremlink.proxy.learning.links.training.networks import Course, judged
from gremlink.proxy.learning.methods import AUTO, NETWORK
from gremlink.proxy.learning.timeline import Steps
from gremlink.proxy.learning.trained.network import Trained

FEW_EDGES = 200
"""Below so many edges there are twice as many parts: each member then misses fewer of them."""

SEEDS = 100_003
"""Between the seeds of two parts: users choose small ones."""

Epochs = Mapping[str, int]
"""For each network."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A part that is held out, the graph without it, and each network's state at its looks.

    `courses` tell of each network's gain on the part.
    """

    graph: TypedGraph
    held_out: Mapping[Relation, Edges]
    networks: Mapping[str, Mapping[int, Trained]]
    courses: Mapping[str, Course]


def study_folds(bench: Bench) -> Study:
    """Run the protocol."""
    folds = [_fold(bench, number, parts) for number, parts in enumerate(parts_of(bench), start=1)]
    bench.progress(PhaseStarted(BLENDING))
    epochs = _best_epochs(folds)
    elsewhere = [_best_epochs([other for other in folds if other is not fold]) for fold in folds]
    stages = sorted({stage for each in (epochs, *elsewhere) for stage in each.items()})
    # A step for what is asked of each fold, and one for each blend.
    step = Steps(bench.progress, BLENDING, len(folds) * (bench.steps_of_rankings + 1) + 1)
    asked = [
        bench.rankings(
            fold.graph,
            [(name, fold.networks[name][epoch]) for name, epoch in stages],
            fold.held_out,
            step,
        )
        for fold in folds
    ]

    def rankings(of: Sequence[dict[Task, Ranking]], at: Epochs) -> dict[Task, list[Ranking]]:
        """With the networks as they were after so many epochs, in the order of `bench.names`."""
        columns = [stages.index((name, at[name])) for name in bench.network_names]
        columns.extend(range(len(stages), len(stages) + len(bench.names) - len(at)))
        joined: dict[Task, list[Ranking]] = {}
        for each in of:
            for task, ranking in each.items():
                joined.setdefault(task, []).append(ranking.members(columns))
        return joined

    everything = rankings(asked, epochs)
    blend = bench.blend(everything)
    step()
    calibrations = bench.calibrations(everything, blend)
    ranks: dict[str, dict[Task, list[Ranks]]] = {}
    for own, at in zip(asked, elsewhere, strict=True):
        others = [each for each in asked if each is not own]
        chosen = bench.blend(rankings(others, at)) if bench.model == AUTO else blend
        step()
        for task, (ranking,) in rankings([own], at).items():
            if bench.model == AUTO:
                blended = ranking.ranks(chosen.weights[task])
                ranks.setdefault(AUTO, {}).setdefault(task, []).append(blended)
            for column, name in enumerate(bench.names):
                member_ranks = ranking.member_ranks[:, column]
                ranks.setdefault(name, {}).setdefault(task, []).append(member_ranks)
    total = sum(len(bench.dataset.graph.edges[relation]) for relation in bench.relations)
    protocol = (
        f"cross-validation, {len(folds)} parts of {total:,} edges, each judged by what was chosen "
        "on the others; both ends asked, full ranking, known links removed, ties by mean rank"
    )
    return Study(
        protocol,
        blend,
        calibrations,
        epochs=epochs,
        small=True,
        networks=bench.averaged | {NETWORK: bench.settings.networks},
        ranks={
            name: {task: np.concatenate(parts) for task, parts in tasks.items()}
            for name, tasks in ranks.items()
        },
        seconds=bench.seconds(),
        memory=bench.watch.memory,
        sources=_sources(bench, folds),
        reliability=bench.reliability(everything, blend, calibrations),
        courses={
            name: mean_course([fold.courses[name] for fold in folds])
            for name in bench.network_names
        },
    )


def count_parts(bench: Bench) -> int:
    """Into how many parts the edges go."""
    counts = [len(bench.dataset.graph.edges[relation]) for relation in bench.relations]
    count = bench.settings.folds * (2 if sum(counts) < FEW_EDGES else 1)
    return min(count, max(counts))


def parts_of(bench: Bench) -> list[dict[Relation, Indexes]]:
    """Positions of the edges that each fold holds out, by relation."""
    edges = bench.dataset.graph.edges
    count = count_parts(bench)
    orders = {
        relation: bench.random.permutation(len(edges[relation])) for relation in bench.relations
    }
    return [
        {relation: order[number::count] for relation, order in orders.items()}
        for number in range(count)
    ]


def _fold(
    bench: Bench,
    number: int,
    parts: Mapping[Relation, Indexes],
) -> Fold:
    without, held_out, validation = without_part(bench, parts)
    networks: dict[str, Mapping[int, Trained]] = {}
    courses: dict[str, Course] = {}
    for name in bench.network_names:
        phase = f"cross-validation, part {number}, {name}"
        with bench.watch.timing(name):
            networks[name], courses[name] = learned(
                bench, name, without, validation, phase, part_seed(bench, number)
            )
    return Fold(without, held_out, networks, courses)


def without_part(
    bench: Bench, parts: Mapping[Relation, Indexes], measure: Measure = mean_gain
) -> tuple[TypedGraph, dict[Relation, Edges], Validation]:
    """The graph without a part of its edges, these edges, and who asks about them."""
    graph = bench.dataset.graph
    held_out = {
        relation: graph.edges[relation].select(positions) for relation, positions in parts.items()
    }
    kept: dict[Relation, Edges] = {}
    for relation, positions in parts.items():
        keep = np.ones(len(graph.edges[relation]), np.bool_)
        keep[positions] = False
        kept[relation] = graph.edges[relation].select(keep)
    return graph.replacing(kept), held_out, Validation(graph, held_out, measure)


def part_seed(bench: Bench, number: int) -> int:
    """Where a part's networks begin: elsewhere than those of other parts.

    With one beginning for all, what it knows by luck would look as if every part had learned it.
    """
    return bench.seed + number * SEEDS


def learned(
    bench: Bench, name: str, graph: TypedGraph, validation: Validation, phase: str, seed: int
) -> tuple[dict[int, Trained], Course]:
    """Train one network; its state at every look, and its course."""
    settings = bench.settings_of(name)
    network = NETWORK_METHODS[name]
    most = network.most_epochs(settings, small=True)
    found = network.checkpoints(graph, bench.relations, settings, most, seed, small=True)
    every = settings.evaluate_every
    return judged(phase, found, most, bench.progress, validation, patience=None, every=every)


def _sources(bench: Bench, folds: Sequence[Fold]) -> dict[Task, Indexes]:
    """Of the held-out edges in the order of the folds, which is that of the ranks."""
    return {
        (relation, end): np.concatenate([fold.held_out[relation].ends(end)[0] for fold in folds])
        for relation in bench.relations
        for end in DIRECTIONS
    }


def _best_epochs(folds: Sequence[Fold]) -> Epochs:
    """For each network the epoch with the best mean gain, the earliest of equals."""
    found = {}
    for name in folds[0].courses:
        curve = mean_course([fold.courses[name] for fold in folds]).curve
        found[name] = max(curve, key=curve.__getitem__)
    return found


def mean_course(courses: Sequence[Course]) -> Course:
    """The mean of a network's courses in several folds, where all of them have got."""

    def mean(parts: Sequence[Mapping[int, float]]) -> dict[int, float]:
        common = set.intersection(*(set(part) for part in parts))
        return {epoch: float(np.mean([part[epoch] for part in parts])) for epoch in sorted(common)}

    return Course(mean([each.losses for each in courses]), mean([each.curve for each in courses]))
