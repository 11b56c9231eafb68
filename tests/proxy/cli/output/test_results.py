"""Results of queries as tables, lines and JSON."""

import datetime
import io
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from gremlin_python.process.traversal import T
from gremlin_python.structure.graph import Edge, Path, Property, Vertex, VertexProperty
from rich.console import Console

from gremlink.proxy.cli.output import results
from gremlink.proxy.graph.server import shown

HENRY = Vertex("user_06", "User")
HENRY.properties = [
    VertexProperty(1, "name", "Henry", HENRY),
    VertexProperty(2, "interest", "arts", HENRY),
    VertexProperty(3, "interest", "comics", HENRY),
]
BILL = Vertex("user_01", "User")
FRIEND = Edge("friend_01", BILL, "FRIEND", HENRY, [Property("since", 1999, None)])
MOMENT = datetime.datetime(2024, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        ("x", "x"),
        (Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (MOMENT, "2024-02-03 04:05:00+00:00"),
        (BILL, {"id": "user_01", "label": "User", "properties": {}}),
        (
            HENRY,
            {
                "id": "user_06",
                "label": "User",
                "properties": {"name": "Henry", "interest": ["arts", "comics"]},
            },
        ),
        (
            FRIEND,
            {
                "id": "friend_01",
                "label": "FRIEND",
                "outV": "user_01",
                "inV": "user_06",
                "properties": {"since": 1999},
            },
        ),
        (VertexProperty(1, "name", "Henry", HENRY), {"key": "name", "value": "Henry"}),
        (Path([["a"], []], ["x", 1]), ["x", 1]),
        (
            {T.id: 1, T.label: "User", "name": ["Henry"]},
            {"id": 1, "label": "User", "name": ["Henry"]},
        ),
        ({1: "a", None: "b"}, {"1": "a", "null": "b"}),
        ({3}, [3]),
    ],
    ids=repr,
)
def test_plain(value: Any, expected: Any) -> None:
    assert shown.plain(value) == expected
    assert json.loads(results.json_line(value)) == expected


def test_numbers_that_json_lacks() -> None:
    values = [float("inf"), float("-inf"), {"x": float("nan")}]
    assert json.loads(results.json_line(values)) == ["Infinity", "-Infinity", {"x": "NaN"}]


def test_scalars_are_one_column_without_a_name() -> None:
    assert list(results.lines(["Bill", 2, True, None])) == ["Bill", "2", "true", "null"]


def test_maps_share_columns_in_order_of_appearance() -> None:
    found = [{"name": "Bill", "age": 1}, {"name": "Sarah", "city": "Rome"}]
    assert list(results.lines(found)) == ["name\tage\tcity", "Bill\t1\t", "Sarah\t\tRome"]


def test_vertices_have_their_properties_beside_the_id() -> None:
    assert list(results.lines([HENRY])) == [
        "id\tlabel\tname\tinterest",
        "user_06\tUser\tHenry\t[arts, comics]",
    ]


def test_property_called_like_a_column_stays_inside() -> None:
    odd = Vertex(1, "User")
    odd.properties = [VertexProperty(1, "label", "x", odd)]
    assert list(results.lines([odd])) == ["id\tlabel\tproperties", "1\tUser\t{label: x}"]


def test_mixed_results_are_one_column() -> None:
    assert list(results.lines(["Bill", {"a": [1, None]}])) == ["Bill", "{a: [1, null]}"]


def test_no_results_are_no_lines() -> None:
    assert list(results.lines([])) == []


def test_stored_text_cannot_drive_a_terminal() -> None:
    assert shown.text("a\x1b[2Jb\tc\nd") == r"a\x1b[2Jb\tc\nd"
    assert shown.text("\u202eevil") == r"\u202eevil"
    assert shown.text("Zoë 東京") == "Zoë 東京"


def test_table_shows_markup_as_it_is() -> None:
    screen = Console(file=io.StringIO(), width=60)
    screen.print(results.table([{"[bold]x": "[red]y[/red]"}]))
    printed = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "[bold]x" in printed
    assert "[red]y[/red]" in printed


def test_a_wide_map_has_a_line_for_each_part() -> None:
    why = {
        "score": 0.75,
        "contributions": {"popularity": 1.5},
        "paths": [
            {"path": ["user_06", "-FRIEND->", "user_01"], "strength": 0.5},
            {"path": ["user_06", "-FRIEND->", "user_19", "<-FRIEND-", "user_01"], "strength": 0.1},
        ],
        "features": {},
    }
    assert results.block(why) == "\n".join(
        [
            "score: 0.75",
            "contributions: {popularity: 1.5}",
            "paths:",
            "  - {path: [user_06, -FRIEND->, user_01], strength: 0.5}",
            "  - path: [user_06, -FRIEND->, user_19, <-FRIEND-, user_01]",
            "    strength: 0.1",
            "features: {}",
        ]
    )
    assert list(results.lines([why]))[1].count("\t") == 3


def test_text_stays_in_its_line_however_wide() -> None:
    assert results.block("x" * 200) == "x" * 200
    assert results.block("a\nb" * 50) == "a\\nb" * 50
