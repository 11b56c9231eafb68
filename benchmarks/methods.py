"""Methods beside the best public implementations, at equal settings, on the same test links.

    pip install -e .[benchmark]
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/methods.py [--vertices 1000]

Two graphs are drawn: lists of things of people with tastes, and friendships inside groups, stored
once. A tenth of the links is hidden, and both ends are asked. Each row is a method and what does
the same elsewhere: `implicit` (iALS, item-kNN by cosine), NumPy (the five lines of EASE's paper),
scikit-learn (the truncated SVD), networkx (PageRank, Adamic-Adar, resource allocation, common
neighbours), SciPy (Katz's sum over all walks, which networkx has for centrality alone). Printed are
MRR of both, the ratio, and the CPU seconds to fit and to rank. The ratio is to be within 2 %.
`pykeen_models.py` does the same for embeddings.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping

import networkx as nx
import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import CosineRecommender
from rich.console import Console
from rich.table import Table
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Edges,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.evaluation.queries import Queries, rank_queries
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorers import SIMPLE, Scorer
from gremlink.proxy.learning.links.scorers.heuristics.katz import Katz
from gremlink.proxy.learning.links.scorers.heuristics.personalised_pagerank import (
    PersonalisedPageRank,
)
from gremlink.proxy.learning.links.scorers.heuristics.walks import WalkSetting
from gremlink.proxy.learning.links.scorers.recommenders.ease import Ease, EaseSetting
from gremlink.proxy.learning.links.scorers.recommenders.ials import Ials, columns_of
from gremlink.proxy.learning.links.scorers.recommenders.item_knn import ItemKnn, KnnSetting
from gremlink.proxy.learning.links.scorers.recommenders.profiles import Profiles
from gremlink.proxy.learning.links.scorers.recommenders.pure_svd import PureSvd, Vectors, leading

LIKES, KNOWS = Relation("person", "likes", "thing"), Relation("person", "knows", "person")
RANK, ABSENT, RIDGE, SWEEPS = 12, 0.1, 0.02, 15
RESTART, SHARE = 0.3, 0.3
EASE_RIDGE = 30.0


class Dense:
    """Scores that are all there: `[heads, tails]`."""

    def __init__(self, out: np.ndarray, back: np.ndarray | None = None) -> None:
        self._all = {"out": out, "in": out.T if back is None else back}

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        return np.ascontiguousarray(self._all[direction][sources], np.float32)


Fit = Callable[[TypedGraph], Scorer]


def drawn(vertices: int, relation: Relation, seed: int = 0) -> TypedGraph:
    """Links mostly inside a dozen groups, some fifteen a vertex."""
    random = np.random.default_rng(seed)
    groups = np.arange(vertices) % 12
    same = groups[:, None] == groups
    likely = np.where(same, 9.0 / same.sum(axis=1, keepdims=True), 6.0 / vertices)
    linked = random.random((vertices, vertices)) < likely
    if relation.head == relation.tail:
        linked = np.triu(linked, 1)
    heads, tails = np.nonzero(linked)
    counts = dict.fromkeys((relation.head, relation.tail), vertices)
    return TypedGraph(counts, {relation: Edges(heads, tails)})


def our_ials(graph: TypedGraph) -> Scorer:
    profiles = Profiles.of_both(graph, LIKES, "directed")
    factors = {
        end: columns_of(each.matrix, RANK, ABSENT, RIDGE, SWEEPS) for end, each in profiles.items()
    }
    return Ials(profiles, factors, ABSENT, RIDGE)


def their_ials(graph: TypedGraph) -> Scorer:
    """An absent link weighs 1 there, and the regularisation is the same for all: the mean."""
    links = graph.adjacency(LIKES)
    shrink = RIDGE * (links.nnz / links.shape[0] + ABSENT * links.shape[1]) / ABSENT
    model = AlternatingLeastSquares(
        RANK, regularization=shrink, iterations=SWEEPS, use_cg=False, num_threads=1, random_state=0
    )
    model.fit(sparse.csr_matrix(links * (1.0 + 1.0 / ABSENT)), show_progress=False)
    return Dense(model.user_factors @ model.item_factors.T)


def our_svd(graph: TypedGraph) -> Scorer:
    profiles = Profiles.of_both(graph, LIKES, "directed")
    vectors = {}
    for end, each in profiles.items():
        _, _, right = leading(each.matrix, RANK)
        ones = np.ones(len(right), np.float32)
        vectors[end] = Vectors(right, np.ones(RANK, np.float32), ones, ones)
    return PureSvd(profiles, vectors)


def their_svd(graph: TypedGraph) -> Scorer:
    links = graph.adjacency(LIKES)
    parts = []
    for matrix in (links, sparse.csr_array(links.T)):
        model = TruncatedSVD(RANK, algorithm="arpack").fit(sparse.csr_matrix(matrix))
        parts.append(np.asarray(matrix @ model.components_.T @ model.components_))
    return Dense(*parts)


def our_ease(graph: TypedGraph) -> Scorer:
    return Ease.learn(graph, LIKES, EaseSetting(EASE_RIDGE, 0.0))


def their_ease(graph: TypedGraph) -> Scorer:
    """The five lines of the paper."""
    parts = []
    for links in (graph.adjacency(LIKES).toarray(), graph.adjacency(LIKES).toarray().T):
        gram = links.T @ links + EASE_RIDGE * np.eye(links.shape[1])
        inverse = np.linalg.inv(gram.astype(np.float64))
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        parts.append(links @ weights)
    return Dense(*parts)


def our_knn(graph: TypedGraph) -> Scorer:
    every = max(graph.counts.values())
    return ItemKnn.learn(graph, LIKES, KnnSetting(every, 0.0, 0.5, 0.0))


def their_knn(graph: TypedGraph) -> Scorer:
    """All neighbours: of some, each side keeps those of the other end of a pair."""
    parts = []
    for links in (graph.adjacency(LIKES), sparse.csr_array(graph.adjacency(LIKES).T)):
        model = CosineRecommender(K=links.shape[1], num_threads=1)
        model.fit(sparse.csr_matrix(links, dtype=np.float64), show_progress=False)
        parts.append((sparse.csr_matrix(links) @ model.similarity).toarray())
    return Dense(*parts)


def networkx_graph(graph: TypedGraph) -> nx.Graph:
    found = nx.Graph()
    found.add_nodes_from(range(graph.vertex_count))
    found.add_edges_from(np.stack(graph.whole.nonzero(), axis=1).tolist())
    return found


def their_pagerank(graph: TypedGraph) -> Scorer:
    other = networkx_graph(graph)
    rows = [
        list(nx.pagerank(other, alpha=1.0 - RESTART, personalization={source: 1.0}).values())
        for source in range(graph.vertex_count)
    ]
    return Dense(np.array(rows), np.array(rows))


def their_katz(graph: TypedGraph) -> Scorer:
    whole = graph.whole.toarray().astype(np.float64)
    beta = SHARE / np.abs(np.linalg.eigvalsh(whole)).max()
    found = np.linalg.inv(np.eye(len(whole)) - beta * whole)
    return Dense(found)


def their_index(index: Callable[..., object]) -> Fit:
    def fit(graph: TypedGraph) -> Scorer:
        other = networkx_graph(graph)
        found = np.zeros((graph.vertex_count, graph.vertex_count))
        pairs = [(one, two) for one in other for two in other if one < two]
        for one, two, score in index(other, pairs):  # type: ignore[attr-defined]
            found[one, two] = found[two, one] = score
        return Dense(found)

    return fit


def common_neighbours(graph: nx.Graph, pairs: list[tuple[int, int]]) -> object:
    return ((one, two, len(nx.common_neighbors(graph, one, two))) for one, two in pairs)


def ours(name: str) -> Fit:
    return lambda graph: SIMPLE[name].fit(graph, KNOWS)


ROWS: Mapping[str, tuple[Relation, Fit, str, Fit]] = {
    "ials": (LIKES, our_ials, "implicit", their_ials),
    "ease": (LIKES, our_ease, "NumPy", their_ease),
    "item-knn": (LIKES, our_knn, "implicit", their_knn),
    "pure-svd": (LIKES, our_svd, "scikit-learn", their_svd),
    "personalised-pagerank": (
        KNOWS,
        lambda graph: PersonalisedPageRank(graph, KNOWS, WalkSetting(RESTART, 0.0)),
        "networkx",
        their_pagerank,
    ),
    "katz": (
        KNOWS,
        lambda graph: Katz(graph, KNOWS, WalkSetting(SHARE, 0.0)),
        "SciPy",
        their_katz,
    ),
    "adamic-adar": (KNOWS, ours("adamic-adar"), "networkx", their_index(nx.adamic_adar_index)),
    "resource-allocation": (
        KNOWS,
        ours("resource-allocation"),
        "networkx",
        their_index(nx.resource_allocation_index),
    ),
    "common-neighbours": (
        KNOWS,
        ours("common-neighbours"),
        "networkx",
        their_index(common_neighbours),
    ),
}


def judged(graph: TypedGraph, relation: Relation, fit: Fit) -> tuple[float, float]:
    """MRR on a hidden tenth of the links from both ends, and CPU seconds."""
    edges = graph.edges[relation]
    order = np.random.default_rng(1).permutation(len(edges))
    held, kept = np.split(order, [len(edges) // 10])
    train = graph.replacing({relation: edges.select(np.sort(kept))})
    known = KnownLinks(graph, relation)
    began = time.process_time()
    scorer = fit(train)
    ranks = [
        rank_queries(scorer, Queries.about(edges.select(held), end), known) for end in DIRECTIONS
    ]
    return float((1.0 / np.concatenate(ranks)).mean()), time.process_time() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vertices", type=int, default=1000, help="of each type")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    arguments = parser.parse_args()
    table = Table("", "MRR", "elsewhere", "MRR there", "ratio", "s", "s there")
    missed = False
    for name in arguments.only:
        relation, fit, place, other = ROWS[name]
        graph = drawn(arguments.vertices, relation)
        (found, seconds), (there, theirs) = (judged(graph, relation, each) for each in (fit, other))
        missed |= abs(found / there - 1.0) > 0.02
        table.add_row(
            name,
            f"{found:.4f}",
            place,
            f"{there:.4f}",
            f"{found / there:.3f}",
            f"{seconds:.2f}",
            f"{theirs:.2f}",
        )
    Console().print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
