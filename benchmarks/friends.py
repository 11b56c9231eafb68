"""The first question of the quick start over many seeds: who is Henry's next friend?

    python benchmarks/friends.py [--seeds 20]

Trains the sample graph with default settings, once for each seed, and asks for Henry's top eight
outgoing friends. Prints the place of Bill, and how many of the eight names that AWS published for
this graph are among ours. No server is needed: the export is written from the sample files.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gremlink.grammar.traversal import Literal
from gremlink.proxy.embedded.sample import FRIENDS
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.workflows.train import train

EXPECTED = "Bill"
PUBLISHED = {"Bill", "Colin", "Sarah", "Gordon", "Mary", "Josie", "Arnold", "Terry"}
ASKED = "Henry"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    arguments = parser.parse_args()
    table = Table("Seed", "Top eight", "Bill", "Published", "Weights (out)", "Seconds")
    first = 0
    shared = []
    with tempfile.TemporaryDirectory() as directory:
        export = Path(directory) / "export"
        names = write_export(export)
        for seed in range(arguments.seeds):
            begun = time.perf_counter()
            report = train(export, Path(directory) / "artifact", seed=seed)
            seconds = time.perf_counter() - begun
            answers = ask(Path(directory) / "artifact", names)
            first += answers[0] == EXPECTED
            shared.append(len(PUBLISHED.intersection(answers)))
            place = answers.index(EXPECTED) + 1 if EXPECTED in answers else None
            weights = report.blend[0].describe()
            table.add_row(
                str(seed), " ".join(answers), str(place), str(shared[-1]), weights, f"{seconds:.1f}"
            )
    console = Console(width=160)
    console.print(table)
    console.print(
        f"{EXPECTED} first for {first} of {arguments.seeds} seeds; of the published eight "
        f"{statistics.mean(shared):.2f} on average among ours"
    )


def ask(artifact: Path, names: dict[str, str]) -> list[str]:
    """Return Henry's top eight. He has no outgoing friendships, so only he is left out."""
    (henry,) = (vertex for vertex, name in names.items() if name == ASKED)
    (answers,) = LinkPredictor.load(artifact).predict(
        edge_label="FRIEND",
        direction="out",
        target_label="User",
        inputs=[Literal.string(henry)],
        known=[[]],
        limit=8,
    )
    return [names[answer.id.value] for answer in answers]


def write_export(directory: Path) -> dict[str, str]:
    """The sample in Neptune's export layout, as `gremlink export` writes it; names by id."""
    (directory / "nodes").mkdir(parents=True)
    (directory / "edges").mkdir()
    users = rows(FRIENDS / "users.csv")
    write(
        directory / "nodes/User.consolidated.csv",
        ["~id", "~label", "interests", "name"],
        [[row["~id"], row["~label"], row["interests"], row["name"]] for row in users],
    )
    friends = rows(FRIENDS / "friends.csv")
    write(
        directory / "edges/friend.consolidated.csv",
        ["~id", "~label", "~from", "~to", "~fromLabels", "~toLabels"],
        [[*row.values(), "User", "User"] for row in friends],
    )
    configuration = {
        "version": "v2.0",
        "query_engine": "gremlin",
        "graph": {
            "nodes": [
                {
                    "file_name": "nodes/User.consolidated.csv",
                    "node": ["~id", "User"],
                    "features": [
                        {"feature": ["interests", "interests", "auto"]},
                        {"feature": ["name", "name", "auto"]},
                    ],
                }
            ],
            "edges": [
                {
                    "file_name": "edges/friend.consolidated.csv",
                    "source": ["~from", "User"],
                    "relation": ["", "FRIEND"],
                    "dest": ["~to", "User"],
                    "features": [],
                }
            ],
        },
    }
    text = json.dumps(configuration)
    (directory / "training-data-configuration.json").write_text(text, encoding="utf-8")
    return {row["~id"]: row["name"] for row in users}


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a bulk-loader file, by property names without types."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {column.partition(":")[0]: cell for column, cell in row.items()}
            for row in csv.DictReader(file)
        ]


def write(path: Path, header: list[str], cells: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(cells)


if __name__ == "__main__":
    main()
