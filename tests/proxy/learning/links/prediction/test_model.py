"""A link model in an artifact: terms are there for members that read them alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from reading import Read, Vertex, name

from gremlink.proxy.learning.features.terms import TermEncoding, count_terms
from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.inductive.extension import extend, places_of
from gremlink.proxy.learning.links.calibration import Calibration
from gremlink.proxy.learning.links.prediction.model import (
    LinkModel,
    RelationModel,
    from_artifact,
    to_artifact,
)
from gremlink.proxy.learning.links.scorers import FITTED
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.store.artifacts import read_artifact, write_artifact

KNOWS = Relation("P", "knows", "P")
TAGS = TermEncoding("tags", "category", ";", ("a", "b"))


def model(member: str) -> LinkModel:
    """Ten vertices, the even with one tag and the odd with the other; links within both halves."""
    cells = {"tags": ["a", "b"] * 5}
    heads = np.array([0, 2, 0, 1, 3, 1])
    tails = np.array([2, 4, 6, 3, 5, 7])
    terms = {"P": count_terms(cells, [TAGS], 10)}
    graph = TypedGraph({"P": 10}, {KNOWS: Edges(heads, tails)}, {}, terms)
    stored = StoredGraph(
        graph, {"P": [name(f"p{n}") for n in range(10)]}, {"P": []}, {"P": (TAGS,)}
    )
    fitted = {}
    if member in FITTED:
        fitted = {KNOWS: {member: FITTED[member].fit(graph, KNOWS).tensors()}}
    blend = RelationModel(
        KNOWS,
        (member,),
        dict.fromkeys(DIRECTIONS, np.ones(1)),
        dict.fromkeys(DIRECTIONS, Calibration(1.0, 0.0)),
    )
    return LinkModel(stored, (blend,), {}, (), fitted)


def written(member: str, directory: Path) -> LinkModel:
    write_artifact(directory, to_artifact(model(member), {}))
    return from_artifact(read_artifact(directory))


def test_terms_are_kept_for_members_that_read_them(tmp_path: Path) -> None:
    without = written("popularity", tmp_path / "1")
    assert not without.stored.graph.terms
    assert not without.stored.term_encodings
    assert without.scope.keys == ()
    kept = written("kernel-ridge", tmp_path / "2")
    assert kept.stored.term_encodings == {"P": (TAGS,)}
    assert kept.scope.keys == ("tags",)


def test_a_newcomer_is_known_by_its_terms(tmp_path: Path) -> None:
    kept = written("kernel-ridge", tmp_path / "model")
    newcomer = Read([Vertex(name("new"), "P", {"tags": ["b"]})], [])
    extension = extend(kept.stored, places_of(kept.stored), newcomer)
    moved = kept.on(extension, [name("new")])
    scores = moved.scorer(moved.relations[0]).scores(np.array([10]), "out")[0, :10]
    assert scores[1::2].min() > scores[::2].max(), "who has the same tag is linked to such"
