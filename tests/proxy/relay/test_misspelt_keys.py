"""Requests with misspelt keys pass as they came, and the log says so, seldom and without their
text."""

from __future__ import annotations

import logging
import uuid

import pytest

from gremlink.grammar.traversal import Literal
from gremlink.proxy.relay import misspelt_keys
from gremlink.proxy.relay.misspelt_keys import SEARCHED_BYTES, MisspeltKeys
from gremlink.proxy.relay.websocket.fast_path import request_fast_path
from gremlink.proxy.relay.websocket.open_requests import RequestTable
from gremlink.proxy.wire.frames import encode_frame
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, Format
from gremlink.proxy.wire.request import RequestMessage, write_request

NEAR = ("neptune#ml.prediction", "Neptune.ml.prediction", "neptune_ml.prediction")


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> MisspeltKeys:
    found = MisspeltKeys()
    monkeypatch.setattr(misspelt_keys, "MISSPELT_KEYS", found)
    monkeypatch.setattr("gremlink.proxy.relay.websocket.fast_path.MISSPELT_KEYS", found)
    return found


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "gremlink.proxy.relay.misspelt_keys"
    ]


@pytest.mark.parametrize("key", NEAR)
def test_the_log_names_the_key_that_is_meant_and_nothing_else(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    MisspeltKeys().warn(f'g.V("secret").out("F").with("{key}")'.encode())
    (line,) = said(caplog)
    assert '"Neptune#ml.prediction"' in line
    assert "secret" not in line
    assert caplog.records[0].levelno == logging.WARNING


def test_once_a_minute(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("gremlink.proxy.relay.misspelt_keys.time.monotonic", lambda: now)
    watch = MisspeltKeys()
    for _ in range(5):
        watch.warn(b"neptune#ml.limit")
    assert len(said(caplog)) == 1
    now += 61
    watch.warn(b"neptune#ml.limit")
    first, second = said(caplog)
    assert "more" not in first
    assert "(4 more since the last warning)" in second


def test_a_look_is_cheap_where_there_is_much_to_look_at() -> None:
    watch = MisspeltKeys()
    watch.warn(b"#" * 10_000_000)
    assert not watch.finds(b"x" * SEARCHED_BYTES + b"neptune#ml.limit", 0)


def frame(text: str, format: Format = GRAPHBINARY) -> bytes:
    # An id of chance has a byte like `#` in one of sixteen requests.
    request = RequestMessage(
        format, uuid.UUID(int=1), "eval", "", {"gremlin": Literal.string(text + " " * 200)}
    )
    opcode, payload = write_request(request)
    return encode_frame(opcode, payload, masked=True)


@pytest.mark.parametrize("format", [GRAPHBINARY, GRAPHSON_3])
@pytest.mark.parametrize("key", NEAR)
def test_the_fast_path_leaves_them_to_the_slow_one(
    key: str, format: Format, watch: MisspeltKeys
) -> None:
    short: list[bytes] = []
    long: list[bytes] = []
    way = request_fast_path(RequestTable(fast_request_limit=8), short.append, long.append)
    plain = frame('g.V("#").out("F")', format)
    asking = frame(f'g.V("a").out("F").with("{key}")', format)
    way(plain)
    watch.due = 0.0
    way(asking)
    assert (short, long) == ([plain], [asking])


def test_without_the_sign_one_request_in_a_millisecond_is_looked_through(
    watch: MisspeltKeys,
) -> None:
    short: list[bytes] = []
    long: list[bytes] = []
    way = request_fast_path(RequestTable(fast_request_limit=8), short.append, long.append)
    asking = [frame('g.V("a").out("F").with("Neptune.ml.prediction")') for _ in range(2)]
    way(asking[0])
    watch.due = float("inf")
    way(asking[1])
    assert (long, short) == (asking[:1], asking[1:])
