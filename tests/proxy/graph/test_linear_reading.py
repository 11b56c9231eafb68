"""Reading costs a fixed number of looks at each character, whatever is in the file.

Counted are characters and lines of our code, not seconds.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from gremlink.proxy.graph.errors import FileProblem
from gremlink.proxy.graph.files import bulk_csv, csv_records
from gremlink.proxy.graph.files.bulk_csv import open_bulk_file
from gremlink.proxy.graph.files.csv_records import Record, records_of
from gremlink.proxy.graph.files.export_rows import read_chunks
from gremlink.proxy.learning.features import inference
from tests.support.counted_text import Count, CountedText

SMALL, LARGE = 400, 1600
MOST = 1.1
"""How much more than in proportion four times the size may cost."""

FILES: dict[str, Callable[[int], str]] = {
    "plain": lambda n: "~id,a\n" + "v,1\n" * n,
    "quoted": lambda n: "~id,a\n" + '"v","1"\n' * n,
    "an unbalanced quote in row 2": lambda n: '~id,a\nv,24" monitor\n' + "v,1\n" * n,
    "the same, quoted rows": lambda n: '~id,a\nv,"24" monitor\n' + '"v","1"\n' * n,
    "a cell that never ends": lambda n: '~id,a\nv,"24\n' + "v,1\n" * n,
    "one in every row": lambda n: "~id,a\n" + 'v,"24\n' * n,
    "one in every row, bare": lambda n: "~id,a\n" + 'v,24"\n' * n,
    "one in every second row": lambda n: "~id,a\n" + 'v,"24\nv,""\n' * n,
    "rows of doubled quotes in a cell": lambda n: '~id,a\nv,"24\n' + '""v"",""1""\n' * n,
    "a cell of quotes": lambda n: '~id,a\nv,"' + '"' * 2 * n + '"\n',
    "a cell of quotes without an end": lambda n: '~id,a\nv,"' + '"' * 2 * n + "\n",
    "a cell of blanks and a quote": lambda n: "~id,a\nv," + " " * n + '"\n',
    "blanks behind a quoted cell": lambda n: '~id,a\nv,"x"' + " " * n + "y\n",
    "a cell of many lines": lambda n: '~id,a\nv,"' + "x\n" * n + '"\n',
    "many cells": lambda n: "~id,a\nv" + ",1" * n + "\n",
    "many quoted cells": lambda n: "~id,a\nv" + ',"1"' * n + "\n",
    "many blank lines": lambda n: "~id,a\n" + "\n" * n,
    "one bad byte in a record of many lines": lambda n: '~id,a\nv,"\udcff' + "x\n" * n + '"\n',
    "a bad byte in every line of a record": lambda n: '~id,a\nv,"' + "\udcff\n" * n + '"\n',
}


def lines_run(work: Callable[[], Any], modules: tuple[str, ...]) -> int:
    """How many lines of the modules are run."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in modules:
            return None
        if event == "line":
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def read(text: str, count: Count, go_on: bool) -> int:
    """The problems in a text."""
    lines = [CountedText(line, count) for line in io.StringIO(text, newline="")]
    problems: list[FileProblem] = []
    try:
        for _ in records_of(lines, Path("x.csv"), on_problem=problems.append if go_on else None):
            pass
    except FileProblem as problem:
        problems.append(problem)
    return len(problems)


@pytest.mark.parametrize("go_on", [False, True], ids=["ends", "goes on"])
@pytest.mark.parametrize("file", FILES.values(), ids=FILES.keys())
def test_records_cost_in_proportion_to_their_bytes(file: Callable[[int], str], go_on: bool) -> None:
    costs = []
    for size in (SMALL, LARGE):
        count = Count()
        lines = lines_run(lambda: read(file(size), count, go_on), (csv_records.__file__,))  # noqa: B023
        costs.append(count.characters + lines)
    proportion = len(file(LARGE)) / len(file(SMALL))
    # What ends early costs less than in proportion.
    assert costs[1] <= costs[0] * proportion * MOST


