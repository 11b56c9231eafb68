"""Texts of values that were read are those that an export of the same value writes."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from gremlin_python.statics import long, timestamp
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryWriter
from gremlin_python.structure.io.graphsonV3d0 import GraphSONWriter
from hypothesis import given
from hypothesis import strategies as st

from grammar import graphbinary, graphson
from grammar.traversal import Bulked, Items, Kind, Literal, Opaque
from proxy.graph.elements import _value
from proxy.inference.cells import texts_of

MOMENTS = (
    datetime(2001, 2, 3, 4, 5, 6),
    datetime(1969, 12, 31, 23, 59, 59, 250_000),
    datetime(2024, 2, 29, tzinfo=timezone.utc),
)


@pytest.mark.parametrize(
    "value",
    [
        *("text", "", True, False, 3, long(3), 1.5, -0.0, 1e300, float("inf")),
        *(timestamp(0.5), UUID(int=5), *MOMENTS),
    ],
)
def test_as_an_export_writes_it(value: object) -> None:
    expected = [_value(value).text]
    binary, _ = graphbinary.read_value(bytes(GraphBinaryWriter().write_object(value)))
    assert list(texts_of(binary)) == expected
    json = GraphSONWriter().to_dict(value)
    assert list(texts_of(graphson.read_value(json))) == expected


@given(st.floats(allow_nan=False, width=32) | st.floats())
def test_numbers(number: float) -> None:
    assert list(texts_of(Literal.of(number))) == [_value(number).text]


def test_lists_nothing_and_the_unknown() -> None:
    several = Items("list", (Literal.of("a"), Literal.of(None), Bulked(Literal.of(1), 2)))
    assert list(texts_of(several)) == ["a", "1", "1"]
    assert list(texts_of(Literal(Kind.BIG_DECIMAL, Decimal("1.50")))) == ["1.50"]
    assert list(texts_of(Opaque("graphbinary", b"\x81\x00", "Duration"))) == []
