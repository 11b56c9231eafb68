"""Processing of large CSV files: seconds and memory, beside merely reading them.

    python benchmarks/processing.py [--rows 1000000]

Writes an export with as many vertices (a number, a category, a date, an `auto` property, several
values, words for TF-IDF) and as many edges (with a number), and processes it in a process of its
own; then a quarter of it. Prints what each took, how much of the memory is the result, and the
ratio to a process that only reads every row with `csv`. Seconds are those of the processor, so
that a busy machine counts for nothing. Exits with 1 if memory grows faster than the rows.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

WORDS = np.array("red green blue old new fast slow big small round good bad fine rare".split())
FEATURES = [
    {"feature": ["amount", "amount", "numerical"], "norm": "min-max", "imputer": "median"},
    {"feature": ["kind", "kind", "category"]},
    {"feature": ["since", "since", "datetime"]},
    {"feature": ["level", "level", "auto"]},
    {"feature": ["tags", "tags", "category"], "separator": ";"},
    {"feature": ["words", "words", "text_tfidf"]},
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], Path(arguments.child[1]))
        return 0
    console = Console(width=110)
    table = Table(
        "Vertices", "Edges", "CSV MiB", "Work", "Seconds", "Peak MiB", "Result MiB", "Rows/s"
    )
    peaks = []
    for rows in (arguments.rows // 4, arguments.rows):
        with tempfile.TemporaryDirectory() as directory:
            export = Path(directory)
            write_export(export, rows)
            size = sum(path.stat().st_size for path in export.glob("*.csv")) / 2**20
            found = {}
            for work in ("reading", "processing"):
                found[work] = measured(work, export)
                seconds, peak, result = found[work]
                table.add_row(
                    f"{rows:,}", f"{rows:,}", f"{size:,.0f}", work, f"{seconds:.1f}",
                    f"{peak:,.0f}", f"{result:,.0f}", f"{2 * rows / seconds:,.0f}",
                )  # fmt: skip
            peaks.append(found["processing"][1])
    console.print(table)
    ratio = found["processing"][0] / found["reading"][0]
    growth = peaks[1] / peaks[0]
    console.print(f"processing / reading once: {ratio:.1f} in seconds")
    console.print(f"four times the rows: {growth:.1f} times the memory")
    return int(growth > 4)


def write_export(directory: Path, rows: int) -> None:
    """An export as `gremlink export` writes them."""
    random = np.random.default_rng(0)
    amounts = random.normal(100, 20, rows).round(2)
    kinds = random.integers(0, 300, rows)
    days = random.integers(1, 29, rows)
    words = random.choice(WORDS, (rows, 5))
    with (directory / "v.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["~id", "~label", "amount", "kind", "since", "level", "tags", "words"])
        for row in range(rows):
            day = days[row]
            writer.writerow(
                [
                    f"v{row}",
                    "V",
                    amounts[row] if row % 10 else "",
                    f"kind {kinds[row]}",
                    f"20{day % 20 + 1:02}-0{day % 9 + 1}-{day:02}T{day % 24:02}:00:00Z",
                    "low" if day % 3 else "high",
                    f"{WORDS[day % 14]};{WORDS[day % 5]}",
                    " ".join(words[row]),
                ]
            )
    ends = random.integers(0, rows, (rows, 2))
    with (directory / "e.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["~id", "~label", "~from", "~to", "weight"])
        for row in range(rows):
            head, tail = ends[row]
            writer.writerow([f"e{row}", "r", f"v{head}", f"v{tail}", row % 17])
    numerical = {"norm": "min-max", "imputer": "median"}
    edges = {
        "file_name": "e.csv",
        "source": ["~from", "V"],
        "relation": ["", "r"],
        "dest": ["~to", "V"],
        "features": [{"feature": ["weight", "weight", "numerical"], **numerical}],
    }
    nodes = {"file_name": "v.csv", "node": ["~id", "V"], "features": FEATURES}
    document = {"graph": {"nodes": [nodes], "edges": [edges]}}
    (directory / "training-data-configuration.json").write_text(json.dumps(document))


def measured(work: str, export: Path) -> tuple[float, float, float]:
    """Seconds, peak memory and size of the result in MiB, of a process that does one thing."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", work, str(export)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
    )
    seconds, peak, result = json.loads(done.stdout)
    return seconds, peak, result


def child(work: str, export: Path) -> None:
    from gremlink.proxy.learning.provenance import peak_memory

    result = 0
    if work == "reading":
        for path in export.glob("*.csv"):
            with path.open(newline="") as file:
                for _ in csv.reader(file):
                    pass
    else:
        from gremlink.proxy.graph import read_export
        from gremlink.proxy.learning.processing.process import process

        found = process(read_export(export))
        for features in found.graph.features.values():
            result += features.values.nbytes
        for rows in found.rows.values():
            if rows.features is not None:
                result += rows.features.values.nbytes
        result += sum(edges.heads.nbytes * 2 for edges in found.graph.edges.values())
    seconds = time.process_time()
    print(json.dumps([seconds, peak_memory(), result / 2**20]))


if __name__ == "__main__":
    sys.exit(main())
