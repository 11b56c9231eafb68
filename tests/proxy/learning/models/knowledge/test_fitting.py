from __future__ import annotations

from collections import deque

import numpy as np
import pytest
import torch

from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import (
    Queries,
    mean_reciprocal_rank,
    rank_queries,
)
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.models.knowledge.fitting import (
    KNOWLEDGE,
    KnowledgeSettings,
    fit_knowledge,
)
from gremlink.proxy.learning.models.knowledge.ranking_loss import Grouped, ranking_loss
from gremlink.proxy.learning.models.knowledge.recipe import ALL, LEAST, SAMPLED, recipe_for
from gremlink.proxy.learning.models.knowledge.tables import SparseTables
from gremlink.proxy.learning.models.lightgcn import LightGcnSettings, fit_lightgcn
from gremlink.proxy.learning.trained.knowledge import DISTANCES, KnowledgeEmbeddings

NEXT = Relation("N", "next", "N")
AFTER = Relation("N", "after next", "N")
RING = 12
HELD = np.array([2, 5, 8])


def ring(*, held: bool = False) -> TypedGraph:
    """Every vertex has a next one, and one after that; some of the latter are held out."""
    places = np.arange(RING)
    steps = {
        relation: Edges(places, (places + length) % RING)
        for relation, length in ((NEXT, 1), (AFTER, 2))
    }
    if held:
        steps[AFTER] = steps[AFTER].select(~np.isin(places, HELD))
    return TypedGraph({"N": RING}, steps)


@pytest.mark.parametrize("name", KNOWLEDGE)
def test_serving_scores_are_those_of_the_model(name: str) -> None:
    model = KNOWLEDGE[name]()
    generator = torch.manual_seed(3)
    vertices = torch.randn(5, 8, generator=generator)
    vector = model.start(1, 8) + torch.randn(1, model.start(1, 8).shape[1], generator=generator)
    found = KnowledgeEmbeddings(
        model.form,
        {"N": vertices.numpy()},
        {(NEXT, end): model.vectors(vector)[0].numpy() for end in DIRECTIONS},
    ).scorer(NEXT)
    queries = model.queries(vertices, vector.expand(5, -1))
    expected = queries @ vertices.T
    if model.form in DISTANCES:
        expected = -(torch.cdist(queries, vertices) ** 2)
    assert found.scores(np.arange(5), "out") == pytest.approx(expected.numpy(), abs=1e-4)


def test_relations_that_compose_are_learned() -> None:
    whole = ring()
    settings = KnowledgeSettings(width=16, epochs=150, learning_rate=0.05, dropout=0.0)
    (last,) = deque(fit_knowledge("rotate", ring(held=True), [AFTER], settings, 0), maxlen=1)
    held = Edges(HELD, HELD + 2)
    scorer = last.embeddings().scorer(AFTER)
    known = KnownLinks(whole, AFTER)
    ranks = [rank_queries(scorer, Queries.about(held, end), known) for end in DIRECTIONS]
    assert mean_reciprocal_rank(np.concatenate(ranks)) > 0.5


@pytest.mark.parametrize("name", KNOWLEDGE)
def test_the_same_seed_gives_the_same_embeddings(name: str) -> None:
    def trained() -> KnowledgeEmbeddings:
        settings = KnowledgeSettings(width=4, epochs=2)
        (last,) = deque(fit_knowledge(name, ring(), [NEXT], settings, 7), maxlen=1)
        found = last.embeddings()
        assert isinstance(found, KnowledgeEmbeddings)
        return found

    first, second = trained(), trained()
    assert (first.vertices["N"] == second.vertices["N"]).all()
    tensors = first.tensors(["N"], [NEXT, AFTER])
    again = KnowledgeEmbeddings.of(first.form, tensors, ["N"], [NEXT, AFTER])
    assert again.relations.keys() == {(NEXT, "out"), (NEXT, "in")}
    asked = np.arange(RING)
    assert (again.scorer(NEXT).scores(asked, "in") == first.scorer(NEXT).scores(asked, "in")).all()


def test_vertices_that_came_later_have_the_mean_of_their_type() -> None:
    known = KnowledgeEmbeddings("product", {"N": np.array([[1.0, 0.0], [0.0, 3.0]])}, {})
    later = known.enlarged(lambda _, table: np.concatenate([table, np.zeros((1, 2))]))
    assert later.vertices["N"].tolist() == [[1.0, 0.0], [0.0, 3.0], [0.5, 1.5]]


def test_lightgcn_learns_groups() -> None:
    random = np.random.default_rng(0)
    likes = Relation("P", "likes", "T")
    together = np.arange(30)[:, None] % 2 == np.arange(20)[None, :] % 2
    links = together & (random.random((30, 20)) < 0.5)
    graph = TypedGraph({"P": 30, "T": 20}, {likes: Edges(*np.nonzero(links))})
    settings = LightGcnSettings(width=8, epochs=40, learning_rate=0.05)
    (last,) = deque(fit_lightgcn(graph, [likes], settings, 0), maxlen=1)
    found = last.embeddings().scorer(likes).scores(np.arange(30), "out")
    open_ = together & ~links
    assert found[open_].mean() > found[~together].mean() + 1.0


