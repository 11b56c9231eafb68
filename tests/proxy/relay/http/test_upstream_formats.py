"""Which formats the database reads over HTTP is found out, and found out again when it changes."""

from __future__ import annotations

from uuid import UUID

from gremlink.proxy.relay.http.upstream_formats import UpstreamFormats
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_2, GRAPHSON_3
from gremlink.proxy.wire.request import RequestMessage

ASKED = RequestMessage(GRAPHSON_3, UUID(int=1), "eval", "", {})
UNKNOWN = b'{"message":"no serializer for requested Accept header: x"}'


def formats(spoken: UpstreamFormats, *reads: object) -> list[object]:
    """Those that are tried on a database that reads some."""
    tried: list[object] = []
    for request in spoken.forms(ASKED):
        tried.append(request.format)
        known = request.format in reads
        if spoken.understood(request.format, 200 if known else 400, b"" if known else UNKNOWN):
            return tried
    return tried


def test_what_is_known_is_asked_first() -> None:
    spoken = UpstreamFormats()
    assert formats(spoken, GRAPHSON_2) == [GRAPHSON_3, GRAPHBINARY, GRAPHSON_2]
    assert formats(spoken, GRAPHSON_2) == [GRAPHSON_2]
    assert spoken.to_database(ASKED).format == GRAPHSON_2


def test_a_database_that_has_been_given_another_is_asked_in_all_again() -> None:
    spoken = UpstreamFormats()
    formats(spoken, GRAPHSON_2)
    assert formats(spoken, GRAPHBINARY) == [GRAPHSON_2, GRAPHSON_3, GRAPHBINARY]
    assert spoken.to_database(ASKED).format == GRAPHBINARY
    assert len(formats(spoken)) == 3
    assert formats(spoken, GRAPHSON_3) == [GRAPHSON_3]


def test_another_error_is_one_of_the_query() -> None:
    spoken = UpstreamFormats()
    assert spoken.understood(GRAPHSON_3, 400, b'{"message":"bad"}')
    assert spoken.understood(GRAPHSON_3, 500, UNKNOWN)
    assert spoken.understood(GRAPHSON_3, 400, b"<html>")
    assert spoken.to_database(ASKED) is ASKED
