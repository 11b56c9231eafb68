"""The API as a whole: queries, health, a full queue, a second proxy."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from api_requests import PROCESSING, send
from running_api import Query, RunningApi

from gremlink.proxy.store.jobs import JobRecords


def test_queries_are_listed_and_cancelled(neptune: Any, api: RunningApi) -> None:
    listed = neptune.list_gremlin_queries(includeWaiting=True)
    assert listed["runningQueryCount"] == 1
    assert listed["queries"][0]["queryString"] == "g.V().count()"
    assert neptune.get_gremlin_query_status(queryId="q-1")["queryEvalStats"]["elapsed"] > 0
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, one = send(api.address, "POST", "/gremlin/status", b"queryId=q-1", **form)
    assert (status, one["queryId"]) == (200, "q-1")
    for body in (b"queryId=q-1&cancelQuery=False", b"queryId=q-1&includeWaiting=True"):
        assert send(api.address, "POST", "/gremlin/status", body, **form)[1]["queryId"] == "q-1"
    body = b"queryId=q-1&cancelQuery=perhaps"
    assert send(api.address, "POST", "/gremlin/status", body, **form)[0] == 400
    body = b"queryId=q-1&cancelQuery=True"
    assert send(api.address, "POST", "/gremlin/status", body, **form)[1]["status"] == "200 OK"
    assert send(api.address, "POST", "/gremlin/status", b"", **form)[1]["queries"] == []
    assert send(api.address, "POST", "/gremlin/status", b"cancelQuery=True", **form)[0] == 400


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("GET", b"?cancelQuery&queryId=q"),
        ("GET", b"?cancelQuery=true&queryId=q"),
        ("GET", b"/?cancelQuery&queryId=q"),
        ("POST", b"cancelQuery&queryId=q"),  # curl --data-urlencode "cancelQuery"
        ("POST", b"cancelQuery=&queryId=q"),
        ("DELETE", b"/q"),
    ],
)
def test_the_ways_to_cancel_a_query(tmp_path: Path, method: str, arguments: bytes) -> None:
    """Those of Neptune's guide, and what clients make of them."""
    with RunningApi(tmp_path, Query("q"), Query("other")) as api:
        body, path = (arguments, "") if method == "POST" else (None, arguments.decode())
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, document = send(api.address, method, f"/gremlin/status{path}", body, **form)
        assert (status, document) == (200, {"status": "200 OK", "payload": True})
        assert [query.id for query in api.queries.queries] == ["other"]


def test_a_full_queue(tmp_path: Path) -> None:
    with RunningApi(tmp_path, jobs={"running": 1, "queue": 1}) as api:
        neptune = api.client()
        directory = api.configuration.store.directory
        records = JobRecords(directory)
        # Waits for what never ends, and so stays in the queue.
        records.add("export", "waiting", {}, after=[records.add("export", "open", {}).number])
        with pytest.raises(neptune.exceptions.TooManyRequestsException, match=r"jobs\.queue"):
            neptune.start_ml_data_processing_job(**PROCESSING)


def test_a_second_proxy_of_one_store_starts_no_jobs(tmp_path: Path) -> None:
    with RunningApi(tmp_path), RunningApi(tmp_path) as second:
        neptune = second.client()
        assert neptune.list_ml_data_processing_jobs()["ids"] == []
        with pytest.raises(
            neptune.exceptions.UnsupportedOperationException, match="nother gremlink runs"
        ):
            neptune.start_ml_data_processing_job(**PROCESSING)


def health(api: RunningApi) -> list[int]:
    """What is said of whether the process is alive, and whether it is ready for clients."""
    codes = []
    for which in ("live", "ready"):
        try:
            with urllib.request.urlopen(f"{api.address}/health/{which}") as answer:
                codes.append(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                codes.append(error.code)
    return codes


def test_alive_is_not_ready(tmp_path: Path) -> None:
    """Ready is whoever can reach the database, and while it can; no model has a say in it, as one
    that fails is in the way of its own queries only."""
    with socket.create_server(("127.0.0.1", 0)) as database:
        port = database.getsockname()[1]
        url = f"ws://127.0.0.1:{port}/gremlin"
        with RunningApi(tmp_path, upstream={"url": url}) as api:
            assert health(api) == [200, 200]
            database.close()
            assert health(api) == [200, 503]
            with socket.create_server(("127.0.0.1", port)):
                assert health(api) == [200, 200]


def test_health_without_a_database(api: RunningApi) -> None:
    assert health(api) == [200, 503]
    assert send(api.address, "GET", "/status")[1]["status"] == "unhealthy"
