"""Value of directions for methods that count paths, relation by relation.

    python benchmarks/directed_paths.py seeds [--only umls kinships]

The data and the test links are those of `quality.py`, whose arguments tell how to get them. Each
method is fitted on the training links and ranks the test links of a relation inside one vertex
type, filtered, from both ends. Printed are means of MRR over the relations with at least `--least`
test links, those with a direction and those without, as `directed-resource-allocation` tells them
apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from link_cases import CASES
from link_methods import Test, write_links
from rich.console import Console
from rich.table import Table

from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.links.scorers import STRUCTURAL
from gremlink.proxy.learning.links.scorers.heuristics.bi_fan import BiFan
from gremlink.proxy.learning.links.scorers.heuristics.directed_resource_allocation import (
    DirectedResourceAllocation,
)

METHODS = (
    "popularity",
    "reciprocity",
    "katz",
    "common-neighbours",
    "adamic-adar",
    "resource-allocation",
    DirectedResourceAllocation.name,
    BiFan.name,
)


def figures(test: Test, relation: Relation) -> list[float]:
    """The MRR of each method on the test links of one relation."""
    graph = test.dataset.graph
    test.held = {relation: test.held[relation]}
    fitted = [STRUCTURAL[name].fit(graph, relation) for name in METHODS]
    return [test.figure(lambda _, scorer=scorer: scorer) for scorer in fitted]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="where the packages were installed")
    data = ("airports", "nations", "umls", "kinships")
    parser.add_argument("--only", nargs="+", choices=data, default=data)
    parser.add_argument("--least", type=int, default=10, help="test links of a relation")
    arguments = parser.parse_args()
    table = Table("", "Direction", "Relations", *METHODS)
    for name in arguments.only:
        case = CASES[name](arguments.source, 0)
        with tempfile.TemporaryDirectory() as directory:
            write_links(Path(directory) / "export", case)
            test = Test(case, Path(directory) / "export")
        every = test.held
        found: dict[bool, list[list[float]]] = {True: [], False: []}
        for relation, edges in every.items():
            if relation.head == relation.tail and len(edges) >= arguments.least:
                test.held = every
                directed = DirectedResourceAllocation.applies(test.dataset.graph, relation)
                found[directed].append(figures(test, relation))
        for directed, rows in found.items():
            if rows:
                means = [f"{mean:.3f}" for mean in np.mean(rows, axis=0)]
                table.add_row(name, "yes" if directed else "no", str(len(rows)), *means)
    Console(width=180).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