def test_the_loss_is_that_of_a_soft_max_over_all_candidates() -> None:
    torch.manual_seed(0)
    queries, candidates = torch.randn(4, 6), torch.randn(9, 6)
    places, targets = torch.tensor([0, 0, 3]), torch.tensor([1, 2, 8])
    found = ranking_loss(queries, candidates, places, candidates[targets], 9)
    logits = (queries @ candidates.T)[places]
    assert found == pytest.approx(torch.nn.functional.cross_entropy(logits, targets).item())


def test_a_sample_represents_the_candidates_that_are_not_in_it() -> None:
    queries = torch.zeros(1, 2)
    loss = ranking_loss(queries, torch.randn(5, 2), torch.tensor([0]), torch.randn(1, 2), 1000)
    assert loss == pytest.approx(np.log(1001))


CROWD = 2100
"""Vertices of a graph whose embeddings are learned from samples."""


def crowd() -> tuple[TypedGraph, Edges]:
    """A number is joined to the next two of its block of ten, and the second is that of the first
    twice; a tenth of the latter are held out."""
    places = np.arange(CROWD)

    def after(length: int) -> Edges:
        return Edges(places, places - places % 10 + (places + length) % 10)

    held = places % 10 == 3
    edges = {NEXT: after(1), AFTER: after(2).select(~held)}
    return TypedGraph({"N": CROWD}, edges), after(2).select(held)


def test_many_candidates_are_learned_from_samples() -> None:
    graph, held = crowd()
    assert recipe_for(graph) is SAMPLED
    assert recipe_for(ring()).negatives is None
    settings = KnowledgeSettings(width=16, epochs=15, dropout=0.0)
    (last,) = deque(fit_knowledge("complex", graph, [AFTER], settings, 0), maxlen=1)
    scorer = last.embeddings().scorer(AFTER)
    known = KnownLinks(graph, AFTER)
    ranks = [rank_queries(scorer, Queries.about(held, end), known) for end in DIRECTIONS]
    assert mean_reciprocal_rank(np.concatenate(ranks)) > 0.3


def test_few_links_make_many_batches_all_the_same() -> None:
    def batch(edges: int) -> int:
        links = Edges(*np.divmod(np.arange(edges), 100))
        return recipe_for(TypedGraph({"N": 200}, {NEXT: links})).batch

    assert [batch(edges) for edges in (10, 400, 20_000)] == [LEAST, 50, ALL.batch]


def test_a_batch_moves_its_own_rows_alone() -> None:
    table = torch.ones(6, 2)
    tables = SparseTables([table], 0.5)
    one, other = tables.rows(0, (np.array([1, 4]), np.array([4])))
    tables.step((one.sum() + other.sum()), 1)
    assert table.tolist() == [[1, 1], [0.5, 0.5], [1, 1], [1, 1], [0.5, 0.5], [1, 1]]


def test_a_group_comes_with_all_its_links() -> None:
    grouped = Grouped(np.array([5, 2, 5, 9]), np.array([10, 11, 12, 13]))
    assert len(grouped) == 3
    found = {}
    for batch in grouped.batches(2, np.random.default_rng(1)):
        for place, target in zip(batch.places.tolist(), batch.targets.tolist(), strict=True):
            found.setdefault(int(batch.queries[place]), []).append(target)
    assert found == {2: [11], 5: [10, 12], 9: [13]}


@pytest.mark.parametrize("name", KNOWLEDGE)
def test_several_side_by_side_score_the_sum(name: str) -> None:
    settings = KnowledgeSettings(width=8, epochs=2)
    several = []
    for seed in range(3):
        (last,) = deque(fit_knowledge(name, ring(), [NEXT], settings, seed), maxlen=1)
        several.append(last.embeddings())
    joined = KnowledgeEmbeddings.side_by_side(several)
    assert joined.vertices["N"].shape == (RING, 24)
    asked = np.arange(RING)
    for end in DIRECTIONS:
        expected = sum(each.scorer(NEXT).scores(asked, end) for each in several)
        np.testing.assert_allclose(joined.scorer(NEXT).scores(asked, end), expected, atol=1e-4)
    first = joined.first(8)
    np.testing.assert_array_equal(first.vertices["N"], several[0].vertices["N"])
    for kind, vector in several[0].relations.items():
        np.testing.assert_array_equal(first.relations[kind], vector)
    # A type of which nothing is known has no columns.
    unknown = KnowledgeEmbeddings(joined.form, {"M": np.zeros((2, 0), np.float32)}, {})
    assert unknown.first(8).vertices["M"].shape == (2, 0)
