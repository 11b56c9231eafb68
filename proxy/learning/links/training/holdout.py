"""The protocol for graphs with enough edges: one split into training, validation and test.

Members learn from the training edges; the network stops, and the blend is learned, on the
validation edges; the test edges are for the report alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from gremlink.proxy.learning.events import PhaseStarted
from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Mask, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import Questions, Task, rank_questions
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.mixture import Mixture
from gremlink.proxy.learning.links.training.base_models import Validation
from gremlink.proxy.learning.links.training.blend import Blend
from gremlink.proxy.learning.links.training.experiment import BLENDING, Bench, Ranks, Study
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS
from gremlink.proxy.learning.links.training.networks import Course, Judge, judged, patience_of, told
from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.processing.processed import CustomSplit, Split, SplitRate
from gremlink.proxy.learning.timeline import Steps
from gremlink.proxy.learning.trained.network import Trained, together

TESTING = "ranking the test edges"
"""The phase, for people."""

BLEND_EDGES = 2000
"""Validation edges of a relation that the blend is learned from, at most."""

BLEND_NUMBERS = 2**27
"""Scores that the blend is learned from, at most, over all relations: 512 MiB."""

LEAST_EDGES = 16
"""Edges of a relation that its blend is learned from whatever the memory."""

TEST_SCORES = 2**28
"""Scores of test questions that a method is asked for, for each relation: its test edges from both
ends times all candidates. Beyond it a sample of the test edges is ranked, so that the time for
reports grows with the graph's edges and not with the square of its vertices."""


def study_split(bench: Bench) -> Study:
    """Run the protocol."""
    train, valid, every = held_out(bench)
    test = {relation: _asked(bench, relation, edges) for relation, edges in every.items()}
    networks, epochs, courses = _networks(bench, train, valid)
    bench.progress(PhaseStarted(BLENDING))
    step = Steps(bench.progress, BLENDING, bench.steps_of_rankings + 1)
    rankings = {
        task: [ranking]
        for task, ranking in bench.rankings(train, networks, _sample(bench, valid), step).items()
    }
    blend = bench.blend(rankings)
    step()
    calibrations = bench.calibrations(rankings, blend)
    bench.progress(PhaseStarted(TESTING))
    ranks = _test_ranks(bench, train, networks, test, blend)
    tested, held, validated = (sum(map(len, part.values())) for part in (test, every, valid))
    drawn = "" if tested == held else f" (drawn from {held:,})"
    chosen = any(isinstance(split, CustomSplit) for split in bench.dataset.targets.values())
    how = "held out as configured" if chosen else "held out at random"
    if bench.warm is not None:
        how += " of those that the earlier training did not know"
    protocol = (
        f"{tested:,} test edges{drawn}, {how} and used for nothing else "
        f"({validated:,} more for validation); both ends asked, full ranking, known links "
        "removed, ties by mean rank"
    )
    return Study(
        protocol,
        blend,
        calibrations,
        epochs=epochs,
        small=False,
        networks=bench.averaged,
        ranks=ranks,
        seconds=bench.seconds(),
        memory=bench.watch.memory,
        courses=courses,
        sources={
            (relation, end): Questions.about(edges, end).sources
            for relation, edges in test.items()
            for end in DIRECTIONS
        },
        reliability=bench.reliability(rankings, blend, calibrations),
    )


Held = Mapping[Relation, Edges]
"""Edges that are held out, by relation."""


def held_out(bench: Bench) -> tuple[TypedGraph, Held, Held]:
    """The graph of the training edges, and validation and test edges; asked once, and first."""
    graph = bench.dataset.graph
    parts = {
        relation: parts_of(
            graph.edges[relation],
            split,
            bench.random,
            None if bench.warm is None else bench.warm.seen[relation],
        )
        for relation, split in bench.dataset.targets.items()
    }
    return (
        graph.replacing({relation: part[0] for relation, part in parts.items()}),
        {relation: part[1] for relation, part in parts.items()},
        {relation: part[2] for relation, part in parts.items()},
    )


def parts_of(
    edges: Edges, split: Split, random: np.random.Generator, seen: Mask | None = None
) -> tuple[Edges, Edges, Edges]:
    """Training, validation and test edges, as a user chose them or at random.

    Edges that a user put nowhere are known while training, and never asked about. Without test
    edges of the user every other validation edge is one.
    """
    if not isinstance(split, CustomSplit):
        return split_edges(edges, split, random, seen)
    valid, test = split.valid, split.test
    if not len(test) and len(valid) > 1:
        valid, test = valid[::2], valid[1::2]
    held = np.zeros(len(edges), np.bool_)
    held[valid] = held[test] = True
    return edges.select(~held), edges.select(valid), edges.select(test)