@pytest.mark.parametrize("go_on", [False, True])
def test_each_character_is_looked_at_few_times(go_on: bool) -> None:
    for file in FILES.values():
        count = Count()
        read(file(SMALL), count, go_on)
        assert count.characters <= 16 * len(file(SMALL))


def test_rows_below_a_bad_one_are_read_and_each_problem_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(
        b'~id,a\n1,24" monitor\n2,b\n3,"c" d\n4,\xff\n5,"e\nf\n6,g\n7,"h"\n8,"i\nj"\n9,"k\n'
    )
    problems: list[FileProblem] = []
    file = open_bulk_file(path, on_problem=problems.append)
    assert [row.id for row in file.rows()] == ["2", "6", "7", "8"]
    places = [(each.line, each.column, each.reason.split()[0]) for each in problems]
    assert places == [
        (2, 3, "a"),
        (4, 3, "a"),
        (5, 3, "not"),
        (6, 3, "a"),
        (7, 2, "1"),
        (12, 3, "a"),
    ]


DIGITS = "1" * 200_000
NUMBERS = {
    "long": DIGITS,
    "then a letter": f"{DIGITS}x",
    "a fraction": f"1.{DIGITS}x",
    "zeros": "-" + "0" * 200_000 + "1",
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
@pytest.mark.parametrize("kind", ["Int", "Long", "Float", "Double", "Date"])
def test_a_long_number_is_no_long_work(tmp_path: Path, number: str, kind: str) -> None:
    """With a pattern that may take the digits in two ways this does not end today."""
    path = tmp_path / "x.csv"
    path.write_text(f"~id,a:{kind}\n1,{number}\n")
    problems: list[FileProblem] = []
    rows = list(open_bulk_file(path, on_problem=problems.append).rows())
    assert len(rows) + len(problems) == 1
    assert all(len(problem.reason) < 200 for problem in problems)


def test_many_columns_are_looked_at_once_each(tmp_path: Path) -> None:
    costs = []
    for size in (SMALL, LARGE):
        path = tmp_path / f"{size}.csv"
        path.write_text("~id," + ",".join(f"p{number}:Int" for number in range(size)) + "\n")
        costs.append(lines_run(lambda: open_bulk_file(path), (bulk_csv.__file__,)))  # noqa: B023
    assert costs[1] <= costs[0] * LARGE / SMALL * MOST


@pytest.mark.parametrize("system", ["~id", "~id,~from,~to"], ids=["vertices", "edges"])
def test_short_rows_cost_their_own_cells_and_not_those_of_a_wide_header(
    tmp_path: Path, system: str
) -> None:
    costs = []
    for size in (SMALL, LARGE):
        path = tmp_path / f"{size}.csv"
        names = ",".join(f"p{number}" for number in range(size))
        path.write_text(f"{system},{names}\n" + "v,w,x,y\n" * size)
        short: list[Record] = []
        file = open_bulk_file(path, on_short=short.append)
        costs.append(lines_run(lambda: list(file.rows()), (bulk_csv.__file__,)))  # noqa: B023
        assert len(short) == size
        # No cells are made up for the columns that nobody wants.
        chunk = next(iter(read_chunks(path, columns={"~id", "p1", "p9"})))
        assert len(chunk.short) == len(chunk.columns["p9"]) == size
        assert set(chunk.columns) == {"~id", "p1", "p9"}
        assert not any(chunk.columns["p9"])
        assert max(map(len, (record.cells for record in short))) == 4
    assert costs[1] <= costs[0] * LARGE / SMALL * MOST


def test_different_values_are_sorted_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = []
    for size in (64, 256):
        sorted_: list[int] = []
        unique = np.unique

        def counted(values: Any, sorted_: list[int] = sorted_, unique: Any = unique) -> Any:
            sorted_.append(len(values))
            return unique(values)

        with monkeypatch.context() as patch:
            patch.setattr(inference.np, "unique", counted)
            distinct = inference._Distinct()
            for piece in range(size):
                distinct.see([f"{piece}-{number}" for number in range(10)])
            assert len(distinct) == size * 10
        costs.append(sum(sorted_))
    assert costs[1] <= costs[0] * 4 * MOST
