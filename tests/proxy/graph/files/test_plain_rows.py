"""Rows that Arrow reads are those of the standard library's reader, with the same places."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.proxy.graph.errors import BadExport
from gremlink.proxy.graph.files import plain_rows
from gremlink.proxy.graph.files.export_rows import read_chunks

PIECES = ["a", "1", "é", "\U0001f600", " ", ",", ";", "\n", "\r\n", '"', "\ufeff", "\t", "x" * 30]


def listed(path: Path, separator: str = ",", rows: int | None = 3) -> list[tuple[object, ...]]:
    """All rows with their lines, or the error."""
    found: list[tuple[object, ...]] = []
    try:
        for chunk in read_chunks(path, separator, rows=rows):
            columns = [chunk.columns[name] for name in chunk.header]
            found += zip(chunk.lines, *columns, strict=True)
            found += [("short", line) for line in chunk.short]
    except BadExport as error:
        found.append(("error", str(error)))
    return found


def in_both_ways(path: Path, monkeypatch: pytest.MonkeyPatch, separator: str = ",") -> None:
    quick = listed(path, separator)
    with monkeypatch.context() as patched:
        patched.setattr(plain_rows, "_arrow", lambda: None)
        slow = listed(path, separator)
    assert sorted(map(repr, quick)) == sorted(map(repr, slow))


@given(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.integers(1, 40),
    st.sampled_from([",", ";", "\t", "é"]),
)
def test_rows_are_those_of_the_other_reader(
    tmp_path_factory: pytest.TempPathFactory, text: str, block: int, separator: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "plain_rows.csv"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(plain_rows, "BLOCK", block)
        in_both_ways(path, monkeypatch, separator)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n", b"a", b"a\n", b"a,b\n1,2", b"a,b\r\n1,2\r\n", b"a,b\n1\n2,3\n", b"a,b\n1,2,3\n",
        b"a,b\n1,2\n\n3,4\n", b"a,a\n1,2\n", b"\xef\xbb\xbfa,b\n1,2\n", b"a,b\n\xef\xbb\xbf1,2\n",
        b"a,b\n1,\xff\n", b"a,b\n1,2\r3,4\n", b'a,b\n1,2\n"3",4\n5,6\n', b"a,b\n1,NULL\nNA,\n",
        b"a\n1\n\n2\n", b"a,b\n 1 ,\t2\n", b"\na,b\n1,2\n", b"a,b\n1,2\n\r\n3,4\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("block", [4, 2**22])
def test_files_of_every_form(
    tmp_path: Path, data: bytes, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_rows, "BLOCK", block)
    plain, packed = tmp_path / "rows.csv", tmp_path / "rows.csv.gz"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    in_both_ways(plain, monkeypatch)
    in_both_ways(packed, monkeypatch)


def test_the_wanted_columns_alone_in_chunks_of_bounded_size(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c\n" + "".join(f"{row},x,{row}\n" for row in range(10)))
    chunks = list(read_chunks(path, columns=["c", "none"], rows=4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]
    assert [list(chunk.columns) for chunk in chunks] == [["c"]] * 3
    assert [list(chunk.columns["c"]) for chunk in chunks] == [
        ["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9"],
    ]  # fmt: skip
    assert "a" not in chunks[0].columns
    (only,) = read_chunks(path, columns=[])
    assert (len(only), list(only.columns)) == (10, [])


def test_a_problem_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1,2\n3,four\n")
    (chunk,) = read_chunks(path)
    assert str(chunk.problem(1, "b", "no number")).startswith(f"{path}:3:3")
