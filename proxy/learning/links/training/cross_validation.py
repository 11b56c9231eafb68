"""The protocol for small graphs: every edge is held out once.

For the report each part is ranked with the blend and the number of epochs that were chosen on the
other parts; those of the served model are chosen on all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.events import MethodCompared, PhaseStarted
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Edges,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.evaluation.curves import link_curves
from gremlink.proxy.learning.links.evaluation.queries import (
    Measure,
    Queries,
    Task,
    mean_gain,
    mean_reciprocal_rank,
)
from gremlink.proxy.learning.links.evaluation.ranking import Ranking
from gremlink.proxy.learning.links.training.base_models import Validation
from gremlink.proxy.learning.links.training.experiment import (
    BLENDING,
    LinkExperiment,
    LinkResults,
    Ranks,
)
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS, Run
from gremlink.proxy.learning.links.training.networks import History, validated
from gremlink.proxy.learning.links.training.plan import count_folds
from gremlink.proxy.learning.links.training.repeats import positions_of_copies
from gremlink.proxy.learning.methods import AUTO, NETWORK
from gremlink.proxy.learning.search.search import Reached, Tell
from gremlink.proxy.learning.timeline import Steps
from gremlink.proxy.learning.trained.network import Trained

SEEDS = 100_003
"""Between the seeds of two parts: users choose small ones."""

Epochs = Mapping[str, int]
"""For each network."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A part that is held out, the graph without it, and the networks at each validated epoch.

    `histories` have each network's gain on the part.
    """

    graph: TypedGraph
    held_out: Mapping[Relation, Edges]
    networks: Mapping[str, Mapping[int, Trained]]
    histories: Mapping[str, History]


def cross_validate(experiment: LinkExperiment) -> LinkResults:
    """Compare the candidates by cross-validation."""
    folds = [
        _fold(experiment, number, parts)
        for number, parts in enumerate(parts_of(experiment), start=1)
    ]
    experiment.progress(PhaseStarted(BLENDING))
    epochs = _best_epochs(folds)
    elsewhere = [_best_epochs([other for other in folds if other is not fold]) for fold in folds]
    stages = sorted({stage for each in (epochs, *elsewhere) for stage in each.items()})
    # A step for each ranking of a fold, and one for each blend.
    step = Steps(experiment.progress, BLENDING, len(folds) * (experiment.steps_of_rankings + 1) + 1)
    asked: list[dict[Task, Ranking]] = []
    baselines: dict[str, dict[Task, list[Ranks]]] = {}

    def rankings(of: Sequence[dict[Task, Ranking]], at: Epochs) -> dict[Task, list[Ranking]]:
        """Join the rankings by the networks after so many epochs, in the order of `names`."""
        columns = [stages.index((name, at[name])) for name in experiment.networks]
        columns.extend(range(len(stages), len(stages) + len(experiment.names) - len(at)))
        joined: dict[Task, list[Ranking]] = {}
        for each in of:
            for task, ranking in each.items():
                joined.setdefault(task, []).append(ranking.members(columns))
        return joined

    for fold in folds:
        networks = [(name, fold.networks[name][epoch]) for name, epoch in stages]
        asked.append(experiment.rankings(fold.graph, networks, fold.held_out, step))
        for name, tasks in experiment.baseline_ranks(fold.graph, fold.held_out).items():
            for task, found in tasks.items():
                baselines.setdefault(name, {}).setdefault(task, []).append(found)
        _compare(experiment, rankings(asked, epochs))
    everything = rankings(asked, epochs)
    blend = experiment.blend(everything)
    step()
    calibrations = experiment.calibrations(everything, blend)
    ranks: dict[str, dict[Task, list[Ranks]]] = {}
    for own, at in zip(asked, elsewhere, strict=True):
        others = [each for each in asked if each is not own]
        chosen = experiment.blend(rankings(others, at)) if experiment.model == AUTO else blend
        step()
        for task, (ranking,) in rankings([own], at).items():
            if experiment.model == AUTO:
                blended = ranking.ranks(chosen.weights[task])
                ranks.setdefault(AUTO, {}).setdefault(task, []).append(blended)
            for column, name in enumerate(experiment.names):
                member_ranks = ranking.member_ranks[:, column]
                ranks.setdefault(name, {}).setdefault(task, []).append(member_ranks)
    if AUTO in ranks:
        blended = np.concatenate([each for parts in ranks[AUTO].values() for each in parts])
        value = mean_reciprocal_rank(blended)
        experiment.progress(MethodCompared(AUTO, "mrr", value))
    ranks.update(baselines)
    for name, parts_of_tasks in baselines.items():
        every = np.concatenate([each for parts in parts_of_tasks.values() for each in parts])
        experiment.progress(MethodCompared(name, "mrr", mean_reciprocal_rank(every)))
    total = sum(len(experiment.dataset.graph.edges[relation]) for relation in experiment.relations)
    protocol = (
        f"cross-validation, {len(folds)} parts of {total:,} edges, each judged by what was chosen "
        "on the others; both ends asked, full ranking, known links removed, ties by mean rank"
    )
    return LinkResults(
        protocol,
        blend,
        calibrations,
        epochs=epochs,
        networks=experiment.averaged | {NETWORK: experiment.settings.networks},
        ranks={
            name: {task: np.concatenate(parts) for task, parts in tasks.items()}
            for name, tasks in ranks.items()
        },
        seconds=experiment.seconds(),
        memory=experiment.stopwatch.memory,
        queries=_queries(experiment, folds),
        reliability=experiment.reliability(everything, blend, calibrations),
        curves=link_curves(everything, blend.weights),
        histories={
            name: mean_history([fold.histories[name] for fold in folds])
            for name in experiment.networks
        },
    )


def _compare(experiment: LinkExperiment, joined: Mapping[Task, Sequence[Ranking]]) -> None:
    """Send each method's MRR on the parts so far."""
    found = [ranking.member_ranks for parts in joined.values() for ranking in parts]
    if found:
        ranks = np.concatenate(found)
        for column, name in enumerate(experiment.names):
            value = mean_reciprocal_rank(ranks[:, column])
            experiment.progress(MethodCompared(name, "mrr", value))


