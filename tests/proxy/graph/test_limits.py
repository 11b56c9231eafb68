"""What is too much of data from elsewhere, and what is said of it."""

from __future__ import annotations

import bz2
import csv
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gremlink.proxy.config.sections import Limits
from gremlink.proxy.graph.errors import BadCell, FileProblem
from gremlink.proxy.graph.files.bulk_csv import open_bulk_file
from gremlink.proxy.graph.files.compressed import open_text
from gremlink.proxy.graph.files.csv_records import read_records
from gremlink.proxy.graph.files.export_rows import read_chunks
from gremlink.proxy.graph.limits import ReadLimits, limits, use_limits
from gremlink.proxy.graph.load.gremlin_text import load_gremlin

CELL = 1000
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
}


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    before, limit = limits(), csv.field_size_limit()
    use_limits(ReadLimits(cell=CELL, unpacked=100_000, answer=2**20))
    yield
    use_limits(before)
    csv.field_size_limit(limit)


def test_the_defaults_are_those_of_the_settings() -> None:
    limits = Limits()
    assert ReadLimits() == ReadLimits(
        limits.max_cell_characters, limits.max_unpacked_bytes, limits.max_answer_bytes
    )


def written(directory: Path, text: str, packed: str = "", name: str = "v.csv") -> Path:
    path = directory / f"{name}{packed}"
    path.write_bytes(PACKERS[packed](text.encode()))
    return path


HEAD = "~id,~label,t:String\n1,a,x\n"
LONG = "y" * (CELL + 1)


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize(
    ("row", "column"),
    [
        (f"2,a,{LONG}\n", 5),
        (f'2,a,"{LONG}"\n', 5),
        (f'2,"a",{LONG}\n', 7),
        (f'2,a,"{"y" * 600}\n{"y" * 600}"\n', 5),
        (f"{LONG},a,x\n", 1),
        ("2,a," + "ü" * (CELL + 1) + "\n", 5),
    ],
)
def test_a_cell_that_is_too_long_is_told_with_its_place(
    tmp_path: Path, packed: str, row: str, column: int
) -> None:
    path = written(tmp_path, HEAD + row + "3,a,z\n", packed)
    with pytest.raises(FileProblem) as loading:
        list(open_bulk_file(path).rows())
    with pytest.raises(BadCell) as learning:
        list(read_chunks(path))
    for problem in (loading.value, learning.value):
        assert (problem.path, problem.line, problem.column) == (path, 3, column)
        assert "more than 1,000 characters" in problem.reason
        assert "limits.max_cell_characters" in problem.reason


def test_a_quote_that_is_missing_is_thought_of(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + '2,a,"y\n' + "3,a,z\n" * 400)
    with pytest.raises(FileProblem, match=r"closing quote may be missing") as caught:
        list(read_records(path))
    assert (caught.value.line, caught.value.column) == (3, 5)


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_line_without_an_end_is_not_read_to_it(tmp_path: Path, packed: str, end: str) -> None:
    path = written(tmp_path, HEAD + "2,a," + "y" * 90_000 + end, packed)
    for read in (lambda: list(read_records(path)), lambda: list(read_chunks(path))):
        with pytest.raises((FileProblem, BadCell), match=r"more than 4,000 bytes") as caught:
            read()
        assert caught.value.line == 3


@pytest.mark.parametrize("packed", [".gz", ".bz2"])
@pytest.mark.parametrize("name", ["v.csv", "part-00000"])
def test_what_unpacks_to_too_much_is_given_up(tmp_path: Path, packed: str, name: str) -> None:
    path = written(tmp_path, HEAD + "2,a,yyyyyyyyy\n" * 100_000, packed, name)
    assert path.stat().st_size < 10_000
    with pytest.raises(FileProblem, match=r"unpacks to more than 100,000 bytes"):
        list(open_bulk_file(path).rows())
    with pytest.raises(BadCell, match=r"limits\.max_unpacked_bytes"):
        list(read_chunks(path))


def test_a_file_that_is_not_packed_may_have_any_size(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "2,a,yyyyyyyyy\n" * 20_000)
    assert sum(1 for _ in open_bulk_file(path).rows()) == 20_001


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("row", [f"2,a,{LONG[1:]}\n", f'2,a,"{LONG[1:]}"\n', "2,a,üüü\n"])
def test_what_is_as_long_as_it_may_be_is_read(tmp_path: Path, packed: str, row: str) -> None:
    path = written(tmp_path, HEAD + row, packed)
    assert len(list(open_bulk_file(path).rows())) == 2
    assert [len(chunk) for chunk in read_chunks(path)] == [2]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_any_system_are_lines(tmp_path: Path, end: str) -> None:
    text = end.join(["~id,t", *["1,x"] * 5000])
    with open_text(written(tmp_path, text)) as file:
        assert sum(1 for _ in file) == 5001


def test_a_query_of_any_length_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "q.gremlin"
    path.write_text("g.V()\n" + "g.V()" * 100_000)
    with pytest.raises(FileProblem, match=r"q\.gremlin:2: this line has more than 4,000 bytes"):
        load_gremlin("ws://127.0.0.1:9/gremlin", path)
