"""Models of endpoints: loaded once, loaded anew when replaced, never on the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grammar.traversal import Literal
from proxy.inference.commands import PredictLinks, PrepareLinks, PrepareProperty
from proxy.inference.errors import BadRequest, InternalFailure, InvalidParameter
from proxy.learning.predictor import LinkPredictor
from proxy.relay import predictions
from proxy.relay.predictions import Predictions
from proxy.store.artifacts import Artifact, DamagedArtifact, write_artifact
from proxy.store.records import Store

LINKS = PrepareLinks("friends", "FRIEND", "out", "User")
WORK = PredictLinks(LINKS, [Literal.string("a")], [frozenset()], 1, None)


class Slow(LinkPredictor):
    """A model whose loading and work are counted, and take a while."""

    loads = 0
    threads: set[str]

    def __init__(self) -> None:
        self.name = f"t{Slow.loads}"

    @classmethod
    def load(cls, directory: Path) -> Slow:
        if not (directory / "artifact.json").exists():
            raise DamagedArtifact(directory, "it has no artifact.json")
        cls.loads += 1
        cls.threads.add(threading.current_thread().name)
        time.sleep(0.05)
        return cls()

    def require(self, edge_label, direction, target_label) -> None:
        if edge_label != "FRIEND":
            raise predictions.UnknownRelation(edge_label, direction, target_label, ())

    def predict(self, *, inputs, **rest):
        Slow.threads.add(threading.current_thread().name)
        time.sleep(0.05)
        return [[SimpleNamespace(id=Literal.string(self.name), score=0.5)] for _ in inputs]


def artifact(directory: Path, content: str) -> Path:
    weights = {"weights": np.zeros(1, dtype=np.float32)}
    documents = {"config": content}
    write_artifact(directory, Artifact({"task": "link_prediction"}, documents, {"model": weights}))
    return directory


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(predictions, "LinkPredictor", Slow)
    Slow.loads, Slow.threads = 0, set()
    store = Store(tmp_path / "store")
    store.create_endpoint("friends", artifact(tmp_path / "first", "1"))
    return store


async def test_a_model_is_loaded_once_however_many_ask(store):
    predict = Predictions(store)
    try:
        replies = await asyncio.gather(*(predict(WORK) for _ in range(5)), predict(LINKS))
    finally:
        predict.close()
    assert replies == [[[(Literal.string("t1"), 0.5)]]] * 5 + [None]
    assert Slow.loads == 1


async def test_the_event_loop_goes_on_meanwhile(store):
    predict = Predictions(store)
    working = asyncio.ensure_future(predict(WORK))
    turns = 0
    while not working.done():
        await asyncio.sleep(0.001)
        turns += 1
    predict.close()
    assert turns > 1, "the loop stood still"
    assert threading.current_thread().name not in Slow.threads


async def test_a_replaced_model_is_loaded_anew(store, tmp_path):
    predict = Predictions(store)
    try:
        assert await predict(WORK) == [[(Literal.string("t1"), 0.5)]]
        store.create_endpoint("friends", artifact(tmp_path / "second", "2"), replace=True)
        assert await predict(WORK) == [[(Literal.string("t2"), 0.5)]]
    finally:
        predict.close()


async def test_an_endpoint_that_does_not_exist(store):
    predict = Predictions(store)
    try:
        with pytest.raises(BadRequest, match="Endpoint nobody not found"):
            await predict(PrepareLinks("nobody", "FRIEND", "out", "User"))
        await predict(LINKS)
        store.delete_endpoint("friends")
        with pytest.raises(BadRequest, match="Endpoint friends not found"):
            await predict(LINKS)
    finally:
        predict.close()


async def test_a_model_that_cannot_answer_says_so(store):
    predict = Predictions(store)
    try:
        with pytest.raises(InvalidParameter, match="Endpoint friends"):
            await predict(PrepareLinks("friends", "ENEMY", "out", "User"))
        with pytest.raises(InvalidParameter, match="does link prediction, the query asks it for"):
            await predict(PrepareProperty("friends", "classification", "genre"))
    finally:
        predict.close()


async def test_a_damaged_model_is_told(store):
    endpoint = store.endpoint("friends")
    assert endpoint is not None
    (endpoint.artifact / "artifact.json").unlink()
    predict = Predictions(store)
    try:
        with pytest.raises(InternalFailure, match="friends cannot be loaded"):
            await predict(LINKS)
    finally:
        predict.close()
