from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from pathlib import Path

import numpy as np
import pytest
from communities import write_communities

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.calibration import Calibration
from gremlink.proxy.learning.links.prediction.model import (
    LinkModel,
    RelationModel,
    from_artifact,
    to_artifact,
)
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor, UnknownRelation
from gremlink.proxy.learning.links.prediction.ranker import ScoredVertex, top
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import DamagedArtifact, read_artifact, write_artifact

KNOWS = Relation("P", "knows", "P")
KNOWS_BOTH = Relation("P", "knows", "P;Q")
A, B, C = Literal.string("a"), Literal.of(1), Literal(Kind.LONG, 1)
D = Literal(Kind.UUID, uuid.UUID(int=7))


def relation_model(relation: Relation, members: dict[str, float]) -> RelationModel:
    weights = np.array(list(members.values()))
    return RelationModel(
        relation,
        tuple(members),
        dict.fromkeys(DIRECTIONS, weights),
        dict.fromkeys(DIRECTIONS, Calibration(1.0, 0.0)),
    )


def model() -> LinkModel:
    """Four vertices of type P and one of P and Q. In-degrees in P: a 0, b 1, c 2, d 3."""
    heads, tails = zip(
        *[("a", "b"), ("a", "c"), ("b", "c"), ("a", "d"), ("b", "d"), ("c", "d")], strict=True
    )
    place = "abcd".index
    graph = TypedGraph(
        {"P": 4, "P;Q": 1},
        {
            KNOWS: Edges(np.array([*map(place, heads)]), np.array([*map(place, tails)])),
            KNOWS_BOTH: Edges(np.array([3]), np.array([0])),
        },
    )
    ids = {"P": [A, B, C, D], "P;Q": [Literal.string("pq")]}
    return LinkModel(
        StoredGraph(graph, ids, {"P": [], "P;Q": []}),
        (
            relation_model(KNOWS, {"popularity": 1.0}),
            relation_model(KNOWS_BOTH, {"popularity": 1.0}),
        ),
        {},
    )


def ask(predictor: LinkPredictor, *inputs: Literal, known=(), label="P", limit=10, **more):
    return predictor.predict(
        edge_label="knows",
        direction=more.pop("direction", "out"),
        target_label=label,
        inputs=inputs,
        known=[known] * len(inputs),
        limit=limit,
        **more,
    )


def ids(answers: list[ScoredVertex]) -> list[Literal]:
    return [answer.id for answer in answers]


def test_answers_come_best_first_without_the_input() -> None:
    (answers,) = ask(LinkPredictor(model()), A)
    assert [vertex for vertex in ids(answers) if vertex.value != "pq"] == [D, C, B]
    scores = [answer.score for answer in answers]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 < score < 1.0 for score in scores)


def test_known_targets_are_left_out() -> None:
    (answers,) = ask(LinkPredictor(model()), A, known={D, C, Literal.string("elsewhere")})
    assert set(ids(answers)) == {B, Literal.string("pq")}


def test_the_number_1_is_not_the_long_1_nor_the_string_1() -> None:
    predictor = LinkPredictor(model())
    integer, long = ask(predictor, B, C)
    assert B not in ids(integer)
    assert C in ids(integer)
    assert C not in ids(long)
    assert ask(predictor, Literal.string("1")) == [[]]


def test_an_unseen_input_gets_nothing_and_disturbs_nobody() -> None:
    unseen, seen = ask(LinkPredictor(model()), Literal.string("zoe"), A)
    assert unseen == []
    assert len(seen) == 4


def test_a_vertex_of_another_type_gets_nothing() -> None:
    assert ask(LinkPredictor(model()), Literal.string("pq")) == [[]]


def test_a_target_label_may_be_one_of_several() -> None:
    (answers,) = ask(LinkPredictor(model()), A, label="Q")
    assert ids(answers) == [Literal.string("pq")]


@pytest.mark.parametrize("label", ["P;Q", "P::Q", "Q::P", "Q"])
def test_only_the_database_knows_what_finds_vertices_of_several_labels(label: str) -> None:
    predictor = LinkPredictor(model())
    assert predictor.bearers("knows", "out", label) == ({"P;Q": (Literal.string("pq"),)}, False)
    (answers,) = ask(predictor, A, label=label)
    assert ids(answers) == [Literal.string("pq")]


def test_a_label_alone_is_sure_beside_those_of_which_it_is_one() -> None:
    predictor = LinkPredictor(model())
    assert predictor.bearers("knows", "out", "P") == ({"P;Q": (Literal.string("pq"),)}, True)
    (answers,) = ask(predictor, A, without=["P;Q"])
    assert Literal.string("pq") not in ids(answers)
    assert len(answers) == 3


