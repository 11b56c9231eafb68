"""The tables of forms, as the document shows them, and the order of the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gremlink.proxy.inference.rewrite.forms import Row, as_markdown, choose
from gremlink.proxy.inference.rewrite.links import LINKS
from gremlink.proxy.inference.rewrite.properties import PROPERTIES
from gremlink.proxy.inference.rewrite.property_values import PER_ELEMENT
from gremlink.proxy.inference.rewrite.rules import RULES

TABLES: dict[str, Any] = {"links": LINKS, "properties": PROPERTIES, "of each": PER_ELEMENT}
DOCUMENT = Path(__file__).parents[4] / "docs" / "architecture.md"


@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES.keys())
def test_the_document_shows_the_tables(rows: Any) -> None:
    table = as_markdown(rows)
    assert table in DOCUMENT.read_text(encoding="utf-8"), f"docs/architecture.md needs:\n{table}"


@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES.keys())
def test_something_fits_always(rows: Any) -> None:
    assert [row.when for row in rows if not row.when] == [rows[-1].when]


@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES.keys())
def test_no_row_is_out_of_reach(rows: Any) -> None:
    """An earlier row that fits whenever a later one does would hide it."""
    hidden = [
        (earlier.form, later.form)
        for number, later in enumerate(rows)
        for earlier in rows[:number]
        if earlier.when.items() <= later.when.items()
    ]
    assert hidden == []


def test_a_column_is_asked_where_those_before_it_fit() -> None:
    class Case:
        cheap = False

        @property
        def dear(self) -> bool:
            raise AssertionError("asked for nothing")

    rows: tuple[Row[Case, None], ...] = (
        Row("first", lambda _: None, {"cheap": True, "dear": True}),
        Row("last", lambda _: None, {}),
    )
    assert choose(rows, Case()).form == "last"


def test_side_effects_run_before_anything_is_replaced() -> None:
    assert [rule.apply.__name__ for rule in RULES] == [
        "run_side_effects",
        "replace_links",
        "replace_property",
    ]
