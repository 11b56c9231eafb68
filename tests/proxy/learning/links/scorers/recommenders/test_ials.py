from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from gremlink.proxy.learning.graph import Direction, Edges, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.links.scorers.recommenders.ials import (
    SWEEPS,
    Ials,
    IalsSetting,
    columns_of,
)
from gremlink.proxy.learning.links.scorers.recommenders.least_squares import RowSolver
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    View,
    block_order,
    link_counts,
)

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")
OWNS = Relation("P", "owns", "T")


@pytest.mark.parametrize("rank", [3, 20])
def test_rows_are_solved_exactly(rank: int) -> None:
    """Whether they have fewer links than factors, or more, or none."""
    random = np.random.default_rng(0)
    columns = random.standard_normal((70, rank)).astype(np.float32)
    columns[5] = 0.0
    links = random.random((40, 70)) < np.linspace(0.0, 0.9, 40)[:, None]
    absent, ridge = 0.2, 0.05
    found = RowSolver(columns, absent, ridge).solve(sparse.csr_array(links.astype(np.float32)))
    exact = columns.astype(np.float64)
    for row, given in zip(found, links, strict=True):
        own = exact[given]
        shrink = ridge * (len(own) + absent * 69)
        system = own.T @ own + absent * exact.T @ exact + shrink * np.eye(rank)
        assert row == pytest.approx(np.linalg.solve(system, own.sum(axis=0)), abs=1e-4)


def loss(matrix: np.ndarray, columns: np.ndarray, absent: float, ridge: float) -> float:
    rows = RowSolver(columns, absent, ridge).solve(sparse.csr_array(matrix))
    scores = rows @ columns.T
    shrink = [
        (matrix.sum(axis=1 - axis) + absent * matrix.shape[1 - axis]) @ (each**2).sum(axis=1)
        for axis, each in ((0, rows), (1, columns))
    ]
    return float(
        (matrix * (1 - scores) ** 2).sum() + absent * (scores**2).sum() + ridge * sum(shrink)
    )


def test_sweeps_lower_the_loss() -> None:
    random = np.random.default_rng(1)
    matrix = (random.random((40, 30)) < 0.2).astype(np.float32)
    columns = [columns_of(sparse.csr_array(matrix), 4, 0.1, 0.05, count) for count in (1, 3, 10)]
    losses = [loss(matrix, each, 0.1, 0.05) for each in columns]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > losses[-1]


def test_the_weight_of_absent_links_grows_with_density() -> None:
    thin, thick = (
        sparse.csr_array((np.random.default_rng(0).random((80, 50)) < density).astype(np.float32))
        for density in (0.05, 0.1)
    )
    setting = IalsSetting(8, 2.0, 0.01)
    assert setting.absent(thick) == pytest.approx(2.0 * setting.absent(thin), rel=0.2)
    assert IalsSetting(8, 1000.0, 0.01).absent(thick) == 1.0


def people() -> TypedGraph:
    random = np.random.default_rng(4)
    known, likes, owned = random.integers(0, 50, (3, 400, 2))
    return TypedGraph(
        {"P": 50, "T": 50},
        {
            OWNS: distinct_edges(*owned.T, same_type=False),
            KNOWS: distinct_edges(*known.T, same_type=True),
            LIKES: distinct_edges(*likes.T, same_type=False),
        },
    )


@pytest.mark.parametrize("view", ["directed", "undirected", "own-directed", "own-undirected"])
@pytest.mark.parametrize("end", ["out", "in"])
def test_blocks_of_one_direction_are_those_of_the_other(view: View, end: Direction) -> None:
    graph = people()
    profiles = Profiles.of_both(graph, KNOWS, view)
    rows, columns = link_counts(graph, KNOWS, end, view)
    matrix = profiles[end].matrix
    if view in ("directed", "own-directed"):  # no pair twice
        assert (matrix.sum(axis=1) == rows).all()
        assert (matrix.sum(axis=0) == columns).all()
    assert (len(rows), len(columns)) == matrix.shape
    order = block_order(graph, KNOWS, view)
    if view != "directed":
        assert order is None
        return
    assert order is not None
    out, back = profiles["out"], profiles["in"]
    starts = np.cumsum((0, *out.sizes))
    turned = [out.matrix[:, starts[place] : starts[place + 1]] for place in order]
    assert (sparse.hstack(turned).toarray() == back.matrix.toarray()).all()
    assert block_order(graph, LIKES, "directed") is None


def likes(seed: int = 0) -> TypedGraph:
    """Six tastes: people like a fifth of the things of theirs."""
    random = np.random.default_rng(seed)
    taste, kind = np.arange(150) % 6, np.arange(120) % 6
    heads, tails = np.nonzero(
        random.random((150, 120)) < np.where(taste[:, None] == kind, 0.3, 0.01)
    )
    return TypedGraph({"P": 150, "T": 120}, {LIKES: Edges(heads, tails)})


def test_one_factorisation_serves_both_directions() -> None:
    graph = likes()
    scorer = Ials.fit(graph, LIKES)
    factors = scorer.tensors()
    rows = RowSolver(factors["out"], *factors["weights"].astype(float)).solve(
        graph.adjacency(LIKES)
    )
    assert factors["in"] == pytest.approx(rows, abs=1e-4)
    for direction in ("out", "in"):
        found = scorer.scores(np.arange(100), direction)
        ours = np.arange(100)[:, None] % 6 == np.arange(found.shape[1]) % 6
        assert found[ours].mean() > 5.0 * found[~ours].mean()


def test_sweeps_are_enough() -> None:
    matrix = likes().adjacency(LIKES)
    some, more = (columns_of(matrix, 16, 0.1, 0.03, count) for count in (SWEEPS, 3 * SWEEPS))
    scores = [RowSolver(each, 0.1, 0.03).solve(matrix) @ each.T for each in (some, more)]
    assert np.corrcoef(scores[0].ravel(), scores[1].ravel())[0, 1] > 0.95
