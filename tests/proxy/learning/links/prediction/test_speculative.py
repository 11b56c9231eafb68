"""A guess is what a prediction answers, under the conditions that it names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.calibration import Calibration
from gremlink.proxy.learning.links.prediction import speculative as guessing
from gremlink.proxy.learning.links.prediction.model import LinkModel, RelationModel
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor, UnknownRelation
from gremlink.proxy.learning.trained.stored_graph import StoredGraph

COUNT = 8
LIKES, KNOWS = Relation("P", "likes", "T"), Relation("P", "knows", "P")


def ids(kind: str) -> list[Literal]:
    return [Literal.string(f"{kind}{number}") for number in range(COUNT)]


def predictor(seed: int) -> LinkPredictor:
    """People and things with random links; popularity ranks them, so that many are equal."""
    random = np.random.default_rng(seed)
    edges = {}
    for relation in (LIKES, KNOWS):
        pairs = {(int(a), int(b)) for a, b in random.integers(0, COUNT, (14, 2))}
        heads, tails = np.array(sorted(pair for pair in pairs if pair[0] != pair[1])).T
        edges[relation] = Edges(heads, tails)
    models = tuple(
        RelationModel(
            relation,
            ("popularity",),
            dict.fromkeys(DIRECTIONS, np.ones(1)),
            dict.fromkeys(DIRECTIONS, Calibration(1.0, 0.0)),
        )
        for relation in edges
    )
    graph = TypedGraph({"P": COUNT, "T": COUNT}, edges)
    stored = StoredGraph(graph, {"P": ids("P"), "T": ids("T")}, {"P": [], "T": []})
    return LinkPredictor(LinkModel(stored, models, {}))


@settings(max_examples=300)
@given(
    st.integers(0, 5),
    st.sampled_from([(LIKES, "out"), (LIKES, "in"), (KNOWS, "out"), (KNOWS, "in")]),
    st.integers(0, COUNT - 1),
    st.integers(1, COUNT + 1),
    st.sampled_from([None, 0.2, 0.5, 0.7]),
    st.sets(st.integers(0, COUNT - 1)),
)
def test_where_the_conditions_hold_the_answers_are_those_of_a_prediction(
    seed: int,
    asked: tuple[Relation, Direction],
    source: int,
    limit: int,
    threshold: float | None,
    others: set[int],
) -> None:
    """`others` are what the live graph has beside the links on which the guess depends."""
    relation, direction = asked
    model = predictor(seed)
    vertex = Literal.string(f"{relation.source_type(direction)}{source}")
    target = relation.target_type(direction)
    about = {"edge_label": relation.label, "direction": direction, "target_label": target}
    found = model.predict_speculatively(
        **about, source=vertex, limit=limit, threshold=threshold, hides=True
    )
    if found is None:
        return
    answers = [answer.id for answer in found.answers]
    known = {Literal.string(f"{target}{number}") for number in others}
    known = (known | set(found.linked)) - set(answers)
    (ranked,) = model.predict(
        **about, inputs=[vertex], known=[known], limit=limit, threshold=threshold
    )
    assert [answer.id for answer in ranked] == answers
    assert [answer.score for answer in ranked] == [answer.score for answer in found.answers]


def speculate(model: LinkPredictor, **changed: object) -> guessing.SpeculativePrediction | None:
    asked: dict[str, object] = {
        "edge_label": "likes",
        "direction": "out",
        "target_label": "T",
        "source": Literal.string("P1"),
        "limit": 2,
        "threshold": None,
        "hides": True,
    }
    return model.predict_speculatively(**{**asked, **changed})


def test_what_is_linked_in_training_is_no_answer_unless_nothing_is_hidden() -> None:
    model = predictor(3)
    linked = set()
    for source in ids("P"):
        hidden, shown = (speculate(model, source=source, hides=hides) for hides in (True, False))
        assert hidden is not None
        assert shown is not None
        assert not set(hidden.linked) & {answer.id for answer in hidden.answers}
        assert not shown.linked
        linked |= set(hidden.linked)
    assert linked  # popular things are linked to by many


def test_nothing_is_guessed_about_vertices_that_the_model_has_not_seen() -> None:
    assert speculate(predictor(1), source=Literal.string("nobody")) is None
    assert speculate(predictor(1), source=Literal.string("T1")) is None  # nothing leads out of it


def test_nothing_is_guessed_where_no_answer_is_good_enough() -> None:
    assert speculate(predictor(1), threshold=1.0) is None


def test_nothing_is_guessed_that_depends_on_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    model = predictor(3)
    (source, found), *_ = [
        (each, found)
        for each in ids("P")
        if (found := speculate(model, source=each)) is not None and found.linked
    ]
    with monkeypatch.context() as less:
        less.setattr(guessing, "MOST_LINKED", len(found.linked) - 1)
        assert speculate(model, source=source) is None
    monkeypatch.setattr(guessing, "MOST_KNOWN", len(found.linked) - 1)
    assert speculate(model, source=source) is None
    assert speculate(model, source=source, hides=False) is not None


def test_what_was_not_trained_is_named() -> None:
    with pytest.raises(UnknownRelation):
        speculate(predictor(1), edge_label="hates")
