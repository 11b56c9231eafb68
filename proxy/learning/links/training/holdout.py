"""The protocol for graphs with enough edges: one split into training, validation and test edges.

Base models learn from the training edges; the network stops, and the blend is learned, on the
validation edges; the test edges are for the report alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from gremlink.proxy.learning.events import MethodCompared, PhaseStarted
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Edges,
    Indexes,
    Mask,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.evaluation.curves import link_curves
from gremlink.proxy.learning.links.evaluation.queries import (
    Queries,
    Task,
    mean_reciprocal_rank,
    rank_queries,
)
from gremlink.proxy.learning.links.evaluation.ranking import CANDIDATES
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.mixture import Mixture
from gremlink.proxy.learning.links.training.base_models import Validation
from gremlink.proxy.learning.links.training.blend import Blend
from gremlink.proxy.learning.links.training.experiment import (
    BLENDING,
    LinkExperiment,
    LinkResults,
    Ranks,
)
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS, Run
from gremlink.proxy.learning.links.training.networks import (
    History,
    Validate,
    patience_of,
    validated,
    with_progress,
)
from gremlink.proxy.learning.links.training.plan import BLEND_EDGES, TEST_SCORES
from gremlink.proxy.learning.links.training.repeats import positions_of_copies
from gremlink.proxy.learning.methods import AUTO, NETWORKS
from gremlink.proxy.learning.processing.processed import CustomSplit, Split, SplitRate
from gremlink.proxy.learning.search.search import Reached, Tell
from gremlink.proxy.learning.search.trial import Best, reached
from gremlink.proxy.learning.timeline import Steps
from gremlink.proxy.learning.trained.network import Trained, together

TESTING = "ranking the test edges"
"""The name of the phase."""

BLEND_NUMBERS = 2**26
"""Scores that the blend is learned from, at most, over all relations: 256 MiB."""

LEAST_EDGES = 16
"""Edges of a relation that its blend is learned from, at least."""


def evaluate_holdout(experiment: LinkExperiment) -> LinkResults:
    """Compare the candidates on one split."""
    train, valid, every = held_out(experiment)
    test = {relation: _drawn(experiment, relation, edges) for relation, edges in every.items()}
    networks, epochs, histories = _networks(experiment, train, valid)
    experiment.progress(PhaseStarted(BLENDING))
    step = Steps(experiment.progress, BLENDING, experiment.steps_of_rankings + 1)
    rankings = {
        task: [ranking]
        for task, ranking in experiment.rankings(
            train, networks, _sample(experiment, valid), step
        ).items()
    }
    blend = experiment.blend(rankings)
    step()
    calibrations = experiment.calibrations(rankings, blend)
    experiment.progress(PhaseStarted(TESTING))
    ranks = _test_ranks(experiment, train, networks, test, blend)
    tested, held, validation = (sum(map(len, part.values())) for part in (test, every, valid))
    drawn = "" if tested == held else f" (drawn from {held:,})"
    chosen = any(isinstance(split, CustomSplit) for split in experiment.dataset.targets.values())
    how = "held out as configured" if chosen else "held out at random"
    if experiment.warm is not None:
        how += " of those that the earlier training did not know"
    protocol = (
        f"{tested:,} test edges{drawn}, {how} and used for nothing else "
        f"({validation:,} more for validation); both ends asked, full ranking, known links "
        "removed, ties by mean rank"
    )
    return LinkResults(
        protocol,
        blend,
        calibrations,
        epochs=epochs,
        networks=experiment.averaged,
        ranks=ranks,
        seconds=experiment.seconds(),
        memory=experiment.stopwatch.memory,
        histories=histories,
        queries={
            (relation, end): Queries.about(edges, end)
            for relation, edges in test.items()
            for end in DIRECTIONS
        },
        reliability=experiment.reliability(rankings, blend, calibrations),
        curves=link_curves(rankings, blend.weights),
    )


Held = Mapping[Relation, Edges]
"""Edges that are held out, by relation."""


def held_out(experiment: LinkExperiment) -> tuple[TypedGraph, Held, Held]:
    """Return the graph of the training edges, and validation and test edges; call it first."""
    graph, repeats = experiment.dataset.graph, experiment.dataset.repeats
    parts: dict[Relation, tuple[Edges, Edges, Edges]] = {}
    for relation, split in experiment.dataset.targets.items():
        edges = graph.edges[relation]
        followed = repeats.followers.get(relation)
        if followed is not None and not isinstance(split, CustomSplit):
            _, valid, test = parts[followed[0]]
            parts[relation] = _followed(edges, valid, test, followed[1])
        else:
            seen = None if experiment.warm is None else experiment.warm.seen[relation]
            groups = repeats.groups(relation, edges)
            parts[relation] = parts_of(edges, split, experiment.random, seen, groups)
    return (
        graph.replacing({relation: part[0] for relation, part in parts.items()}),
        {relation: part[1] for relation, part in parts.items()},
        {relation: part[2] for relation, part in parts.items()},
    )


def _followed(
    edges: Edges, valid: Edges, test: Edges, direction: Direction
) -> tuple[Edges, Edges, Edges]:
    """Return the parts of a relation whose edges are held out with those that they repeat."""
    places = [positions_of_copies(edges, part, direction) for part in (valid, test)]
    keep = np.ones(len(edges), np.bool_)
    keep[np.concatenate(places)] = False
    return edges.select(keep), edges.select(places[0]), edges.select(places[1])


def parts_of(
    edges: Edges,
    split: Split,
    random: np.random.Generator,
    seen: Mask | None = None,
    groups: Indexes | None = None,
) -> tuple[Edges, Edges, Edges]:
    """Return training, validation and test edges, as a user chose them or at random.

    Edges that a user put nowhere are known while training, and never held out. Without test edges
    of the user every other validation edge is one.
    """
    if not isinstance(split, CustomSplit):
        return split_edges(edges, split, random, seen, groups)
    valid, test = split.valid, split.test
    if not len(test) and len(valid) > 1:
        valid, test = valid[::2], valid[1::2]
    held = np.zeros(len(edges), np.bool_)
    held[valid] = held[test] = True
    return edges.select(~held), edges.select(valid), edges.select(test)


def split_edges(
    edges: Edges,
    rate: SplitRate,
    random: np.random.Generator,
    seen: Mask | None = None,
    groups: Indexes | None = None,
) -> tuple[Edges, Edges, Edges]:
    """Return training, validation and test edges at random.

    Neptune's exporter writes no share for tests; then the validation share is halved, because
    without test edges there would be nothing to report. Edges that the networks have `seen` before
    stay in training, and half of the others at least. Edges of one of the `groups`, int64
    `[edges]`, are in one part.
    """
    _, valid_share, test_share = rate
    if test_share <= 0:
        valid_share = test_share = valid_share / 2
    count = len(edges)
    valid, test = (max(1, round(share * count)) for share in (valid_share, test_share))
    order = random.permutation(count)
    if seen is not None:
        order = np.concatenate([order[~seen[order]], order[seen[order]]])
        quarter = int((~seen).sum()) // 4
        valid, test = min(valid, quarter), min(test, quarter)
    if valid + test >= count:
        valid = test = 0
    if groups is not None:
        order = order[np.argsort(_first_places(groups[order]), kind="stable")]
        end = _group_end(groups[order], valid + test)
        valid = _group_end(groups[order], valid)
        test = end - valid
    return (
        edges.select(np.sort(order[valid + test :])),
        edges.select(order[:valid]),
        edges.select(order[valid : valid + test]),
    )


def _first_places(groups: Indexes) -> Indexes:
    """Return for each place the first one with the same group."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    return np.asarray(first[inverse], np.int64)


