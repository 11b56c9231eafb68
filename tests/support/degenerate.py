"""Graphs that have too little of something: one edge of a kind, one vertex, one class, no feature.

Each is an export as `gremlink export` writes it. What people load first is of this kind, and so
is every kind of edges that has just been invented.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from written_export import Kind, write_export

LINK = [{"label": ["", "link_prediction"], "split_rate": [0.8, 0.1, 0.1]}]

Pair = tuple[int, int]


def friends(people: int = 6) -> list[Pair]:
    """A ring in which everybody knows the next two."""
    return [(one, (one + step) % people) for one in range(people) for step in (1, 2)]


def complete(people: int) -> list[Pair]:
    """Everybody knows everybody else."""
    return [(a, b) for a in range(people) for b in range(people) if a != b]


def star(people: int) -> list[Pair]:
    """One vertex knows all others."""
    return [(0, other) for other in range(1, people)]


LINKS: Mapping[str, Mapping[str, Any]] = {
    "one edge of a kind": {"FRIEND": friends(), "ONE": [(0, 3)]},
    "one edge of three kinds": {"FRIEND": friends(), **{k: [(0, 3)] for k in ("A", "B", "C")}},
    "two edges of a kind": {"FRIEND": friends(), "TWO": [(0, 3), (3, 1)]},
    "parallel edges that fold into one": {"FRIEND": friends(), "ONE": [(0, 3)] * 5},
    "one loop": {"FRIEND": friends(), "ONE": [(2, 2)]},
    "loops of a kind": {"FRIEND": friends(), "LOOP": [(n, n) for n in range(6)]},
    "one source of all": {"FRIEND": friends(), "STAR": star(6)},
    "one target of all": {"FRIEND": friends(), "STAR": [(b, a) for a, b in star(6)]},
    "complete": {"FRIEND": complete(6)},
    "a complete kind": {"FRIEND": friends(), "ALL": complete(6)},
    "a star": {"FRIEND": star(7)},
    "a pair both ways": {"FRIEND": friends(), "PAIR": [(0, 1), (1, 0)]},
    "four edges": {"FRIEND": [(0, 1), (1, 2), (2, 3), (3, 4)]},
    "three edges": {"FRIEND": [(0, 1), (1, 2), (2, 3)]},
    "two edges of two kinds": {"A": [(0, 1), (1, 2)], "B": [(2, 3), (3, 4)]},
    "one edge of four kinds": {k: [(0, 1)] for k in "ABCD"},
    "two vertices": {"A": [(0, 1)], "B": [(1, 0)], "C": [(0, 0)]},
    "no edge of a kind": {"FRIEND": friends(), "NONE": []},
    "one edge": {"FRIEND": [(0, 1)]},
    "loops only": {"FRIEND": [(n, n) for n in range(6)]},
    "no edges": {"FRIEND": []},
    "one vertex": {"FRIEND": [(0, 0)] * 4},
}


def write_links(
    directory: Path,
    kinds: Mapping[str, Sequence[Pair]],
    *,
    targets: Iterable[str] = (),
    people: int | None = None,
    alone: bool = False,
    feature: Sequence[Any] | None = None,
) -> Path:
    """People with edges of kinds; with `alone` there is a type of one vertex that nobody knows."""
    ends = [end for pairs in kinds.values() for pair in pairs for end in pair]
    count = people or max([6, *(end + 1 for end in ends)])
    if ends and set(ends) == {0}:
        count = 1
    rows = [{"~id": f"u{n}"} for n in range(count)]
    features = []
    if feature is not None:
        rows = [{**row, "f": feature[n % len(feature)]} for n, row in enumerate(rows)]
        features = [("f", "numerical" if isinstance(feature[0], int) else "category")]
    vertices = {"User": Kind(rows, features)}
    if alone:
        vertices["Alone"] = Kind([{"~id": "a0"}])
    wanted = set(targets)
    edges = {
        ("User", name, "User"): Kind(
            [{"~id": f"{name}{n}", "~from": f"u{a}", "~to": f"u{b}"} for n, (a, b) in
             enumerate(pairs)] or [{"~id": "", "~from": "", "~to": ""}][:0],
            labels=LINK if name in wanted else (),
        )
        for name, pairs in kinds.items()
    }  # fmt: skip
    return write_export(directory, vertices, edges)