def validate_settings(experiment: LinkExperiment, name: str, tell: Tell) -> Reached:
    """Train one network for a trial of a search; return its mean MRR over the parts."""
    histories: list[History] = []
    parts = parts_of(experiment)
    for number, part in enumerate(parts, start=1):
        without, _, validation = without_part(experiment, part, mean_reciprocal_rank)
        seed = part_seed(experiment, number)
        histories.append(learned(experiment, name, without, validation, "", seed)[1])
        curve = mean_history(histories).curve
        epoch = max(curve, key=curve.__getitem__)
        if number < len(parts):
            tell(curve[epoch])
    return Reached(curve[epoch], tuple(history.curve[epoch] for history in histories))


def count_parts(experiment: LinkExperiment) -> int:
    """Return the number of parts."""
    counts = [len(experiment.dataset.graph.edges[relation]) for relation in experiment.relations]
    return min(count_folds(experiment.settings, sum(counts)), max(counts))


def parts_of(experiment: LinkExperiment) -> list[dict[Relation, Indexes]]:
    """Return the positions of the edges that each fold holds out, by relation."""
    edges, repeats = experiment.dataset.graph.edges, experiment.dataset.repeats
    count = count_parts(experiment)
    parts: dict[Relation, list[Indexes]] = {}
    for relation in experiment.relations:
        followed = repeats.followers.get(relation)
        if followed is not None:
            held_out = [edges[followed[0]].select(places) for places in parts[followed[0]]]
            parts[relation] = _followed(edges[relation], held_out, followed[1])
            continue
        groups = repeats.groups(relation, edges[relation])
        if groups is None:
            order = experiment.random.permutation(len(edges[relation]))
            parts[relation] = [order[number::count] for number in range(count)]
        else:
            order = experiment.random.permutation(int(groups.max()) + 1)
            part_of = np.empty(len(order), np.int64)
            part_of[order] = np.arange(len(order)) % count
            parts[relation] = [np.flatnonzero(part_of[groups] == number) for number in range(count)]
    return [
        {relation: places[number] for relation, places in parts.items()} for number in range(count)
    ]


