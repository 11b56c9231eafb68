"""Splits: complete, disjoint, every class in proportion."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.properties.training.splitting import in_parts, split_rows

ROWS = np.arange(100, 1100)
STRATA = np.array([0] * 700 + [1] * 200 + [2] * 100)


@pytest.mark.parametrize(
    ("rate", "sizes"),
    [
        ((0.8, 0.1, 0.1), (800, 100, 100)),
        ((0.9, 0.1, 0.0), (900, 50, 50)),
        ((1.0, 0.0, 0.0), (900, 50, 50)),
        ((0.5, 0.3, 0.2), (500, 300, 200)),
    ],
)
def test_split(rate: tuple[float, float, float], sizes: tuple[int, int, int]) -> None:
    parts = split_rows(ROWS, STRATA, rate, np.random.default_rng(0))
    assert [len(part) for part in parts] == pytest.approx(sizes, abs=2)
    assert sorted(np.concatenate(parts)) == ROWS.tolist()
    for part in parts:
        share = (STRATA[part - 100] == 2).mean()
        assert share == pytest.approx(0.1, abs=0.03)


def test_parts() -> None:
    parts = in_parts(ROWS, STRATA, 5, np.random.default_rng(0))
    assert sorted(np.concatenate(parts)) == ROWS.tolist()
    for part in parts:
        counts = np.bincount(STRATA[part - 100])
        assert counts.tolist() == [140, 40, 20]


def test_the_seed_decides() -> None:
    def train(seed: int) -> list[int]:
        parts = split_rows(ROWS, STRATA, (0.8, 0.1, 0.1), np.random.default_rng(seed))
        return parts[0].tolist()

    assert train(1) == train(1)
    assert train(1) != train(2)
