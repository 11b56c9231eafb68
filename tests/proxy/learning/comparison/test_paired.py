"""Paired differences: held against plain tests of pairs, and against figures of whole runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gremlink.proxy.learning.comparison.held_out import HeldOut, mixed
from gremlink.proxy.learning.comparison.paired import Pairing, pair
from gremlink.proxy.learning.properties.thresholds import HALF
from gremlink.proxy.learning.properties.training.metrics import metrics_for
from gremlink.proxy.learning.properties.training.summed import CLASSES, NUMBERS
from gremlink.proxy.learning.trained.target import Form

NONE = np.zeros(0, np.float32)
BOTH = [("auto", "auto")]


def keys_of(count: int) -> np.ndarray:
    return mixed(np.arange(count, dtype=np.uint64))


def links(ranks: np.ndarray, units: np.ndarray | None = None, name: str = "auto") -> HeldOut:
    keys = keys_of(len(ranks))
    return HeldOut.of(
        None, keys, keys if units is None else units, {name: ranks.astype(np.float32)}, NONE
    )


def paired(first: HeldOut, other: HeldOut) -> Pairing:
    found = pair(first, other)
    assert isinstance(found, Pairing), found
    return found


def test_a_difference_that_intervals_hide_is_seen_in_pairs() -> None:
    random = np.random.default_rng(1)
    ranks = random.integers(2, 60, 200)
    (found,) = paired(links(ranks), links(ranks - 1)).differences("mrr", BOTH)
    assert found is not None
    assert found.is_clear
    assert found.value == pytest.approx((1 / (ranks - 1)).mean() - (1 / ranks).mean())
    assert (found.ahead, found.behind) == (200, 0)
    test = stats.ttest_rel(1 / (ranks - 1), 1 / ranks).confidence_interval()
    assert (found.low, found.high) == pytest.approx(tuple(test), rel=0.1)


def test_equal_runs_and_chance_show_nothing() -> None:
    random = np.random.default_rng(2)
    ranks = random.integers(1, 60, 200)
    (found,) = paired(links(ranks), links(ranks)).differences("mrr", BOTH)
    assert found is not None
    assert (found.value, found.low, found.high, found.is_clear) == (0.0, 0.0, 0.0, False)
    (found,) = paired(links(ranks), links(random.permutation(ranks))).differences("mrr", BOTH)
    assert found is not None
    assert not found.is_clear


def test_links_of_one_source_count_as_one() -> None:
    random = np.random.default_rng(3)
    ranks = np.repeat(random.integers(5, 60, 8), 50)
    better = np.maximum(ranks - np.repeat(random.integers(-3, 6, 8), 50), 1)
    units = np.repeat(keys_of(8), 50)
    (alone,) = paired(links(ranks), links(better)).differences("mrr", BOTH)
    (together,) = paired(links(ranks, units), links(better, units)).differences("mrr", BOTH)
    assert alone is not None
    assert together is not None
    assert alone.value == pytest.approx(together.value)
    assert together.high - together.low > 4 * (alone.high - alone.low)


def test_methods_with_other_names_and_metrics_without_elements() -> None:
    ranks = np.arange(1, 30)
    found = paired(links(ranks), links(ranks + 1, name="rgcn"))
    served, missing = found.differences("hits@10", [("auto", "rgcn"), ("auto", "auto")])
    assert served is not None
    assert served.value == pytest.approx(-1 / 29)
    assert missing is None
    assert found.differences("auc", BOTH) == [None]


def rows(form: Form, truth: np.ndarray, said: np.ndarray, classes: int = 3) -> HeldOut:
    keys, names = keys_of(len(truth)), tuple("abcdefghijk"[:classes])
    if form is Form.NUMBER:
        return HeldOut.of(form, keys, keys, {"auto": said.ravel()}, truth.ravel())
    if form is Form.ONE_CLASS:
        kept = [np.asarray(each.argmax(axis=1), np.int32) for each in (said, truth)]
    else:
        kept = [np.packbits(each, axis=1) for each in (said > HALF, truth > HALF)]
    return HeldOut.of(form, keys, keys, {"auto": kept[0]}, kept[1], names)


@pytest.mark.parametrize("form", list(Form))
def test_differences_of_properties_are_those_of_their_metrics(form: Form) -> None:
    random = np.random.default_rng(4)
    shape = (60, 1 if form is Form.NUMBER else 11)
    truth = random.random(shape).astype(np.float32)
    if form is Form.ONE_CLASS:
        truth = (truth == truth.max(axis=1, keepdims=True)).astype(np.float32)
    elif form is Form.SEVERAL_CLASSES:
        truth = (truth > 0.7).astype(np.float32)
    said = [random.random(shape), 0.6 * truth + 0.4 * random.random(shape)]
    figures = []
    for each in said:
        metrics = metrics_for(form)
        metrics.update(truth, each)
        figures.append(metrics.compute())
    pairing = paired(*(rows(form, truth.astype(np.float64), each, 11) for each in said))
    for metric in NUMBERS if form is Form.NUMBER else CLASSES:
        (found,) = pairing.differences(metric, BOTH)
        assert found is not None
        if metric in figures[0]:
            expected = figures[1][metric] - figures[0][metric]
            assert found.value == pytest.approx(expected, rel=1e-5), metric
            assert found.is_clear, metric
            assert found.ahead > found.behind
    assert pairing.differences("auc", BOTH) == [None]


def test_classes_in_another_order_are_the_same_classes() -> None:
    truth = np.eye(3)[np.arange(30) % 3]
    one = rows(Form.ONE_CLASS, truth, truth)
    turned = rows(Form.ONE_CLASS, truth[:, ::-1], truth[:, ::-1])
    other = replace(turned, classes=("c", "b", "a"))
    (found,) = paired(one, other).differences("accuracy", BOTH)
    assert found is not None
    assert found.value == 0.0
    assert pair(one, turned) == "the held-out elements have other values"
    assert pair(one, replace(other, classes=("c", "b", "x"))) == (
        "they predict other classes or kinds of values"
    )


def test_other_splits_and_few_elements_are_told() -> None:
    held = links(np.arange(1, 41))
    places = np.arange(40)
    assert len(paired(held, held.select(places[:25]))) == 25
    mostly = replace(held, keys=np.sort(np.r_[held.keys[:30], keys_of(90)[-10:]]))
    assert paired(held, mostly).sentence == (
        "the 30 questions about held-out links that both have, of 40"
    )
    elsewhere = replace(held, keys=np.sort(np.r_[held.keys[:10], keys_of(90)[-30:]]))
    assert pair(held, elsewhere) == ("only 10 of 40 questions about held-out links are the same")
    assert pair(held.select(places[:5]), held) == (
        "5 questions about held-out links are too few to tell a difference"
    )
    nothing = held.select(places[:0])
    assert isinstance(pair(nothing, nothing), str)
