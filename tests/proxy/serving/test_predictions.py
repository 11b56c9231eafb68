"""From an endpoint's name to answers of its model, and endpoints that a query does not fit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from teams import write_teams

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.inference.commands import (
    CountValues,
    Edge,
    ExplainLinks,
    Guess,
    GuessLinks,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
)
from gremlink.proxy.inference.errors import (
    BadRequest,
    InternalFailure,
    InvalidParameter,
    TooManyRequests,
)
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.serving import latency
from gremlink.proxy.serving.breaker import FAILURES, FIRST_PAUSE
from gremlink.proxy.serving.pool import THREADS_PER_MODEL
from gremlink.proxy.serving.predictions import Predictions
from gremlink.proxy.store.records import Store

QUICK = TrainingSettings(epochs=2, width=4, folds=2, networks=1, threads=1)
LEVEL = PrepareProperty("levels", "classification", "level")
SUM = PrepareProperty("sums", "regression", "sum")
KNOWS = PrepareLinks("links", "knows", "out", "Person")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    directory = tmp_path_factory.mktemp("endpoints")
    store = Store(directory / "store")
    targets = {
        "levels": ({"of_people": {"label": ["level", "classification"]}}, "neighbours"),
        "sums": ({"of_lending": {"label": ["sum", "regression"]}}, "boosting"),
        "links": ({}, "popularity"),
    }
    for name, (target, model) in targets.items():
        export = write_teams(directory / f"{name}-export", **target)
        train(export, directory / name, model=model, settings=QUICK)
        store.create_endpoint(name, directory / name)
    return store


@pytest.fixture
async def predictions(store: Store) -> AsyncIterator[Predictions]:
    found = Predictions(store)
    yield found
    found.close()


def person(number: int) -> Literal:
    return Literal.string(f"p{number}")


async def test_a_property_of_vertices(predictions: Predictions) -> None:
    assert await predictions(LEVEL) == "node"
    reply = await predictions(PredictProperty(LEVEL, [person(1), Literal.string("?")], 2, None))
    known, unknown = reply  # type: ignore[misc]
    assert [value.kind for value, _ in known] == [Kind.INT] * 2
    assert known[0][1] >= known[1][1]
    assert unknown == []


async def test_values_of_all_inputs_together(predictions: Predictions) -> None:
    asked = PredictProperty(LEVEL, [person(1), person(2), Literal.string("?")], 1, None)
    reply = await predictions(CountValues(asked))
    values = [value for pairs in await predictions(asked) for value, _ in pairs]  # type: ignore
    assert [value for value, times in reply for _ in range(times)] == sorted(  # type: ignore
        values, key=values.index
    )


async def test_a_property_of_edges(predictions: Predictions) -> None:
    assert await predictions(SUM) == "edge"
    edges = [
        Edge(Literal.of(1), "lends", person(0), person(3)),
        Edge(Literal.of(2), "knows", person(0), person(3)),
    ]
    reply = await predictions(PredictProperty(SUM, edges, 1, None))
    ((value, score),), other = reply  # type: ignore[misc]
    assert value.kind is Kind.DOUBLE
    assert score == 1.0
    assert other == []


async def test_links(predictions: Predictions) -> None:
    assert await predictions(KNOWS) is None
    reply = await predictions(PredictLinks(KNOWS, [person(0)], [frozenset()], 3, None))
    (targets,) = reply  # type: ignore[misc]
    assert len(targets) == 3


async def test_guesses_are_made_where_that_takes_no_waiting(
    predictions: Predictions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency, "QUICK", 60.0)
    asked = GuessLinks(KNOWS, person(0), 3, None, hides=False)
    assert await predictions(asked) is None  # nobody knows yet how long the model takes
    predicted = PredictLinks(KNOWS, [person(0)], [frozenset()], 3, None)
    (targets,) = await predictions(predicted)  # type: ignore[misc]
    assert await predictions(asked) == Guess(tuple(id for id, _ in targets), ())
    hiding = await predictions(GuessLinks(KNOWS, person(0), 3, None, hides=True))
    assert isinstance(hiding, Guess)
    known = [frozenset(hiding.linked)]
    (left,) = await predictions(PredictLinks(KNOWS, [person(0)], known, 3, None))  # type: ignore[misc]
    assert hiding.targets == tuple(id for id, _ in left)


@pytest.mark.parametrize(
    "model",
    [
        PrepareLinks("levels", "knows", "out", "Person"),
        PrepareLinks("links", "hates", "out", "Person"),
        PrepareLinks("nobody", "knows", "out", "Person"),
    ],
)
async def test_what_cannot_be_guessed_is_left_to_who_can_say_why(
    predictions: Predictions, model: PrepareLinks
) -> None:
    await predictions(LEVEL)
    await predictions(KNOWS)
    assert await predictions(GuessLinks(model, person(0), 3, None, hides=True)) is None


async def test_reasons_of_links(predictions: Predictions) -> None:
    people = [person(0), Literal.string("?"), person(1)]
    asked = PredictLinks(KNOWS, people, [frozenset()] * 3, 2, None)
    links = await predictions(asked)
    reply = await predictions(ExplainLinks(asked, links))  # type: ignore[arg-type]
    assert [len(reasons) for reasons in reply] == [2, 0, 2]  # type: ignore[union-attr,arg-type]
    first = {key.value: value for key, value in reply[0][0].entries}  # type: ignore[index,union-attr]
    assert first["score"] == Literal.of(links[0][0][1])  # type: ignore[index]
    ((method, _),) = first["contributions"].entries
    assert method == Literal.string("popularity")


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (
            PrepareProperty("links", "classification", "level"),
            "Endpoint links does link prediction, the query asks it for the classification of the"
            " property 'level'.",
        ),
        (
            PrepareLinks("levels", "knows", "in", "Person"),
            "Endpoint levels does node classification of the property 'level', the query asks it"
            " for link prediction over the edges 'knows'.",
        ),
        (
            PrepareProperty("levels", "regression", "level"),
            "Endpoint levels does node classification of the property 'level', the query asks it"
            " for the regression of the property 'level'.",
        ),
        (
            PrepareProperty("sums", "regression", "day"),
            "Endpoint sums does edge regression of the property 'sum', the query asks it for the"
            " regression of the property 'day'.",
        ),
    ],
)
async def test_an_endpoint_of_another_kind(
    predictions: Predictions, work: PrepareLinks | PrepareProperty, message: str
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        await predictions(work)
    assert str(caught.value) == message


async def test_work_beyond_the_most_is_refused_until_some_is_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked, begun = threading.Event(), threading.Semaphore(0)

    def work(self: Predictions, work: object) -> None:
        begun.release()
        assert blocked.wait(60)

    monkeypatch.setattr(Predictions, "_work", work)
    predictions = Predictions(store, most=3)
    waiting = [asyncio.create_task(predictions(LEVEL)) for _ in range(3)]
    for _ in range(THREADS_PER_MODEL):  # the third waits for one of them to end
        assert await asyncio.to_thread(begun.acquire, timeout=60)
    with pytest.raises(TooManyRequests, match="3 predictions wait already") as caught:
        await predictions(LEVEL)
    assert (caught.value.status, caught.value.http_status) == (429, 429)
    waiting[2].cancel()  # it has not begun
    await asyncio.wait([waiting[2]])
    waiting[2] = asyncio.create_task(predictions(LEVEL))
    await asyncio.sleep(0)
    waiting[0].cancel()  # it has begun, and counts until it is done
    await asyncio.wait([waiting[0]])
    with pytest.raises(TooManyRequests):
        await predictions(LEVEL)
    blocked.set()
    await asyncio.gather(*waiting[1:])
    assert await predictions(LEVEL) is None
    predictions.close()


async def test_a_model_that_keeps_failing_is_left_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictions = Predictions(store)
    asked = PredictLinks(KNOWS, [person(0)], [frozenset()], 3, None)
    broken = True

    def links(self: LinkPredictor, **asked: object) -> list[object]:
        if broken:
            raise OSError("disk on fire")
        return [[]]

    monkeypatch.setattr(LinkPredictor, "predict", links)
    for _ in range(FAILURES):
        assert await predictions(KNOWS) is None
        with pytest.raises(OSError, match="disk on fire"):
            await predictions(asked)
    assert predictions.open_circuits() == ["links"]
    for work in (KNOWS, asked):
        with pytest.raises(InternalFailure, match="links has failed 5 times in a row"):
            await predictions(work)
    assert await predictions(LEVEL) == "node"
    broken = False
    await asyncio.sleep(FIRST_PAUSE)
    assert await predictions(KNOWS) is None
    assert await predictions(asked) == [[]]
    assert predictions.open_circuits() == []
    predictions.close()


async def test_what_is_quick_is_done_at_once(predictions: Predictions) -> None:
    asked = PredictLinks(KNOWS, [person(0)], [frozenset()], 3, None)
    first = await predictions(asked)
    for _ in range(10):  # the first runs of a process may be slow
        reply = predictions(asked)
        if isinstance(reply, asyncio.Future):
            break
        await reply
    assert isinstance(reply, asyncio.Future)
    assert reply.done()
    assert reply.result() == first
    checked = predictions(KNOWS)
    assert isinstance(checked, asyncio.Future)
    assert checked.done()
    wrong = predictions(PrepareLinks("links", "knows", "out", "Nobody"))
    with pytest.raises(InvalidParameter):
        await wrong


async def test_an_endpoint_that_was_replaced_answers_at_once(
    store: Store, predictions: Predictions, tmp_path: Path
) -> None:
    export = write_teams(tmp_path / "export", of_people={"label": ["team", "classification"]})
    train(export, tmp_path / "artifact", model="majority", settings=QUICK)
    team = PrepareProperty("later", "classification", "team")
    store.create_endpoint("later", store.endpoint("levels").artifact)  # type: ignore[union-attr]
    with pytest.raises(InvalidParameter):
        await predictions(team)
    store.create_endpoint("later", tmp_path / "artifact", replace=True)
    assert await predictions(team) == "node"
    assert await predictions(team) == "node"
    store.delete_endpoint("later")
    with pytest.raises(BadRequest):
        await predictions(team)


async def test_no_endpoint(predictions: Predictions) -> None:
    with pytest.raises(BadRequest, match=r"Endpoint nobody not found\."):
        await predictions(PrepareProperty("nobody", "regression", "x"))


async def test_a_damaged_model_is_said_to_be(store: Store, tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_people={"label": ["team", "classification"]})
    train(export, tmp_path / "artifact", model="majority", settings=QUICK)
    endpoint = store.create_endpoint("damaged", tmp_path / "artifact")
    (endpoint.artifact / "answers.safetensors").write_bytes(b"")
    predictions = Predictions(store)
    with pytest.raises(InternalFailure, match=r"endpoint damaged cannot be loaded.*checksum"):
        await predictions(PrepareProperty("damaged", "classification", "team"))
    predictions.close()
