"""Results of single held-out elements: what is kept, how much of it, and reading it again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.comparison import held_out
from gremlink.proxy.learning.comparison.held_out import (
    FILE,
    HeldOut,
    hashes_of,
    mixed,
    numbered,
    read_held_out,
)
from gremlink.proxy.learning.trained.target import Form
from gremlink.proxy.store.artifacts import DamagedArtifact

HOSTILE = ("<b>", "\udcff", "🙂" * 200, 'a","b', "")


def ranks(units: np.ndarray, seed: int = 0, methods: tuple[str, ...] = ("auto", "x")) -> HeldOut:
    random = np.random.default_rng(seed)
    keys = mixed(units, np.arange(len(units), dtype=np.uint64))
    answers = {name: random.integers(1, 9, len(units)).astype(np.float32) for name in methods}
    return HeldOut.of(None, keys, units, answers, np.zeros(0, np.float32))


def test_the_file_gives_what_was_written(tmp_path: Path) -> None:
    keys = np.array([5, 1, 3], np.uint64)
    bits = np.array([[128], [64], [0]], np.uint8)
    held = HeldOut.of(Form.SEVERAL_CLASSES, keys, keys, {HOSTILE[1]: bits}, bits, HOSTILE)
    (tmp_path / FILE).write_bytes(held.to_bytes())
    found = read_held_out(tmp_path)
    assert found is not None
    assert found.keys.tolist() == [1, 3, 5]
    assert found.answers[HOSTILE[1]].tolist() == [[64], [0], [128]]
    assert (found.form, found.classes, found.elements) == (Form.SEVERAL_CLASSES, HOSTILE, 3)
    assert found.split == held.split


def test_a_model_without_the_file_has_none_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    assert read_held_out(tmp_path) is None
    whole = ranks(np.arange(9, dtype=np.uint64)).to_bytes()
    for content in (b"", b"no tensors", whole[:-1], whole[:40]):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(DamagedArtifact, match=FILE):
            read_held_out(tmp_path)
    keys = np.arange(9, dtype=np.uint64)
    places = np.full(9, 2, np.int32)
    wrong = HeldOut.of(Form.ONE_CLASS, keys, keys, {"auto": places}, places, ("a", "b"))
    (tmp_path / FILE).write_bytes(wrong.to_bytes())
    with pytest.raises(DamagedArtifact, match="a class that there is not"):
        read_held_out(tmp_path)


def test_a_sample_has_whole_units_and_is_the_same_for_equal_splits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    units = mixed(np.repeat(np.arange(300, dtype=np.uint64), 4))
    whole = ranks(units)
    assert len(whole.keys) == whole.elements == 1200
    monkeypatch.setattr(held_out, "MOST_BYTES", 6000)
    few, fewer = ranks(units), ranks(units, 1, ("auto", "x", "y", "z"))
    assert 0 < len(fewer.keys) < len(few.keys) <= 6000 / 24
    assert set(fewer.keys.tolist()) < set(few.keys.tolist())  # so they can be paired
    assert set(np.unique(few.units, return_counts=True)[1].tolist()) == {4}
    assert few.split == whole.split == fewer.split
    assert few.elements == 1200
    one = ranks(np.zeros(1200, np.uint64))  # all links of one source
    assert 0 < len(one.keys) <= 6000 / 24


def test_elements_are_told_apart_by_type_kind_and_id() -> None:
    ids = [Literal.string("1"), Literal(Kind.INT, 1), Literal(Kind.LONG, 1)]
    ids += [Literal.string(each) for each in HOSTILE]
    keys = np.concatenate([hashes_of("User", ids), hashes_of("Film", ids)])
    assert len(np.unique(keys)) == len(keys)
    ends = keys[:8], keys[8:]
    assert not np.intersect1d(mixed(*ends), mixed(*ends[::-1])).size


def test_equal_elements_are_numbered() -> None:
    keys = np.array([7, 3, 7, 7, 3], np.uint64)
    found = numbered(keys)
    assert len(np.unique(found)) == 5
    assert found[:2].tolist() == [7, 3]
    assert not len(numbered(keys[:0]))
