"""Texts of values that were read are those that an export of the same value writes."""

from __future__ import annotations

import struct
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from gremlin_python.statics import long, timestamp
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryWriter
from gremlin_python.structure.io.graphsonV3d0 import GraphSONWriter
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar import graphbinary, graphson
from gremlink.grammar.traversal import Bulked, Items, Kind, Literal, Opaque
from gremlink.proxy.graph.export.elements import _value
from gremlink.proxy.graph.server.results import from_json, plain
from gremlink.proxy.inference.queries.property_text import texts_of

MOMENTS = (
    datetime(2001, 2, 3, 4, 5, 6),
    datetime(1969, 12, 31, 23, 59, 59, 250_000),
    datetime(2024, 2, 29),
)


@pytest.mark.parametrize(
    "value",
    [
        *("text", "", True, False, 3, long(3), 1.5, -0.0, 1e300, float("inf")),
        *(timestamp(0.5), UUID(int=5), *MOMENTS),
    ],
)
def test_as_an_export_writes_it(value: object) -> None:
    json = GraphSONWriter().to_dict(value)
    expected = [_value(from_json(json)).text]
    binary, _ = graphbinary.read_value(bytes(GraphBinaryWriter().write_object(value)))
    assert list(texts_of(binary)) == expected
    assert list(texts_of(graphson.read_value(json))) == expected


@pytest.mark.parametrize(
    ("what", "raw", "json"),
    [
        ("Instant", struct.pack(">qi", 1, 5), "1970-01-01T00:00:01.000000005Z"),
        ("LocalDate", struct.pack(">ibb", 12020, 2, 29), "+12020-02-29"),
        ("LocalDateTime", struct.pack(">ibbq", 2020, 1, 2, 11_040 * 10**9), "2020-01-02T03:04"),
        ("LocalTime", struct.pack(">q", 1_500_000_000), "00:00:01.500"),
        ("OffsetDateTime", struct.pack(">ibbqi", -1, 1, 2, 0, 9000), "-0001-01-02T00:00+02:30"),
        ("Duration", struct.pack(">qi", 3661, 500_000_000), "PT1H1M1.5S"),
        ("Year", struct.pack(">i", 2020), "2020"),
        ("Date", struct.pack(">q", 2**63 - 1), 2**63 - 1),
    ],
)
def test_time_in_all_formats(what: str, raw: bytes, json: str | int) -> None:
    typed = {"@type": f"{'g' if what == 'Date' else 'gx'}:{what}", "@value": json}
    expected = [_value(from_json(typed)).text]
    assert list(texts_of(graphson.read_value(typed))) == expected
    binary = Opaque("graphbinary", b"\x00\x00" + raw, what)
    assert list(texts_of(binary)) == expected
    assert [_value(plain(binary)).text] == expected


@pytest.mark.parametrize(
    ("json", "text"),
    [
        ({"@type": "g:Timestamp", "@value": -(2**63)}, "-292275055-05-16T16:47:04.192Z"),
        ({"@type": "gx:Duration", "@value": "PT2562047788015215H30M7S"}, "9.223372036854776e+18"),
        ({"@type": "gx:Duration", "@value": "PT1.2.3S"}, "PT1.2.3S"),
        ({"@type": "gx:ZonedDateTime", "@value": "2020-01-01T00:00Z[Etc/UTC]"},) * 2,
        ({"@type": "gx:ByteBuffer", "@value": "AQID"}, "AQID"),
        ("a\ud83d", "a\\ud83d"),
    ],
)
def test_what_python_has_no_type_for(json: Any, text: Any) -> None:
    text = text["@value"] if isinstance(text, dict) else text
    assert _value(from_json(json)).text == text
    assert list(texts_of(graphson.read_value(json))) == [text]


def test_bytes_in_graphbinary() -> None:
    value = Opaque("graphbinary", b"\x25\x00" + struct.pack(">i", 3) + b"\1\2\3", "ByteBuffer")
    assert list(texts_of(value)) == ["AQID"]
    assert _value(plain(value)).text == "AQID"


@given(st.floats(allow_nan=False, width=32) | st.floats())
def test_numbers(number: float) -> None:
    assert list(texts_of(Literal.of(number))) == [_value(number).text]


def test_lists_nothing_and_the_unknown() -> None:
    several = Items("list", (Literal.of("a"), Literal.of(None), Bulked(Literal.of(1), 2)))
    assert list(texts_of(several)) == ["a", "1", "1"]
    assert list(texts_of(Literal(Kind.BIG_DECIMAL, Decimal("1.50")))) == ["1.50"]
    assert list(texts_of(Opaque("graphbinary", b"\x11\x00", "Vertex"))) == []
