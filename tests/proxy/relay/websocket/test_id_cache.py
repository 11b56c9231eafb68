"""Lists of ids that come again in the same bytes are read once."""

from __future__ import annotations

import json
import struct
from uuid import uuid4

import pytest

from gremlink.grammar import graphbinary
from gremlink.grammar.lazy import UniformLiterals, literals_of
from gremlink.grammar.traversal import Argument, Bulked, Items, Kind, Literal
from gremlink.proxy.inference.queries.inputs import uniform
from gremlink.proxy.relay.websocket.id_cache import LONGEST, MOST, SHORTEST, RecentIds
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.response import read_response

COUNT = SHORTEST // 8


def response(result: Argument, host: str = "localhost") -> bytes:
    """A response to some request, whose status tells the client's address, as a server does."""
    parts = [
        bytes((0x81, 0)) + uuid4().bytes + struct.pack(">i", 200) + b"\0\0\0\0\0",
        struct.pack(">i", 1),
        graphbinary.write_value(Literal.string("host")),
        graphbinary.write_value(Literal.string(host)),
        struct.pack(">i", 0),
        graphbinary.write_value(Items("list", (result,))),
    ]
    return b"".join(parts)


def ids(first: int = 0, text: str = "v") -> Argument:
    literals = literals_of(Kind.STRING, [f"{text}{first + number}" for number in range(COUNT)])
    return Bulked(Items("list", tuple(literals)), 1)


def found(recent: RecentIds, payload: bytes) -> UniformLiterals:
    results = recent.results(payload)
    assert results == read_response(payload).results
    every = uniform(results)
    assert every is not None
    return every


def test_the_same_ids_for_another_request() -> None:
    recent = RecentIds()
    first = found(recent, response(ids(), "one"))
    assert found(recent, response(ids(), "another")) is first


def test_other_ids() -> None:
    recent = RecentIds()
    first = found(recent, response(ids()))
    assert list(found(recent, response(ids(1))))[-1] == Literal.string(f"v{COUNT}")
    assert found(recent, response(ids())) is first


def test_the_list_that_nobody_has_asked_for_the_longest_time_goes() -> None:
    recent = RecentIds()
    kept = [found(recent, response(ids(number))) for number in range(MOST)]
    assert found(recent, response(ids(0))) is kept[0]
    found(recent, response(ids(MOST)))
    assert found(recent, response(ids(0))) is kept[0]
    assert found(recent, response(ids(1))) is not kept[1]


@pytest.mark.parametrize(
    "result",
    [
        Items("list", tuple(literals_of(Kind.STRING, ["v"] * 100))),
        ids(text="v" * (LONGEST // COUNT)),
        Items("list", (*literals_of(Kind.STRING, ["v"] * SHORTEST), Literal.of(1))),
    ],
    ids=["short", "too long", "of several kinds"],
)
def test_what_is_not_kept(result: Argument) -> None:
    recent = RecentIds()
    payload = response(result)
    one, other = recent.results(payload), recent.results(payload)
    assert one == other == read_response(payload).results
    assert one is not other


def test_responses_in_json() -> None:
    data = {"@type": "g:List", "@value": ["v"] * SHORTEST}
    body = {"requestId": str(uuid4()), "status": {"code": 200}, "result": {"data": data}}
    payload = json.dumps(body).encode()
    assert RecentIds().results(payload) == read_response(payload).results


def test_broken_responses() -> None:
    payload = response(ids())
    for end in (SHORTEST, len(payload) - 1):
        with pytest.raises(MessageError):
            RecentIds().results(payload[:end])
    with pytest.raises(MessageError):
        RecentIds().results(payload[:30] + b"\xff" * SHORTEST)
