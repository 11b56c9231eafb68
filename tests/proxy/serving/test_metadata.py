"""What inductive inferences need to know of a model, and how it can fail."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from communities import write_communities

from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.commands import PredictLinks, PrepareInductive, PrepareLinks
from gremlink.proxy.inference.errors import InternalFailure, UnsupportedOperation
from gremlink.proxy.inference.live_graph import Neighbourhood, ReadLinks, ReadVertex, Scope
from gremlink.proxy.learning.inductive.scope import ENTITIES
from gremlink.proxy.learning.links.prediction.model import from_artifact, to_artifact
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.serving.predictions import Predictions
from gremlink.proxy.store.artifacts import Artifact, read_artifact, write_artifact
from gremlink.proxy.store.records import Store

LINKS = PrepareLinks("links", "knows", "out", "Person")
NEW = Literal.string("new")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    directory = tmp_path_factory.mktemp("trained")
    export = write_communities(directory / "export", only="knows")
    settings = TrainingSettings(epochs=2, width=4, folds=2, networks=1, threads=1)
    train(export, directory / "model", model="rgcn", settings=settings)
    return read_artifact(directory / "model")


@pytest.fixture
def store(trained: Artifact, tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    serve(store, trained, tmp_path)
    return store


@pytest.fixture
async def predictions(store: Store) -> AsyncIterator[Predictions]:
    found = Predictions(store)
    yield found
    found.close()


def serve(store: Store, artifact: Artifact, directory: Path) -> None:
    """Make an artifact the endpoint's, in the place of what it had."""
    about = {key: value for key, value in artifact.manifest.items() if key != "files"}
    write_artifact(directory / "artifact", replace(artifact, manifest=about))
    store.create_endpoint("links", directory / "artifact", replace=True)


def metadata_of(store: Store) -> Path:
    endpoint = store.endpoint("links")
    assert endpoint is not None
    return endpoint.artifact / "inductive.json"


async def test_the_model_says_what_to_read(predictions: Predictions) -> None:
    scope = await predictions(PrepareInductive(LINKS, fresh=False))
    assert scope == Scope(2, (1000, 100), ("knows", "likes"), ("group",))


async def test_a_new_vertex_is_answered_with_what_was_read(predictions: Predictions) -> None:
    friends = tuple(Literal.string(f"p{n}") for n in (0, 2))
    read = Neighbourhood(
        tuple(ReadVertex(vertex, "Person", {"group": ("group 0",)}) for vertex in (NEW, *friends)),
        (ReadLinks(NEW, "knows", "out", friends, True),),
        100,
    )
    asked = PredictLinks(LINKS, [NEW], [frozenset(friends)], 3, None)
    assert await predictions(asked) == [[]]
    (found,) = await predictions(replace(asked, neighbourhood=read))  # type: ignore[misc]
    assert len(found) == 3


async def test_metadata_is_remembered_until_it_is_asked_for_anew(
    predictions: Predictions, store: Store
) -> None:
    scope = await predictions(PrepareInductive(LINKS, fresh=False))
    metadata_of(store).write_text("{}")
    assert await predictions(PrepareInductive(LINKS, fresh=False)) == scope
    with pytest.raises(InternalFailure) as caught:
        await predictions(PrepareInductive(LINKS, fresh=True))
    assert str(caught.value) == (
        "Unable to fetch Neptune ML - Real-Time Inductive Inference metadata from S3. Check the"
        " permissions of the S3 bucket or if the Neptune instance can connect to S3."
    )


async def test_another_model_has_other_metadata_at_once(
    predictions: Predictions, store: Store, trained: Artifact, tmp_path: Path
) -> None:
    await predictions(PrepareInductive(LINKS, fresh=False))
    inductive = {**trained.documents["inductive"], "fan_outs": [7, 7]}
    documents = {**trained.documents, "inductive": json.loads(json.dumps(inductive))}
    serve(store, replace(trained, documents=documents), tmp_path)
    scope = await predictions(PrepareInductive(LINKS, fresh=False))
    assert isinstance(scope, Scope)
    assert scope.fan_outs == (7, 7)


async def test_a_model_from_before_has_no_metadata(
    predictions: Predictions, store: Store, trained: Artifact, tmp_path: Path
) -> None:
    documents = {key: value for key, value in trained.documents.items() if key != "inductive"}
    serve(store, replace(trained, documents=documents), tmp_path)
    with pytest.raises(InternalFailure) as caught:
        await predictions(PrepareInductive(LINKS, fresh=False))
    assert str(caught.value) == (
        "Neptune ML cannot find the metadata file for Real-Time Inductive Inference in S3."
    )


async def test_a_model_that_has_no_encoder_is_refused(
    predictions: Predictions, store: Store, trained: Artifact, tmp_path: Path
) -> None:
    """As knowledge-graph embeddings have none."""
    serve(store, to_artifact(replace(from_artifact(trained), encoders=()), {}), tmp_path)
    endpoint = store.endpoint("links")
    assert endpoint is not None
    assert json.loads(metadata_of(store).read_text())["encoder"] == ENTITIES
    with pytest.raises(UnsupportedOperation, match="not supported for knowledge-graph embedding"):
        await predictions(PrepareInductive(LINKS, fresh=False))
    known = PredictLinks(LINKS, [Literal.string("p1")], [frozenset()], 3, None)
    (found,) = await predictions(known)  # type: ignore[misc]
    assert len(found) == 3