def _group_end(groups: Indexes, place: int) -> int:
    """Return the first place from `place` on where another group begins."""
    while 0 < place < len(groups) and groups[place] == groups[place - 1]:
        place += 1
    return place


def validate_settings(experiment: LinkExperiment, name: str, tell: Tell) -> Reached:
    """Train one network for a trial of a search; return its MRR on the validation edges."""
    train, valid, _ = held_out(experiment)
    validation = Validation(experiment.dataset.graph, valid)
    best = Best(mrr_of, tell)
    learned(experiment, name, train, lambda trained: best.update(validation.ranks(trained)))
    return reached(mrr_of, best.outputs)


def mrr_of(ranks: Ranks, rows: Indexes) -> float:
    """Return the MRR of some ranks."""
    return mean_reciprocal_rank(ranks[rows])


def _networks(
    experiment: LinkExperiment, train: TypedGraph, valid: Mapping[Relation, Edges]
) -> tuple[list[tuple[str, Trained]], dict[str, int], dict[str, History]]:
    """Train until the gain on validation edges stops rising; return the best of each, its epoch.

    What networks leave of the budget because they stop early is for candidates that were left out,
    then for more networks of each kind.
    """
    validation = Validation(experiment.dataset.graph, valid)
    found: dict[str, list[Trained]] = {}
    epochs: dict[str, int] = {}
    histories: dict[str, History] = {}

    def study(name: str) -> None:
        with experiment.stopwatch.timing(name):
            kept, histories[name] = learned(experiment, name, train, validation.score)
            ((epochs[name], first),) = kept.items()
            found[name] = [first]
            for number in range(1, experiment.averaged[name]):
                found[name].append(_another(experiment, train, name, epochs[name], number))
        ran = max(histories[name].losses)
        experiment.trained(name, ran, epochs[name], len(found[name]))

    for name in experiment.networks:
        study(name)
    while (more := experiment.take_next()) is not None:
        if more in NETWORKS:
            study(more)
    for name in experiment.networks:
        while experiment.takes_another(name, epochs[name]):
            with experiment.stopwatch.timing(name):
                found[name].append(
                    _another(experiment, train, name, epochs[name], len(found[name]))
                )
            experiment.trained(name, max(histories[name].losses), epochs[name], len(found[name]))
    return [(name, together(found[name])) for name in experiment.networks], epochs, histories