def split_edges(
    edges: Edges, rate: SplitRate, random: np.random.Generator, seen: Mask | None = None
) -> tuple[Edges, Edges, Edges]:
    """Training, validation and test edges at random.

    Neptune's exporter writes no share for tests; then the validation share is halved, because
    without test edges there would be nothing to report. Edges that were `seen` by what is to be
    judged stay in training, and half of the others at least.
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
    return (
        edges.select(np.sort(order[valid + test :])),
        edges.select(order[:valid]),
        edges.select(order[valid : valid + test]),
    )


def _networks(
    bench: Bench, train: TypedGraph, valid: Mapping[Relation, Edges]
) -> tuple[list[tuple[str, Trained]], dict[str, int], dict[str, Course]]:
    """Train until the gain on validation edges stops rising: the best state of each, its epoch."""
    validation = Validation(bench.dataset.graph, valid)
    best: list[tuple[str, Trained]] = []
    epochs: dict[str, int] = {}
    courses: dict[str, Course] = {}
    for name in bench.network_names:
        with bench.watch.timing(name):
            kept, courses[name] = learned(bench, name, train, validation)
            ((epochs[name], trained),) = kept.items()
            trained = together([trained, *_others(bench, train, name, epochs[name])])
        best.append((name, trained))
    return best, epochs, courses


def _others(bench: Bench, train: TypedGraph, name: str, epochs: int) -> list[Trained]:
    """Networks to be averaged with the first, after as many epochs."""
    found: list[Trained] = []
    count = bench.averaged[name]
    for number in range(1, count):
        phase = f"{name} on the training edges, {number + 1} of {count}"
        bench.progress(PhaseStarted(phase))
        settings, seed = bench.settings_of(name), bench.seed * count + number
        states = NETWORK_METHODS[name].checkpoints(
            train, bench.relations, settings, epochs, seed, small=False
        )
        (last,) = deque(told(phase, states, epochs, bench.progress, []), maxlen=1)
        found.append(last.embeddings())
    return found


def learned(
    bench: Bench, name: str, train: TypedGraph, validation: Judge
) -> tuple[dict[int, Trained], Course]:
    """Train one network on the training edges; its best state by epoch, and its course."""
    settings = bench.settings_of(name)
    network = NETWORK_METHODS[name]
    most = network.most_epochs(settings, small=False)
    found = network.checkpoints(
        train, bench.relations, settings, most, bench.seed, small=False, warm=bench.warm
    )
    return judged(
        f"{name} on the training edges",
        found,
        most,
        bench.progress,
        validation,
        patience=patience_of(settings),
        every=settings.evaluate_every,
    )


def _sample(bench: Bench, valid: Mapping[Relation, Edges]) -> dict[Relation, Edges]:
    """As many validation edges as memory allows."""
    counts = bench.dataset.graph.counts
    widest = max(max(counts[relation.head], counts[relation.tail]) for relation in valid)
    per_edge = 2 * min(widest, 4096) * len(bench.names) * len(valid)
    limit = max(LEAST_EDGES, min(BLEND_EDGES, BLEND_NUMBERS // per_edge))
    return {
        relation: some_of(edges, limit, bench.dataset.targets[relation])
        for relation, edges in valid.items()
    }


def some_of(edges: Edges, most: int, split: Split) -> Edges:
    """At most so many held-out edges: the first, if chance has put them in order.

    Those that a user chose are in the order of the export, and are taken from all along it: the
    first would be those of a few vertices.
    """
    places = np.arange(min(len(edges), most))
    if isinstance(split, CustomSplit) and len(places):
        places = places * len(edges) // len(places)
    return edges.select(places)


def _asked(bench: Bench, relation: Relation, edges: Edges) -> Edges:
    """The test edges that are asked about: all, or as many as `TEST_SCORES` has room for."""
    counts = bench.dataset.graph.counts
    limit = max(LEAST_EDGES, TEST_SCORES // (counts[relation.head] + counts[relation.tail]))
    if len(edges) <= limit:
        return edges
    return edges.select(np.sort(bench.random.permutation(len(edges))[:limit]))


def _test_ranks(
    bench: Bench,
    train: TypedGraph,
    networks: Sequence[tuple[str, Trained]],
    test: Mapping[Relation, Edges],
    blend: Blend,
) -> dict[str, dict[Task, Ranks]]:
    ranks: dict[str, dict[Task, Ranks]] = {}
    asked = len(bench.names) + (bench.model == AUTO)
    of_relation = len(bench.simple_names) + len(DIRECTIONS) * asked
    step = Steps(bench.progress, TESTING, len(test) * of_relation)
    for relation, edges in test.items():
        members = bench.members(train, relation, networks, step)
        named = dict(zip(bench.names, members, strict=True))
        if bench.model == AUTO:
            weights = {direction: blend.weights[relation, direction] for direction in DIRECTIONS}
            named = {AUTO: Mixture(members, weights, KnownLinks(train, relation)), **named}
        for direction in DIRECTIONS:
            questions = Questions.about(edges, direction)
            for name, scorer in named.items():
                ranks.setdefault(name, {})[relation, direction] = rank_questions(
                    scorer, questions, bench.every_link[relation]
                )
                step()
    return ranks
