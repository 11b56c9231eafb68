"""A small graph with something to learn: two groups that keep to themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from written_export import Kind, write_export

LINK = [{"label": ["", "link_prediction"], "split_rate": [0.8, 0.1, 0.1]}]


def write_communities(directory: Path, *, people: int = 24, only: str | None = None) -> Path:
    """People of two groups know people, and like things, of their own group.

    Vertices have a property `group`. `only` makes one edge label the target; else all are.
    """
    random = np.random.default_rng(7)
    things = 8
    knows = [
        (f"p{a}", f"p{b}")
        for a in range(people)
        for b in range(people)
        if a != b and a % 2 == b % 2 and random.random() < 0.35
    ]
    likes = [
        (f"p{a}", f"t{b}")
        for a in range(people)
        for b in range(things)
        if a % 2 == b % 2 and random.random() < 0.5
    ]
    return write_export(
        directory,
        {
            "Person": Kind(
                [{"~id": f"p{n}", "group": f"group {n % 2}"} for n in range(people)],
                [("group", "auto")],
            ),
            "Thing": Kind([{"~id": f"t{n}"} for n in range(things)]),
        },
        {
            ("Person", "knows", "Person"): _links("k", knows, only in ("knows",)),
            ("Person", "likes", "Thing"): _links("l", likes, only in ("likes",)),
        },
    )


def _links(prefix: str, pairs: list[tuple[str, str]], target: bool) -> Kind:
    rows = [
        {"~id": f"{prefix}{number}", "~from": head, "~to": tail}
        for number, (head, tail) in enumerate(pairs)
    ]
    return Kind(rows, labels=LINK if target else ())