def _another(
    experiment: LinkExperiment, train: TypedGraph, name: str, epochs: int, number: int
) -> Trained:
    """Train a network to be averaged with the first, for as many epochs."""
    count = max(experiment.averaged[name], number + 1)
    phase = f"{name} on the training edges, {number + 1} of {count}"
    experiment.progress(PhaseStarted(phase))
    settings, seed = experiment.settings_of(name), experiment.seed * count + number
    states = NETWORK_METHODS[name].checkpoints(
        Run(train, experiment.relations, settings, epochs, seed, small=False)
    )
    (last,) = deque(with_progress(phase, states, epochs, experiment.progress, []), maxlen=1)
    return last.embeddings()


def learned(
    experiment: LinkExperiment, name: str, train: TypedGraph, validate: Validate
) -> tuple[dict[int, Trained], History]:
    """Train one network on the training edges; return its best state by epoch, and its history."""
    settings = experiment.settings_of(name)
    network = NETWORK_METHODS[name]
    most = experiment.most_epochs(name)
    found = network.checkpoints(
        Run(
            train,
            experiment.relations,
            settings,
            most,
            experiment.seed,
            small=False,
            warm=experiment.warm,
        )
    )
    return validated(
        f"{name} on the training edges",
        found,
        most,
        experiment.progress,
        validate,
        patience=patience_of(settings),
        every=settings.evaluate_every,
    )


def _sample(experiment: LinkExperiment, valid: Mapping[Relation, Edges]) -> dict[Relation, Edges]:
    """Return as many validation edges as memory allows."""
    counts = experiment.dataset.graph.counts
    widest = max(max(counts[relation.head], counts[relation.tail]) for relation in valid)
    per_edge = 2 * min(widest, CANDIDATES) * len(experiment.names) * len(valid)
    limit = max(LEAST_EDGES, min(BLEND_EDGES, BLEND_NUMBERS // per_edge))
    return {
        relation: some_of(edges, limit, experiment.dataset.targets[relation])
        for relation, edges in valid.items()
    }


def some_of(edges: Edges, most: int, split: Split) -> Edges:
    """Return at most so many held-out edges: the first, if their order is random.

    Those that a user chose are in the order of the export, and are taken evenly from it: the first
    would be those of a few vertices.
    """
    places = np.arange(min(len(edges), most))
    if isinstance(split, CustomSplit) and len(places):
        places = places * len(edges) // len(places)
    return edges.select(places)


def _drawn(experiment: LinkExperiment, relation: Relation, edges: Edges) -> Edges:
    """Return the test edges to rank: all, or as many as `TEST_SCORES` has room for."""
    counts = experiment.dataset.graph.counts
    limit = max(LEAST_EDGES, TEST_SCORES // (counts[relation.head] + counts[relation.tail]))
    if len(edges) <= limit:
        return edges
    return edges.select(np.sort(experiment.random.permutation(len(edges))[:limit]))


def _test_ranks(
    experiment: LinkExperiment,
    train: TypedGraph,
    networks: Sequence[tuple[str, Trained]],
    test: Mapping[Relation, Edges],
    blend: Blend,
) -> dict[str, dict[Task, Ranks]]:
    ranks: dict[str, dict[Task, Ranks]] = {}
    asked = len(experiment.names) + (experiment.model == AUTO)
    of_relation = len(experiment.simple_names) + len(DIRECTIONS) * asked
    step = Steps(experiment.progress, TESTING, len(test) * of_relation)
    for relation, edges in test.items():
        members = experiment.members(train, relation, networks, step)
        named = dict(zip(experiment.names, members, strict=True))
        if experiment.model == AUTO:
            weights = {direction: blend.weights[relation, direction] for direction in DIRECTIONS}
            named = {AUTO: Mixture(members, weights, KnownLinks(train, relation)), **named}
        for direction in DIRECTIONS:
            queries = Queries.about(edges, direction)
            for name, scorer in named.items():
                ranks.setdefault(name, {})[relation, direction] = rank_queries(
                    scorer, queries, experiment.every_link[relation]
                )
                step()
                so_far = np.concatenate(list(ranks[name].values()))
                if len(so_far):
                    value = mean_reciprocal_rank(so_far)
                    experiment.progress(MethodCompared(name, "mrr", value))
    for name, found in experiment.baseline_ranks(train, test).items():
        ranks[name] = found
        value = mean_reciprocal_rank(np.concatenate(list(found.values())))
        experiment.progress(MethodCompared(name, "mrr", value))
    return ranks
