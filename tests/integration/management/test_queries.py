"""Queries in flight: seen with their text, cancelled, and the connection goes on."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.protocol import GremlinServerError
from managed_proxy import Proxy

pytestmark = pytest.mark.integration

SLOW = "Thread.sleep(6000); g.inject('late')"


def running(neptune: Any) -> list[Any]:
    deadline = time.monotonic() + 10
    while not (found := neptune.list_gremlin_queries()["queries"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return list(found)


def test_over_websocket(proxy: Proxy) -> None:
    neptune = proxy.client()
    client = Client(proxy.gremlin, "g", pool_size=1)
    try:
        slow = client.submit_async(SLOW)
        (query,) = running(neptune)
        assert query["queryString"] == SLOW
        assert neptune.get_gremlin_query_status(queryId=query["queryId"]) | {
            "queryEvalStats": None,
            "ResponseMetadata": None,
        } == {**query, "queryEvalStats": None, "ResponseMetadata": None}
        assert neptune.cancel_gremlin_query(queryId=query["queryId"])["status"] == "200 OK"
        with pytest.raises(GremlinServerError, match="CancelledByUserException"):
            slow.result(timeout=3).all().result(timeout=3)
        assert neptune.list_gremlin_queries()["queries"] == []
        assert client.submit("g.inject(1)").all().result() == [1]
        time.sleep(6)  # the answer that nobody waits for is dropped, and disturbs nobody
        assert client.submit("g.inject(2)").all().result() == [2]
    finally:
        client.close()


def test_over_http(proxy: Proxy) -> None:
    neptune = proxy.client()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(neptune.execute_gremlin_query, gremlinQuery=SLOW)
        (query,) = running(neptune)
        assert query["queryString"] == SLOW
        neptune.cancel_gremlin_query(queryId=query["queryId"])
        with pytest.raises(neptune.exceptions.CancelledByUserException):
            slow.result(timeout=3)