def test_limit_and_threshold() -> None:
    predictor = LinkPredictor(model())
    (everything,) = ask(predictor, A)
    (two,) = ask(predictor, A, limit=2)
    assert two == everything[:2]
    (above,) = ask(predictor, A, threshold=everything[1].score)
    assert above == [answer for answer in everything if answer.score >= everything[1].score]
    assert ask(predictor, A, limit=0) == [[]]


def test_more_inputs_than_a_block_are_answered_alike() -> None:
    predictor = LinkPredictor(model())
    (alone,) = ask(predictor, A)
    assert ask(predictor, *([A] * 200)) == [alone] * 200


@pytest.mark.parametrize(
    ("edge_label", "target_label"), [("likes", "P"), ("knows", "R"), ("knows", "P;R")]
)
def test_what_was_not_trained_is_named(edge_label: str, target_label: str) -> None:
    predictor = LinkPredictor(model())
    with pytest.raises(UnknownRelation, match=r"trained for \(P\)-knows->\(P\)") as caught:
        predictor.bearers(edge_label, "out", target_label)
    assert caught.value.available == predictor.relations


def test_ids_of_all_kinds_survive_the_artifact(tmp_path: Path) -> None:
    write_artifact(tmp_path / "model", to_artifact(model(), {}))
    again = from_artifact(read_artifact(tmp_path / "model"))
    assert again.stored.ids == model().stored.ids
    assert ask(LinkPredictor(again), A) == ask(LinkPredictor(model()), A)


def test_another_kind_of_artifact_is_refused(tmp_path: Path) -> None:
    artifact = to_artifact(model(), {})
    artifact.manifest["task"] = "node_classification"
    write_artifact(tmp_path / "model", artifact)
    with pytest.raises(DamagedArtifact, match="node_classification"):
        LinkPredictor.load(tmp_path / "model")


def test_top_keeps_the_order_of_equals_and_drops_what_is_left_out() -> None:
    row = np.array([1.0, 3.0, -np.inf, 3.0, 2.0, 3.0])
    assert top(row, 2).tolist() == [1, 3]
    assert top(row, 4).tolist() == [1, 3, 5, 4]
    assert top(row, 100).tolist() == [1, 3, 5, 4, 0]


@pytest.mark.parametrize("limit", [1, 10, 100, 1000])
@pytest.mark.parametrize("count", [100, 5000, 20_001])
def test_top_of_many_is_that_of_a_full_sort(count: int, limit: int) -> None:
    row = np.random.default_rng(count).integers(0, 300, count).astype(np.float32)
    row[::7] = -np.inf
    order = np.argsort(-row, kind="stable")
    assert top(row, limit).tolist() == [place for place in order if row[place] >= 0][:limit]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("trained")
    export = write_communities(directory / "export")
    settings = TrainingSettings(epochs=5, width=8, folds=2, networks=2, threads=1)
    train(export, directory / "model", model="rgcn", settings=settings)
    return directory / "model"


def test_prediction_needs_neither_torch_nor_dgl(trained: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
predictor = LinkPredictor.load(Path({str(trained)!r}))
(answers,) = predictor.predict(edge_label="likes", direction="in", target_label="Person",
    inputs=[Literal.string("t1")], known=[[]], limit=3)
assert len(answers) == 3, answers
assert not {{"torch", "dgl"}} & set(sys.modules), "imported"
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_threads_get_the_same_answers(trained: Path) -> None:
    predictor = LinkPredictor.load(trained)
    inputs = [Literal.string(f"p{number}") for number in range(24)]

    def answers() -> list[list[ScoredVertex]]:
        return predictor.predict(
            edge_label="knows",
            direction="out",
            target_label="Person",
            inputs=inputs,
            known=[[]] * 24,
            limit=5,
        )

    expected = answers()
    found: list[list[list[ScoredVertex]]] = []
    workers = [threading.Thread(target=lambda: found.append(answers())) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [expected] * 8


def test_links_of_the_training() -> None:
    predictor = LinkPredictor(model())

    def known(vertex: Literal, direction="out", label="P"):
        (found,) = predictor.known(
            edge_label="knows", direction=direction, target_label=label, inputs=[vertex]
        )
        return found

    # Nothing is linked to itself in an answer, and so everything counts as linked to itself.
    assert known(A) == {A, B, C, D}
    assert known(D) == {D, Literal.string("pq")}
    assert known(C, "in") == {A, B, C}
    assert known(D, label="Q") == {Literal.string("pq")}
    assert known(Literal.string("nobody")) == frozenset()
    assert predictor.place(B) == ("P", 1)
    assert predictor.place(Literal.string("1")) is None
    with pytest.raises(UnknownRelation):
        known(A, label="R")
