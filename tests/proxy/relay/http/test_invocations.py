"""Payloads on their way to a model: the deadline, the queue, ids with types, features of edges."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from teams import write_teams

from gremlink.grammar.traversal import Literal
from gremlink.proxy.config import Configuration
from gremlink.proxy.inference.commands import Edge, PredictProperty, PrepareProperty, Reply, Work
from gremlink.proxy.inference.errors import InvalidParameter, TimeLimitExceeded, TooManyRequests
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.relay.http.invocations import Invocations
from gremlink.proxy.relay.offload import LONG, Offload
from gremlink.proxy.relay.server import Server, upstream_session
from gremlink.proxy.serving.predictions import Predictions
from gremlink.proxy.store.records import Store

QUICK = TrainingSettings(epochs=2, width=4, folds=2, networks=1, threads=1)
ASKED = b'{"vertices": ["p1"], "property": "level"}'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    directory = tmp_path_factory.mktemp("endpoints")
    store = Store(directory / "store")
    targets = {
        "levels": ({"of_people": {"label": ["level", "classification"]}}, "neighbours"),
        # `day`, a feature of the edges, tells nearly everything.
        "trusted": ({"of_lending": {"label": ["trusted", "classification"]}}, "boosting"),
    }
    for name, (target, model) in targets.items():
        export = write_teams(directory / f"{name}-export", **target)
        train(export, directory / name, model=model, settings=QUICK)
        store.create_endpoint(name, directory / name)
    return store


@pytest.fixture
def offload() -> Iterator[Offload]:
    found = Offload()
    yield found
    found.close()


@pytest.fixture
async def predictions(store: Store) -> AsyncIterator[Predictions]:
    found = Predictions(store)
    yield found
    found.close()


def invoking(predict: Any, offload: Offload, timeout: float = 30.0) -> Invocations:
    return Invocations(predict, 100, timeout, offload)


async def test_short_and_long_payloads(predictions: Predictions, offload: Offload) -> None:
    invoke = invoking(predictions, offload)
    short = await invoke("levels", ASKED)
    ids = [f"p{number % 90}" for number in range(LONG // 4)]
    long = json.dumps({"vertices": ids, "property": "level"}).encode()
    assert len(long) > LONG
    found = (await invoke("levels", long))["output"]["nodes"]
    assert [each["nodeId"] for each in found] == ids
    assert found[1] == short["output"]["nodes"][0]


async def test_edges_are_answered_by_their_own_features(
    predictions: Predictions, offload: Offload, store: Store
) -> None:
    model = PrepareProperty("trusted", "classification", "trusted")
    (file,) = (store.root.parent / "trusted-export").rglob("*lends*.csv")
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))[:20]
    edges = [
        Edge(Literal.string(row["~id"]), "lends", *map(Literal.string, (row["~from"], row["~to"])))
        for row in rows
    ]
    by_id = await predictions(PredictProperty(model, edges, 1, None))
    pairs = [{"headNodeId": row["~from"], "tailNodeId": row["~to"]} for row in rows]
    parameters = {"edgeType": "lends", "property": "trusted"}
    payload = {"version": "v1", "data": {"globalParameters": parameters, "edges": pairs}}
    found = await invoking(predictions, offload)("trusted", json.dumps(payload).encode())
    ours = [each["mlResults"][0]["score"] for each in found["output"]["edges"]]
    assert ours == [found[0][1] for found in by_id]  # type: ignore[index,union-attr]
    assert len(set(ours)) > 1


async def test_time_that_is_over(offload: Offload) -> None:
    async def never(work: Work) -> Reply:
        await asyncio.sleep(60)
        return None

    with pytest.raises(TimeLimitExceeded, match=r"threshold of 50 ms.*\[.*vertices"):
        await invoking(never, offload, 0.05)("levels", ASKED)


async def test_a_full_queue(store: Store, offload: Offload) -> None:
    full = Predictions(store, most=0)
    try:
        with pytest.raises(TooManyRequests):
            await invoking(full, offload)("levels", ASKED)
    finally:
        full.close()


async def test_the_server_waits_for_payloads_before_it_ends(tmp_path: Path) -> None:
    begun, answered = asyncio.Event(), asyncio.Event()

    async def predict(work: Work) -> Reply:
        begun.set()
        await answered.wait()
        raise InvalidParameter("so it is")

    configuration = Configuration.model_validate({"store": {"directory": tmp_path}})
    async with upstream_session() as session:
        server = Server(configuration, "ws://127.0.0.1:9/gremlin", session, predict)
        invoking = asyncio.ensure_future(server.invoke("levels", ASKED))
        await begun.wait()
        draining = asyncio.ensure_future(server.drain(30.0))
        await asyncio.wait({draining}, timeout=0.05)
        assert not draining.done()
        answered.set()
        with pytest.raises(InvalidParameter, match="so it is"):
            await invoking
        await draining


async def test_a_payload_that_cannot_be_read_asks_no_model(offload: Offload) -> None:
    async def asked(work: Work) -> Reply:
        pytest.fail(f"{work} is asked")

    for body in (b"{", b"[" * LONG):
        with pytest.raises(InvalidParameter, match="not JSON"):
            await invoking(asked, offload)("levels", body)
