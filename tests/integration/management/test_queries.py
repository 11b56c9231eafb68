"""Queries in flight: seen with their text, cancelled, and the connection goes on. They go by the
ids that their clients gave them, if they did."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.protocol import GremlinServerError
from managed_proxy import Proxy
from ways import SERIALIZERS

SLOW = "Thread.sleep(6000); g.inject('late')"


def running(neptune: Any) -> list[Any]:
    deadline = time.monotonic() + 60
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
            slow.result(timeout=60).all().result(timeout=60)
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
            slow.result(timeout=60)


LONG = f"x = '{'x' * 20_000}'; {SLOW}"
LONGER = f"x = '{'x' * 60_000}'; y = '{'y' * 60_000}'; {SLOW}"
AS_SIDE_EFFECT = (
    "g.withSideEffect('Neptune#queryId', '{}').inject(1).sideEffect{{Thread.sleep(6000)}}"
)


def send(request: Request) -> Any:
    with urlopen(request, timeout=30) as response:
        return json.load(response)


def post(proxy: Proxy, path: str, document: Any) -> Any:
    headers = {"Content-Type": "application/json"}
    return send(Request(proxy.address + path, json.dumps(document).encode(), headers))


def over_driver(serializer: str, script: str, *, http: bool) -> Callable[[Proxy, str], Any]:
    def ask(proxy: Proxy, name: str) -> Any:
        url = f"{proxy.address}/" if http else proxy.gremlin
        with closing(
            Client(url, "g", message_serializer=SERIALIZERS[serializer](), pool_size=1)
        ) as client:
            options = {} if "{}" in script else {"queryId": name}
            return client.submit(script.format(name), request_options=options).all().result()

    return ask


NAMED: dict[str, Callable[[Proxy, str], Any]] = {
    "http, json": lambda proxy, name: post(proxy, "/gremlin", {"gremlin": SLOW, "queryId": name}),
    "http, json at the root": lambda proxy, name: post(
        proxy, "/", {"gremlin": SLOW, "queryId": name}
    ),
    "http, address": lambda proxy, name: send(
        Request(f"{proxy.address}/gremlin?{urlencode({'gremlin': SLOW, 'queryId': name})}")
    ),
    "http, side effect": lambda proxy, name: post(
        proxy, "/gremlin", {"gremlin": AS_SIDE_EFFECT.format(name)}
    ),
    **{
        f"{protocol}, {serializer}": over_driver(serializer, SLOW, http=protocol == "http")
        for protocol in ("http", "websocket")
        for serializer in SERIALIZERS
    },
    "websocket, side effect": over_driver("graphbinary", AS_SIDE_EFFECT, http=False),
    "websocket, long": over_driver("graphbinary", LONG, http=False),
    "websocket, long json": over_driver("graphson-3", LONG, http=False),
    "websocket, longer": over_driver("graphbinary", LONGER, http=False),
}


def get(proxy: Proxy, name: str, more: str = "") -> Any:
    return send(Request(f"{proxy.address}/gremlin/status?{more}{urlencode({'queryId': name})}"))


def form(proxy: Proxy, name: str, **more: str) -> Any:
    body = urlencode({"queryId": name, **more}).encode()
    return send(Request(f"{proxy.address}/gremlin/status", body))


@pytest.mark.parametrize("way", NAMED)
def test_the_id_of_the_client(proxy: Proxy, way: str) -> None:
    name = f"{uuid4()}" if len(way) % 2 else f"a name/with {way}?&"
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(NAMED[way], proxy, name)
        (query,) = running(proxy.client())
        assert query["queryId"] == name
        for told in (get(proxy, name), form(proxy, name)):
            assert told["queryId"] == name
            assert told["queryString"] == query["queryString"]
        if len(way) % 3:
            assert get(proxy, name, "cancelQuery&")["status"] == "200 OK"
        else:
            assert form(proxy, name, cancelQuery="TRUE")["status"] == "200 OK"
        with pytest.raises((GremlinServerError, HTTPError)) as cancelled:
            slow.result(timeout=60)
        if isinstance(cancelled.value, HTTPError):
            with cancelled.value as response:
                assert json.load(response)["code"] == "CancelledByUserException"
        else:
            assert "CancelledByUserException" in str(cancelled.value) or "cancelled" in str(
                cancelled.value
            )
    with pytest.raises(HTTPError) as unknown:
        get(proxy, name)
    with unknown.value as response:
        assert "no running query" in json.load(response)["detailedMessage"]
