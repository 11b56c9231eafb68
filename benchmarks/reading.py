"""Reading files that go wrong: what four times the bytes cost, beside plain ones.

    python benchmarks/reading.py [--rows 100000]

Writes CSV files with unbalanced quotes, cells without an end, long blanks and long numbers, at two
sizes, and reads each to its end: as `gremlink load` does, as the loader does that leaves bad rows
out, and as `gremlink process` does. Prints the ratio of the processor's seconds for four times the
rows, which is 4 where reading is linear, and the ratio to a file of plain rows of the same size.
Exits with 1 if four times the rows took more than eight times the seconds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gremlink.proxy.graph.errors import GraphError
from gremlink.proxy.graph.files.bulk_csv import open_bulk_file
from gremlink.proxy.graph.files.export_rows import read_chunks

MOST = 8.0
PLAIN = "plain rows"
FILES: dict[str, Callable[[int], str]] = {
    PLAIN: lambda n: "~id,a:String\n" + "v,12345678\n" * n,
    "quoted rows": lambda n: "~id,a:String\n" + '"v","123456"\n' * n,
    "one unbalanced quote in row 2": lambda n: '~id,a\nv,24" monitor\n' + "v,12345678\n" * n,
    "one in every row": lambda n: "~id,a\n" + 'v,24" monitor\n' * n,
    "a cell that never ends": lambda n: '~id,a\nv,"24\n' + "v,12345678\n" * n,
    "one in every row that never ends": lambda n: "~id,a\n" + 'v,"24 inches\n' * n,
    "a cell of doubled quotes": lambda n: '~id,a\nv,"' + '""' * 6 * n + '"\n',
    "blanks before a quote": lambda n: "~id,a\nv," + " " * 12 * n + '"\n',
    "a long number that is none": lambda n: "~id,a:Double\nv," + "1" * 12 * n + "x\n",
    "many columns": lambda n: "~id," + ",".join(f"p{number}:Int" for number in range(n)) + "\n",
}


def strictly(path: Path) -> None:
    """To the first problem, as `gremlink load`."""
    for _ in open_bulk_file(path).rows():
        pass


def leniently(path: Path) -> None:
    """To the end, as the loader that goes on."""
    for _ in open_bulk_file(path, on_problem=lambda problem: None).rows():
        pass


def as_export(path: Path) -> None:
    """As `gremlink process`."""
    for _ in read_chunks(path):
        pass


def seconds(read: Callable[[Path], None], path: Path) -> float:
    """The best of three, of the processor."""
    found = []
    for _ in range(3):
        begun = time.process_time()
        with suppress(GraphError):
            read(path)
        found.append(time.process_time() - begun)
    return max(min(found), 1e-6)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    table = Table("File", "Read", "Four times the rows", "Beside plain rows")
    worst = 0.0
    plain: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as directory:
        for name, text in FILES.items():
            small, large = Path(directory) / "small.csv", Path(directory) / "large.csv"
            small.write_text(text(rows))
            large.write_text(text(4 * rows))
            for read in (strictly, leniently, as_export):
                before, after = seconds(read, small), seconds(read, large)
                plain.setdefault(read.__name__, after)
                growth, share = after / before, after / plain[read.__name__]
                # What ends at once takes no time that could be measured.
                worst = max(worst, growth if after > 0.01 else 0.0)
                table.add_row(name, read.__name__, f"{growth:.1f}", f"{share:.2f}")
    Console(width=110).print(table)
    return 0 if worst <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
