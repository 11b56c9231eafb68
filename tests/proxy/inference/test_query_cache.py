"""Requests of one shape are analysed alike, and no others."""

from __future__ import annotations

import uuid

import pytest
from answering import as_script, text_of

from gremlink.grammar import script
from gremlink.grammar.traversal import Argument, Entries, Kind, Literal
from gremlink.proxy.inference.analysed_request import AnalysedRequest, analyse
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.query_cache import LONGEST, MOST, QueryCache
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, Format
from gremlink.proxy.wire.request import RequestMessage, read_request, write_request

FRIENDS = 'out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")'
OF_A = f'g.with("Neptune#ml.endpoint", "friends").V("a").{FRIENDS}'
OF_WHO = OF_A.replace('"a"', "who")


def sent(request: RequestMessage) -> bytes:
    return write_request(request)[1]


def bytecode(text: str, format: Format = GRAPHBINARY) -> RequestMessage:
    traversal = script.parse(text).single
    assert traversal is not None
    args: dict[str, Argument] = {
        "gremlin": traversal,
        "aliases": Entries(((Literal.string("g"),) * 2,)),
    }
    return RequestMessage(format, uuid.uuid4(), "bytecode", "traversal", args)


def bound(text: str, **values: Literal) -> RequestMessage:
    pairs = [(Literal.string(name), value) for name, value in values.items()]
    return as_script(
        text, language=Literal.string("gremlin-groovy"), bindings=Entries(tuple(pairs))
    )


def read(payload: bytes) -> AnalysedRequest:
    analysed = analyse(read_request(2, payload), Settings())
    assert analysed is not None
    return analysed


def kept(request: RequestMessage) -> QueryCache:
    shapes = QueryCache()
    payload = sent(request)
    shapes.keep(payload, read(payload))
    return shapes


def assert_alike(found: AnalysedRequest | None, payload: bytes) -> None:
    """What was found without reading is what reading finds."""
    assert found is not None
    expected = read(payload)
    assert found.query.request.request_id == expected.query.request.request_id
    assert found.query.traversals == expected.query.traversals
    assert found.planned == expected.planned
    assert found.timeout == expected.timeout
    assert sent(found.query.request) == payload
    rewritten = [
        each.query.rewritten({0: each.query.traversals[0]}, {}) for each in (found, expected)
    ]
    assert sent(rewritten[0]) == sent(rewritten[1])


@pytest.mark.parametrize(
    "id",
    ["'b'", "''", "'a much longer id'", "'Zoë'", "'Neptune#ml.'", "'\\u0000\\u0003'"],
)
def test_bytecode_about_another_vertex(id: str) -> None:
    shapes = kept(bytecode(OF_A))
    payload = sent(bytecode(OF_A.replace('"a"', id)))
    assert_alike(shapes.find(payload), payload)


@pytest.mark.parametrize(
    ("first", "second"), [("1", "2"), ("1L", "-7L"), ("UUID.randomUUID()", None)]
)
def test_ids_of_other_types(first: str, second: str | None) -> None:
    if second is None:
        ids = [Literal(Kind.UUID, uuid.uuid4()) for _ in range(2)]
        requests = [bound(OF_WHO, who=id) for id in ids]
    else:
        requests = [bytecode(OF_A.replace('"a"', id)) for id in (first, second)]
    payload = sent(requests[1])
    assert_alike(kept(requests[0]).find(payload), payload)


def test_a_script_that_gets_another_vertex_in_a_binding() -> None:
    shapes = kept(bound(OF_WHO, other=Literal.string("x"), who=Literal.string("a")))
    payload = sent(bound(OF_WHO, other=Literal.string("x"), who=Literal.string("b")))
    found = shapes.find(payload)
    assert_alike(found, payload)
    assert found is not None
    assert found.query.request.bindings["who"] == Literal.string("b")
    assert text_of(found.query.request) == OF_WHO


@pytest.mark.parametrize(
    "other",
    [
        bytecode(OF_A.replace('"a"', "1")),
        bytecode(OF_A.replace('"a"', '"a", "b"')),
        bytecode(OF_A.replace('"friends"', '"strangers"')),
        bytecode(OF_A.replace('"name"', '"age"')),
        bytecode(OF_A + ".fold()"),
        bytecode(OF_A.replace('V("a")', 'E("a")')),
        bytecode(OF_A, GRAPHSON_3),
        as_script(OF_A),
    ],
)
def test_requests_of_another_shape(other: RequestMessage) -> None:
    assert kept(bytecode(OF_A)).find(sent(other)) is None


def test_a_value_that_is_cut_off_is_of_no_shape() -> None:
    payload = sent(bytecode(OF_A))
    place = payload.index(b"\x03\x00\x00\x00\x00\x01a\x00\x00\x00\x03out")
    shapes = kept(bytecode(OF_A))
    assert shapes.find(payload) is not None
    for length in range(3):
        if length != 1:
            broken = payload[: place + 5] + bytes((length,)) + payload[place + 6 :]
            assert shapes.find(broken) is None
    for end in range(len(payload)):
        assert shapes.find(payload[:end]) is None


@pytest.mark.parametrize(
    "request_",
    [
        bound(OF_WHO.replace('"User"', "who"), who=Literal.string("a")),
        bound(OF_WHO + ".union(V(who).values('name'))", who=Literal.string("a")),
        bound(OF_WHO + ".union(V(w\\u0068o).values('name'))", who=Literal.string("a")),
        bound(f"who = who + 'x'; {OF_A}", who=Literal.string("a")),
        bytecode(OF_A + '.union(V("a").values("name"))'),
        as_script(OF_A),
        bytecode(OF_A.replace('V("a")', "V()")),
        bytecode(OF_A.replace('"a"', f'"{"a" * LONGEST}"')),
        bytecode(OF_A, GRAPHSON_3),
    ],
)
def test_what_has_no_shape(request_: RequestMessage) -> None:
    payload = sent(request_)
    shapes = QueryCache()
    shapes.keep(payload, read(payload))
    assert shapes.find(payload) is None


def test_the_last_shapes_are_kept() -> None:
    shapes = QueryCache()
    payloads = [sent(bytecode(OF_A.replace("name", f"name{n}"))) for n in range(MOST + 1)]
    for payload in payloads:
        shapes.keep(payload, read(payload))
    assert shapes.find(payloads[0]) is None
    assert all(shapes.find(payload) is not None for payload in payloads[1:])
