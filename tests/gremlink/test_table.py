"""Tables of results: rows, columns, text, HTML, and other libraries' tables."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from gremlink import NotInstalled, PredictedLink, Table
from gremlink.api.results.table import SHOWN

LINKS = Table(
    PredictedLink._fields,
    (PredictedLink("henry", "bill", 0.75), PredictedLink("henry", "<b>\x1b[31m", 0.5)),
)


def test_rows_are_named_tuples() -> None:
    assert len(LINKS) == 2
    assert LINKS[0].target == "bill"
    assert [row.score for row in LINKS] == [0.75, 0.5]
    assert LINKS[:1] == Table(PredictedLink._fields, LINKS.rows[:1])
    assert LINKS.column("target")[0] == "bill"
    assert LINKS.to_dicts()[0] == {"source": "henry", "target": "bill", "score": 0.75}


def test_an_unknown_column_names_those_that_there_are() -> None:
    with pytest.raises(KeyError, match="there are source, target, score"):
        LINKS.column("id")


def test_text_obeys_nothing_in_it() -> None:
    text = repr(LINKS)
    assert "│ henry  │ bill" in text
    assert "0.7500" in text
    assert "\x1b" not in text
    assert r"\x1b[31m" in text


def test_html_is_escaped() -> None:
    html = LINKS._repr_html_()
    assert html.startswith("<table><thead><tr><th>source</th>")
    assert "<td>&lt;b&gt;\\x1b[31m</td>" in html


def test_long_tables_say_how_much_more_there_is() -> None:
    table = Table(("n",), tuple((number,) for number in range(SHOWN + 5)))
    assert repr(table).endswith("… and 5 more rows")
    assert "… and 5 more rows" in table._repr_html_()
    assert f"{SHOWN + 1}" not in repr(table)


def test_an_empty_table_says_so() -> None:
    assert repr(Table(("id", "value"), ())) == "no rows (id, value)"


@pytest.mark.parametrize(
    ("library", "maker", "method"),
    [("pandas", "DataFrame", "to_pandas"), ("pyarrow", "table", "to_arrow")],
)
def test_other_tables_are_made_of_columns(
    library: str, maker: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType(library)
    monkeypatch.setattr(module, maker, lambda columns: columns, raising=False)
    monkeypatch.setitem(sys.modules, library, module)
    found = getattr(LINKS, method)()
    assert list(found) == ["source", "target", "score"]
    assert found["score"] == [0.75, 0.5]


@pytest.mark.parametrize(("library", "method"), [("pandas", "to_pandas"), ("pyarrow", "to_arrow")])
def test_a_missing_library_is_named(
    library: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == library:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.delitem(sys.modules, library, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(NotInstalled, match=f"`pip install {library}` adds it"):
        getattr(LINKS, method)()
