from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import check_grad

from gremlink.proxy.learning.graph import DIRECTIONS, Relation
from gremlink.proxy.learning.links.evaluation.queries import TiedRanks
from gremlink.proxy.learning.links.evaluation.ranking import Ranking, joined
from gremlink.proxy.learning.links.training.blend import Kinds, fit_blend, instead, ties_broken
from gremlink.proxy.learning.links.training.blend_weights import (
    fit_weights,
    negative_log_likelihood,
)

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")


def ranking(queries: int, strengths: list[float], seed: int = 0, candidates: int = 30) -> Ranking:
    """Members whose scores are noise plus, for the target, their strength."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(queries, candidates, len(strengths))).astype(np.float32)
    targets = random.integers(0, candidates, queries)
    scores[np.arange(queries), targets] += np.array(strengths, np.float32)
    own = scores[np.arange(queries), targets][:, None, :]
    above = (scores > own).sum(axis=1).astype(np.float64)
    level = (scores == own).sum(axis=1) - 1.0
    offsets = np.zeros((queries, candidates), np.float32)
    return Ranking(scores, offsets, targets, TiedRanks(above, level))


def test_the_gradient_is_that_of_the_loss() -> None:
    data = ranking(20, [1.0, 0.5, 0.0])

    def loss(weights: np.ndarray) -> float:
        return negative_log_likelihood(data, weights)[0]

    def gradient(weights: np.ndarray) -> np.ndarray:
        return negative_log_likelihood(data, weights)[1]

    for weights in (np.array([0.3, 0.2, 0.1]), np.array([1.0, 0.0, 2.0])):
        assert check_grad(loss, gradient, weights, epsilon=1e-4) < 0.05


def leveled(queries: int, few: list[float], many: list[float], seed: int) -> Ranking:
    """Members that know more about sources with few links, or about those with many."""
    low, high = ranking(queries, few, seed), ranking(queries, many, seed + 1)
    (both,) = joined([low, high])
    levels = np.repeat([0.1, 0.9], queries).astype(np.float32)
    mixed = np.random.default_rng(seed).permutation(2 * queries)
    return replace(both, levels=levels).queries(mixed)


def test_the_gradient_by_levels_is_that_of_the_loss() -> None:
    data = leveled(10, [1.0, 0.5], [0.0, 1.0], 3)

    def loss(flat: np.ndarray) -> float:
        return negative_log_likelihood(data, flat.reshape(2, 2))[0]

    def gradient(flat: np.ndarray) -> np.ndarray:
        return negative_log_likelihood(data, flat.reshape(2, 2))[1].reshape(-1)

    assert check_grad(loss, gradient, np.array([0.3, 0.2, 0.1, 1.0]), epsilon=1e-3) < 0.05


def test_weights_differ_by_the_links_of_the_source_where_that_is_clear() -> None:
    def found(few: list[float], many: list[float]) -> np.ndarray:
        asked = {
            (KNOWS, end): [leveled(300, few, many, seed)] for seed, end in enumerate(DIRECTIONS)
        }
        return fit_blend(("a", "b"), asked, [KNOWS], free=frozenset()).weights[KNOWS, "out"]

    alike = found([1.5, 0.7], [1.5, 0.7])
    assert alike.ndim == 1
    few, many = found([2.0, 0.3], [0.3, 2.0])
    assert few[0] > few[1] + 0.5
    assert many[1] > many[0] + 0.5


def test_informative_members_get_weight_and_noise_none() -> None:
    rankings = {
        (KNOWS, end): [ranking(400, [2.0, 1.0, 0.0], seed)] for seed, end in enumerate(DIRECTIONS)
    }
    blend = fit_blend(("strong", "weak", "noise"), rankings, [KNOWS], free=frozenset())
    for end in DIRECTIONS:
        strong, weak, noise = blend.weights[KNOWS, end]
        assert strong > weak > 0.2
        assert noise == 0.0
    assert blend.used(KNOWS) == ("strong", "weak")


def test_a_misleading_member_gets_no_negative_weight() -> None:
    weights = fit_weights([ranking(200, [1.0, -2.0])])
    assert weights[0] > 0.5
    assert weights[1] == 0.0


def against(queries: int, log_odds: float, seed: int) -> Ranking:
    """A member that ranks three candidates, no answers, above the target, and log-odds of these."""
    data = ranking(queries, [3.0, 0.0], seed)
    rows = np.arange(queries)
    data.scores[:, :, 1] = 0.0
    for step in (1, 2, 3):
        linked = (data.targets + step) % data.scores.shape[1]
        data.scores[rows, linked] = (5.0, log_odds)
    own = data.scores[rows, data.targets][:, None, :]
    places = TiedRanks(
        (data.scores > own).sum(axis=1) * 1.0, (data.scores == own).sum(axis=1) - 1.0
    )
    return Ranking(data.scores, data.offsets, data.targets, places)


@pytest.mark.parametrize("log_odds", [-2.0, 0.5])
def test_a_signed_member_speaks_against_what_others_take_for_likely(log_odds: float) -> None:
    asked = {(KNOWS, end): [against(200, log_odds, seed)] for seed, end in enumerate(DIRECTIONS)}
    blend = fit_blend(
        ("katz", "reciprocity"),
        asked,
        [KNOWS],
        free=frozenset(),
        simple=frozenset({"katz", "reciprocity"}),
        signed=frozenset({"reciprocity"}),
    )
    for end in DIRECTIONS:
        katz, reciprocity = blend.weights[KNOWS, end]
        assert katz > 0.5
        assert reciprocity * log_odds < -2.0
        (data,) = asked[KNOWS, end]
        before = data.tied_ranks(np.array([1.0, 0.0])).ranks()
        assert before.mean() > 4.0
        assert data.tied_ranks(blend.weights[KNOWS, end]).ranks().mean() < before.mean() - 2.5
    assert blend.used(KNOWS) == ("katz", "reciprocity")


def test_log_odds_that_say_nothing_are_left_out() -> None:
    data = ranking(200, [1.0, 0.0])
    data.scores[:, :, 1] = 0.0
    blend = fit_blend(
        ("a", "b"), {(KNOWS, "out"): [data]}, [KNOWS], free=frozenset(), signed=frozenset("b")
    )
    assert blend.used(KNOWS) == ("a",)


def test_log_odds_without_any_evidence_keep_the_weight_1() -> None:
    data = ranking(50, [1.0, 0.0])
    data.scores[:, :, 1] = 0.0
    weights = fit_weights([data], signed=np.array([False, True]))
    assert weights[1] == pytest.approx(1.0)


def test_directions_may_differ_when_there_is_evidence() -> None:
    rankings = {
        (KNOWS, "out"): [ranking(2000, [2.0, 0.5], 1)],
        (KNOWS, "in"): [ranking(2000, [0.5, 2.0], 2)],
    }
    blend = fit_blend(("a", "b"), rankings, [KNOWS], free=frozenset())
    assert blend.weights[KNOWS, "out"][0] > blend.weights[KNOWS, "out"][1]
    assert blend.weights[KNOWS, "in"][0] < blend.weights[KNOWS, "in"][1]


def test_a_small_relation_leans_on_the_large_one() -> None:
    large = {(KNOWS, end): [ranking(500, [2.0, 0.7], 3)] for end in DIRECTIONS}
    small = {(LIKES, end): [ranking(3, [1.0, 0.7], 4)] for end in DIRECTIONS}
    blend = fit_blend(("a", "b"), {**large, **small}, [KNOWS, LIKES], free=frozenset({"b"}))
    assert blend.weights[LIKES, "out"][0] == pytest.approx(2.0, rel=0.25)


def test_a_relation_without_questions_gets_the_common_weights() -> None:
    large = {(KNOWS, end): [ranking(500, [2.0, 0.0], 3)] for end in DIRECTIONS}
    blend = fit_blend(("a", "b"), large, [KNOWS, LIKES], free=frozenset())
    assert blend.weights[LIKES, "in"][0] > 0.5


def test_a_better_single_member_stands_alone() -> None:
    # The likelihood wants a little of the second, which never is the reason of a better rank.
    data = ranking(60, [3.0, 0.0], 5)
    data.scores[:, :, 1] = np.where(data.scores[:, :, 0] > 0.0, 0.0, -1.0)
    blend = fit_blend(
        ("a", "b"), {(KNOWS, end): [data] for end in DIRECTIONS}, [KNOWS], free=frozenset()
    )
    assert np.count_nonzero(blend.weights[KNOWS, "out"]) >= 1
    assert blend.weights[KNOWS, "out"][0] > 0.0


def test_offsets_stand_for_candidates_that_were_left_out() -> None:
    data = ranking(5, [0.0], 6, candidates=3)
    doubled = Ranking(
        np.repeat(data.scores, 2, axis=1),
        np.zeros((5, 6), np.float32),
        data.targets * 2,
        data.member_tied_ranks,
    )
    weighted = Ranking(
        data.scores, np.full((5, 3), np.log(2.0), np.float32), data.targets, data.member_tied_ranks
    )
    weights = np.array([0.7], np.float32)
    assert negative_log_likelihood(doubled, weights)[0] == pytest.approx(
        negative_log_likelihood(weighted, weights)[0], rel=1e-5
    )


def test_the_blend_is_judged_on_questions_that_it_has_not_learned_from() -> None:
    # The first member knows something, nine others know nothing, and there are few queries: to
    # those that it was learned from a blend of all always looks better than the first alone, and
    # gives the nine .4 of the weights.
    names = tuple("abcdefghij")
    noise, alone = [], 0
    for seed in range(12):
        seen = {(KNOWS, end): [ranking(10, [1.5, *[0.0] * 9], seed)] for end in DIRECTIONS}
        weights = fit_blend(names, seen, [KNOWS], free=frozenset(names)).weights[KNOWS, "out"]
        noise.append(float(weights[1:].sum() / weights.sum()))
        alone += int((weights > 0).sum() == 1 and weights[0] > 0)
    assert np.mean(noise) < 0.25
    assert alone >= 4


def test_what_questions_cannot_decide_has_a_share() -> None:
    # The second knows a little that the first does not.
    kinds = Kinds(*(np.zeros(2, np.bool_) for _ in range(3)))
    shares: dict[int, list[float]] = {60: [], 2000: []}
    for seed in range(3):
        for count, found in shares.items():
            rankings = [ranking(count, [1.5, 0.2], seed)]
            better = instead(rankings, np.ones(2, np.bool_), kinds)
            found.append(better.share if better is not None else 0.0)
            assert better is None or better.weights[0] > 0.0 == better.weights[1]
    assert 0.0 < min(shares[60]) < 0.5 < max(shares[60])
    assert shares[2000] == [0.0, 0.0, 0.0]


def test_a_simple_method_stands_alone_where_a_blend_is_not_clearly_better() -> None:
    # Both know the same and nothing: as good as each other, and the network may only look better.
    def found(network: float, simple: float) -> np.ndarray:
        rankings = {
            (KNOWS, end): [ranking(300, [network, simple], seed)]
            for seed, end in enumerate(DIRECTIONS)
        }
        blend = fit_blend(
            ("rgcn", "popularity"),
            rankings,
            [KNOWS],
            free=frozenset({"rgcn"}),
            simple=frozenset({"popularity"}),
        )
        return blend.weights[KNOWS, "out"]

    for weights in (found(0.0, 0.0), found(0.05, 1.5)):
        assert weights[0] == 0.0 < weights[1]
    assert found(1.5, 1.0)[0] > 0.5


def test_simple_methods_stand_together_where_a_network_adds_nothing() -> None:
    """The second knows a little that the first does not: no network is needed for that."""

    def found(network: float) -> np.ndarray:
        rankings = {
            (KNOWS, end): [ranking(400, [network, 1.0, 0.2], seed)]
            for seed, end in enumerate(DIRECTIONS)
        }
        blend = fit_blend(
            ("rgcn", "katz", "degree"),
            rankings,
            [KNOWS],
            free=frozenset({"rgcn"}),
            simple=frozenset({"katz", "degree"}),
        )
        return blend.weights[KNOWS, "out"]

    without, helped = found(0.03), found(1.0)
    assert without[0] == 0.0
    assert without[1:] == pytest.approx([1.0, 0.2], abs=0.1)
    assert helped[0] > 0.5


def counted(queries: int, seed: int) -> Ranking:
    """A member that counts, most candidates alike, one that counts finely, and a network's noise.

    The first has the target among its three best as a rule; the second ranks those three well.
    """
    random = np.random.default_rng(seed)
    scores = random.normal(size=(queries, 30, 3)).astype(np.float32)
    targets = random.integers(0, 30, queries)
    counts = np.zeros((queries, 30), np.float32)
    rows = np.arange(queries)
    for _ in range(2):
        counts[rows, random.integers(0, 30, queries)] = 1.0
    counts[rows, targets] = random.random(queries) < 0.7
    scores[:, :, 0] = counts
    scores[rows, targets, 1] += 0.5
    own = scores[rows, targets][:, None, :]
    return Ranking(
        scores,
        np.zeros((queries, 30), np.float32),
        targets,
        TiedRanks((scores > own).sum(axis=1) * 1.0, (scores == own).sum(axis=1) - 1.0),
    )


SIMPLE_TWO = Kinds(
    penalised=np.ones(3, np.bool_),
    simple=np.array([True, True, False]),
    signed=np.zeros(3, np.bool_),
)
"""Kinds of three base models: the last one is a network."""


def test_what_a_method_alone_leaves_level_another_orders() -> None:
    asked = [counted(150, 1), counted(150, 2)]
    alone = np.array([2.0, 0.0, 0.0])
    weights = ties_broken(asked, alone, SIMPLE_TWO)
    assert weights[0] == 2.0
    assert 0.0 < weights[1] < 0.01
    assert weights[2] == 0.0
    for each in asked:
        before, after = each.tied_ranks(alone), each.tied_ranks(weights)
        assert before.level.mean() > 5.0
        assert not after.level.any()
        # It decides nothing else: who was above stays above.
        assert (after.above >= before.above).all()
        assert (after.above <= before.above + before.level).all()
        assert after.gains().mean() > before.gains().mean()


def test_a_blend_of_several_and_a_network_alone_stay_as_they_are() -> None:
    for weights in (np.array([1.0, 0.2, 0.0]), np.array([0.0, 0.0, 1.0])):
        assert ties_broken([counted(20, 3)], weights, SIMPLE_TWO) is weights


def test_a_method_that_counts_is_not_taken_for_worse_because_it_leaves_many_level() -> None:
    # The network's scores mean nothing. By mean ranks it would seem to beat who knows something.
    random = np.random.default_rng(4)
    scores = random.normal(size=(4000, 30, 2)).astype(np.float32)
    targets = np.zeros(4000, np.int64)
    scores[:, :, 1] = 0.0
    scores[random.random(4000) < 0.02, 0, 1] = 1.0
    own = scores[:, 0][:, None, :]
    places = TiedRanks((scores > own).sum(axis=1) * 1.0, (scores == own).sum(axis=1) - 1.0)
    asked = Ranking(scores, np.zeros((4000, 30), np.float32), targets, places)
    by_mean_rank = (1.0 / np.log2(1.0 + asked.member_ranks)).mean(axis=0)
    assert by_mean_rank[0] > by_mean_rank[1]
    gains = places.gains().mean(axis=0)
    assert gains[1] > gains[0]
    blend = fit_blend(
        ("rgcn", "adamic-adar"),
        {(KNOWS, "out"): [asked]},
        [KNOWS],
        free=frozenset({"rgcn"}),
        simple=frozenset({"adamic-adar"}),
    )
    assert blend.used(KNOWS) == ("adamic-adar",)


def test_pieces_of_the_same_questions_make_the_same_blend() -> None:
    whole = ranking(200, [1.5, 0.5, 0.0], 8)
    halves = [whole.queries(slice(0, 100)), whole.queries(slice(100, 200))]
    one, two = (
        fit_blend(("a", "b", "c"), {(KNOWS, "out"): parts}, [KNOWS], free=frozenset())
        for parts in ([whole], halves)
    )
    np.testing.assert_allclose(one.weights[KNOWS, "out"], two.weights[KNOWS, "out"])
