"""The protocol for small graphs: every edge is held out once.

For the report each part is judged by a blend, and after a number of epochs, that were chosen on
the other parts; what is served is chosen on all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from proxy.learning.bench import Bench, Ranks, Study
from proxy.learning.blend import Task
from proxy.learning.events import PhaseStarted
from proxy.learning.graph import Edges, Indexes, Relation, TypedGraph
from proxy.learning.members import Validation, epochs_of, fit_settings
from proxy.learning.models.fitting import FitSettings
from proxy.learning.ranking import Ranking
from proxy.learning.scorers.embedding import Embeddings
from proxy.learning.settings import AUTO, NETWORK

FEW_EDGES = 200
"""Below so many edges there are twice as many parts: each member then misses fewer of them."""

MOST_EPOCHS = 40
"""A graph so small is learned by heart soon after."""

STEP_SHARE = 0.3
"""Of the learning rate: what few edges say is said in few, small steps."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A part that is held out, the graph without it, and the network's state at each checkpoint.

    `curve` is the network's MRR on the part by epoch.
    """

    graph: TypedGraph
    held_out: Mapping[Relation, Edges]
    networks: Mapping[int, Embeddings]
    curve: Mapping[int, float]


def study_folds(bench: Bench) -> Study:
    """Run the protocol."""
    folds = [_fold(bench, number, parts) for number, parts in enumerate(_parts(bench), start=1)]
    bench.progress(PhaseStarted("learning the blend"))
    asked: dict[tuple[int, int], dict[Task, Ranking]] = {}

    def rankings(without: int | None, epochs: int) -> dict[Task, list[Ranking]]:
        joined: dict[Task, list[Ranking]] = {}
        for index, fold in enumerate(folds):
            if index == without:
                continue
            for task, ranking in judged(index, fold, epochs).items():
                joined.setdefault(task, []).append(ranking)
        return joined

    def judged(index: int, fold: Fold, epochs: int) -> dict[Task, Ranking]:
        if (index, epochs) not in asked:
            network = fold.networks.get(epochs)
            asked[index, epochs] = bench.rankings(fold.graph, network, fold.held_out)
        return asked[index, epochs]

    epochs = _best_epoch(folds)
    everything = rankings(None, epochs)
    blend = bench.blend(everything)
    calibrations = bench.calibrations(everything, blend)
    ranks: dict[str, dict[Task, list[Ranks]]] = {}
    for index, fold in enumerate(folds):
        elsewhere = _best_epoch([other for other in folds if other is not fold])
        chosen = bench.blend(rankings(index, elsewhere)) if bench.model == AUTO else blend
        for task, ranking in judged(index, fold, elsewhere).items():
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
        small_fit(bench, max(epochs, 1)),
        bench.settings.networks,
        {
            name: {task: np.concatenate(parts) for task, parts in tasks.items()}
            for name, tasks in ranks.items()
        },
        bench.seconds(),
    )


def small_fit(bench: Bench, epochs: int) -> FitSettings:
    """How a network learns from a small graph."""
    rate = STEP_SHARE * bench.settings.learning_rate
    return replace(fit_settings(bench.settings, epochs), learning_rate=rate)


def _parts(bench: Bench) -> list[dict[Relation, Indexes]]:
    """Positions of the edges that each fold holds out, by relation."""
    edges = bench.dataset.graph.edges
    total = sum(len(edges[relation]) for relation in bench.relations)
    count = bench.settings.folds * (2 if total < FEW_EDGES else 1)
    count = min(count, max(len(edges[relation]) for relation in bench.relations))
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
    phase = f"cross-validation, part {number}"
    bench.progress(PhaseStarted(phase))
    graph = bench.dataset.graph
    held_out = {
        relation: graph.edges[relation].select(positions) for relation, positions in parts.items()
    }
    kept: dict[Relation, Edges] = {}
    for relation, positions in parts.items():
        keep = np.ones(len(graph.edges[relation]), np.bool_)
        keep[positions] = False
        kept[relation] = graph.edges[relation].select(keep)
    without = graph.replacing(kept)
    networks: dict[int, Embeddings] = {}
    curve: dict[int, float] = {}
    if bench.has_network:
        settings = small_fit(bench, min(bench.settings.epochs, MOST_EPOCHS))
        validation = Validation(graph, held_out)
        seen: list[float] = []
        with bench.watch.timing(NETWORK):
            for checkpoint in epochs_of(
                phase, without, bench.relations, settings, bench.seed, bench.progress, seen
            ):
                if settings.evaluates(checkpoint.epoch) or checkpoint.epoch == settings.epochs:
                    networks[checkpoint.epoch] = checkpoint.embeddings()
                    seen.append(validation.mrr(networks[checkpoint.epoch]))
                    curve[checkpoint.epoch] = seen[-1]
    return Fold(without, held_out, networks, curve)


def _best_epoch(folds: Sequence[Fold]) -> int:
    """The epoch with the best mean MRR, the earliest of equals; 0 without a network."""
    epochs = list(folds[0].curve)
    if not epochs:
        return 0
    means = [float(np.mean([fold.curve[epoch] for fold in folds])) for epoch in epochs]
    return epochs[int(np.argmax(means))]
