"""A link predictor on its graph with what was read in it, by networks that were really trained."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from communities import write_communities
from numpy.testing import assert_allclose
from reading import Read, Vertex, everything, links, name

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import DIRECTIONS
from gremlink.proxy.learning.inductive.extension import extend, places_of
from gremlink.proxy.learning.inductive.scope import ENTITIES, STRUCTURE, Scope
from gremlink.proxy.learning.links.prediction.model import LinkModel, from_artifact, to_artifact
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.links.prediction.ranker import ScoredVertex
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import read_artifact

PEOPLE = 24


@pytest.fixture(scope="module", params=["rgcn", "common-neighbours", "feature-similarity"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LinkModel:
    directory = tmp_path_factory.mktemp("trained")
    export = write_communities(directory / "export", only="knows")
    settings = TrainingSettings(epochs=8, width=16, folds=2, networks=2, threads=1)
    train(export, directory / "model", model=request.param, settings=settings)
    return from_artifact(read_artifact(directory / "model"))


def read_all(model: LinkModel) -> Read:
    """The graph of the training, as it was."""
    cells = {name(f"p{n}"): {"group": [f"group {n % 2}"]} for n in range(PEOPLE)}
    return everything(model.stored, cells)


def ask(
    predictor: LinkPredictor, *people: str, known: Collection[Literal] = ()
) -> list[list[ScoredVertex]]:
    return predictor.predict(
        edge_label="knows",
        direction="out",
        target_label="Person",
        inputs=[name(person) for person in people],
        known=[known] * len(people),
        limit=100,
    )


def test_an_unchanged_graph_gives_the_same_answers(model: LinkModel) -> None:
    predictor = LinkPredictor(model)
    asked = [f"p{n}" for n in range(PEOPLE)]
    inductive = predictor.extended(read_all(model), [name(person) for person in asked])
    for before, after in zip(ask(predictor, *asked), ask(inductive, *asked), strict=True):
        scores = {answer.id: answer.score for answer in before}
        assert_allclose(
            [answer.score for answer in after], [scores[answer.id] for answer in after], atol=1e-4
        )


def test_embeddings_of_an_unchanged_graph_are_the_same(model: LinkModel) -> None:
    people = model.stored.ids["Person"]
    extension = extend(model.stored, places_of(model.stored), read_all(model))
    found = model.on(extension, people).embeddings
    assert (found is None) == (model.embeddings is None)
    if model.embeddings is not None and found is not None:
        for type_name, vectors in model.embeddings.vertices.items():
            assert_allclose(found.vertices[type_name], vectors, atol=1e-5)


def newcomer(*friends: str) -> Read:
    """A person that came after training, with friends of the first group."""
    vertices = [Vertex(name("new"), "Person", {"group": ["group 0"]})]
    vertices += [Vertex(name(f), "Person", {"group": [f"group {int(f[1:]) % 2}"]}) for f in friends]
    return Read(vertices, [links("new", "knows", "out", *friends), links("new", "knows", "in")])


def test_a_new_person_meets_the_own_group(model: LinkModel) -> None:
    predictor = LinkPredictor(model)
    assert ask(predictor, "new") == [[]]
    inductive = predictor.extended(newcomer("p0", "p4"), [name("new")])
    (answers,) = ask(inductive, "new", known=[name("p0"), name("p4")])
    first = [answer.id.value for answer in answers][:6]
    assert sum(int(person[1:]) % 2 == 0 for person in first) >= 5
    assert ask(predictor, "new") == [[]]


def test_a_new_person_is_an_answer(model: LinkModel) -> None:
    inductive = LinkPredictor(model).extended(newcomer("p0", "p4"), [name("p8")])
    (answers,) = ask(inductive, "p8")
    assert name("new") in [answer.id for answer in answers]
    assert len(answers) == PEOPLE


def test_a_person_without_anything_is_answered(model: LinkModel) -> None:
    read = Read([Vertex(name("new"), "Person")], [links("new", "knows", "out")])
    (answers,) = ask(LinkPredictor(model).extended(read, [name("new")]), "new")
    assert len(answers) == PEOPLE
    assert np.isfinite([answer.score for answer in answers]).all()


def test_what_there_is_to_read(model: LinkModel) -> None:
    scope = model.scope
    assert scope.encoder == (NETWORK if model.embeddings is not None else STRUCTURE)
    assert (scope.hops, scope.fan_outs) == (2, (1000, 100))
    assert (scope.edge_labels, scope.keys) == (("knows", "likes"), ("group",))
    document = to_artifact(model, {}).documents["inductive"]
    assert Scope.from_document(document) == scope


def test_embeddings_without_an_encoder_are_those_of_entities(model: LinkModel) -> None:
    if model.embeddings is not None:
        assert replace(model, encoders=()).scope.encoder == ENTITIES


def test_embeddings_alone_know_nobody_else_and_beside_other_methods_do_no_harm(
    tmp_path: Path,
) -> None:
    export = write_communities(tmp_path / "export", only="knows")
    settings = TrainingSettings(epochs=4, width=8, folds=2, networks=1, threads=1)
    train(export, tmp_path / "model", model="transe", settings=settings)
    alone = from_artifact(read_artifact(tmp_path / "model"))
    assert alone.scope.encoder == ENTITIES
    (target,) = alone.relations
    weights = dict.fromkeys(DIRECTIONS, np.array([0.1, 1.0]))
    joined = replace(target, members=("transe", "common-neighbours"), weights=weights)
    blend = replace(alone, relations=(joined,))
    assert blend.scope.encoder == STRUCTURE
    inductive = LinkPredictor(blend).extended(newcomer("p0", "p4"), [name("new")])
    (answers,) = ask(inductive, "new", known=[name("p0"), name("p4")])
    first = [answer.id.value for answer in answers][:5]
    assert sum(int(person[1:]) % 2 == 0 for person in first) >= 4
