"""RFC 4180 with the bulk loader's manners: what cells hold, and where errors are."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.proxy.graph.errors import FileProblem
from gremlink.proxy.graph.files.csv_records import read_records


def cells(tmp_path: Path, text: str) -> list[list[str | None]]:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode())
    return [record.cells for record in read_records(path)]


def test_plain(tmp_path: Path) -> None:
    assert cells(tmp_path, "a,b\r\nc,d\n") == [["a", "b"], ["c", "d"]]


def test_blank_is_not_empty(tmp_path: Path) -> None:
    assert cells(tmp_path, 'a,,"",b\n') == [["a", None, "", "b"]]
    assert cells(tmp_path, ",\n") == [[None, None]]


def test_blanks_around_separators(tmp_path: Path) -> None:
    assert cells(tmp_path, ' a , " b " ,\tc\n') == [["a", " b ", "c"]]


def test_quoted_comma_quote_and_line_break(tmp_path: Path) -> None:
    assert cells(tmp_path, 'a,"1,""2""\n3",b\nc,d,e\n') == [
        ["a", '1,"2"\n3', "b"],
        ["c", "d", "e"],
    ]


def test_backslash_is_itself(tmp_path: Path) -> None:
    assert cells(tmp_path, r"a\t,b\\" + "\n") == [[r"a\t", r"b\\"]]


def test_blank_lines_and_byte_order_mark(tmp_path: Path) -> None:
    assert cells(tmp_path, "\ufeffa,b\n\n  \nc,d") == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('a,b\nc,d"e"\n', ":2:3: a cell with a quote"),
        ('a,"b"c\n', ":1:3: a cell with a quote"),
        ('a,b\nc,"d\ne\n', ":2:3: a quoted cell begins here and never ends"),
        ('"x\ny",b"c"\n', ":2:4: a cell with a quote"),
    ],
)
def test_where_quotes_go_wrong(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(FileProblem) as caught:
        cells(tmp_path, text)
    assert f"file.csv{place}" in str(caught.value)


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes("a\nä,".encode() + b"\xff\n")
    with pytest.raises(FileProblem, match=r"file\.csv:2:3: not UTF-8"):
        list(read_records(path))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="No such file"):
        list(read_records(tmp_path / "none.csv"))


def test_problem_names_the_cell_after_a_line_break(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text('h\n"a\nb",c,d\n')
    record = list(read_records(path))[1]
    assert str(record.problem(2, "no")) == f"{path}:3:6: no"


TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=("Cs", "Cc")),
)


@given(st.lists(st.lists(TEXT, min_size=2, max_size=4), min_size=1, max_size=5))
def test_reads_what_the_standard_library_writes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(written.getvalue().encode())
    assert [record.cells for record in read_records(path)] == rows