def _followed(edges: Edges, held_out: Sequence[Edges], direction: Direction) -> list[Indexes]:
    """Return the parts of a relation whose edges are held out with those that they repeat; edges
    that repeat none are spread over the parts."""
    parts = [positions_of_copies(edges, part, direction) for part in held_out]
    others = np.setdiff1d(np.arange(len(edges)), np.concatenate(parts))
    return [
        np.concatenate([part, others[number :: len(parts)]]) for number, part in enumerate(parts)
    ]


def _fold(
    experiment: LinkExperiment,
    number: int,
    parts: Mapping[Relation, Indexes],
) -> Fold:
    without, held_out, validation = without_part(experiment, parts)
    networks: dict[str, Mapping[int, Trained]] = {}
    histories: dict[str, History] = {}
    for name in experiment.networks:
        phase = f"cross-validation, part {number}, {name}"
        with experiment.stopwatch.timing(name):
            networks[name], histories[name] = learned(
                experiment, name, without, validation, phase, part_seed(experiment, number)
            )
    return Fold(without, held_out, networks, histories)


def without_part(
    experiment: LinkExperiment, parts: Mapping[Relation, Indexes], measure: Measure = mean_gain
) -> tuple[TypedGraph, dict[Relation, Edges], Validation]:
    """Return the graph without a part of its edges, these edges, and the validation on them."""
    graph = experiment.dataset.graph
    held_out = {
        relation: graph.edges[relation].select(positions) for relation, positions in parts.items()
    }
    kept: dict[Relation, Edges] = {}
    for relation, positions in parts.items():
        keep = np.ones(len(graph.edges[relation]), np.bool_)
        keep[positions] = False
        kept[relation] = graph.edges[relation].select(keep)
    return graph.replacing(kept), held_out, Validation(graph, held_out, measure)


def part_seed(experiment: LinkExperiment, number: int) -> int:
    """Return the seed of a part's networks; each part has another.

    With one seed for all, what it knows by luck would look as if every part had learned it.
    """
    return experiment.seed + number * SEEDS


def learned(
    experiment: LinkExperiment,
    name: str,
    graph: TypedGraph,
    validation: Validation,
    phase: str,
    seed: int,
) -> tuple[dict[int, Trained], History]:
    """Train one network; return its state at every validation, and its history."""
    settings = experiment.settings_of(name)
    network = NETWORK_METHODS[name]
    most = experiment.most_epochs(name)
    found = network.checkpoints(Run(graph, experiment.relations, settings, most, seed, small=True))
    every = settings.evaluate_every
    return validated(
        phase, found, most, experiment.progress, validation.score, patience=None, every=every
    )


def _queries(experiment: LinkExperiment, folds: Sequence[Fold]) -> dict[Task, Queries]:
    """Return the queries about the held-out edges in the order of the folds, that of the ranks."""
    found = {}
    for relation in experiment.relations:
        for end in DIRECTIONS:
            ends = [fold.held_out[relation].ends(end) for fold in folds]
            sources, targets = (np.concatenate(each) for each in zip(*ends, strict=True))
            found[relation, end] = Queries(end, sources, targets)
    return found


def _best_epochs(folds: Sequence[Fold]) -> Epochs:
    """Return for each network the epoch with the best mean gain, the earliest of equals."""
    found = {}
    for name in folds[0].histories:
        curve = mean_history([fold.histories[name] for fold in folds]).curve
        found[name] = max(curve, key=curve.__getitem__)
    return found


def mean_history(histories: Sequence[History]) -> History:
    """Return the mean of a network's histories over the epochs that all folds reached."""

    def mean(parts: Sequence[Mapping[int, float]]) -> dict[int, float]:
        common = set.intersection(*(set(part) for part in parts))
        return {epoch: float(np.mean([part[epoch] for part in parts])) for epoch in sorted(common)}

    return History(
        mean([each.losses for each in histories]), mean([each.curve for each in histories])
    )
