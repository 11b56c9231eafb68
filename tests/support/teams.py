"""A small graph with properties to learn: people know, and lend to, people of their own team."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from written_export import Kind, write_export

PEOPLE = 90
TEAMS = ("red", "green", "blue")
SPLIT = [0.8, 0.1, 0.1]


def team(person: int) -> str:
    """The team of a person, whether the graph tells it or not."""
    return TEAMS[person % 3]


def write_teams(
    directory: Path,
    *,
    of_people: Mapping[str, Any] | None = None,
    of_lending: Mapping[str, Any] | None = None,
    people_types: Mapping[str, str] | None = None,
) -> Path:
    """Every fifth person tells no team, no `level` (0 to 2, the team) and no `tags`.

    `age` is no use. Lending has a `sum` that is large inside a team, `trusted` accordingly, and
    for each a `day`. The two mappings are the targets of people and of lending.
    """
    random = np.random.default_rng(3)
    rows = []
    for person in range(PEOPLE):
        told = person % 5 > 0
        rows.append(
            {
                "~id": f"p{person}",
                "age": int(random.integers(20, 70)),
                "team": team(person) if told else "",
                "level": person % 3 if told else "",
                "tags": f"{team(person)};{'cold' if person % 3 else 'warm'}" if told else "",
                "score": 10.0 * (person % 3) + round(float(random.normal()), 2) if told else "",
            }
        )
    knows, lends = [], []
    for person in range(PEOPLE):
        for place, other in enumerate(random.choice(PEOPLE, 24, replace=False).tolist()):
            same = person % 3 == other % 3
            if person != other and (same or random.random() < 0.05):
                knows.append({"~id": f"k{len(knows)}", "~from": f"p{person}", "~to": f"p{other}"})
            if person != other and place < 5:
                lends.append(
                    {
                        "~id": f"l{len(lends)}",
                        "~from": f"p{person}",
                        "~to": f"p{other}",
                        "day": ("late" if same else "early") if len(lends) % 4 else "never",
                        "sum": (100 if same else 10) + round(float(random.normal()), 2),
                        "trusted": str(same).lower(),
                    }
                )
    types = {"team": "String", "level": "Integer", "tags": "String", "score": "Double"}
    return write_export(
        directory,
        {
            "Person": Kind(
                rows,
                [("age", "numerical")],
                [] if of_people is None else [{"split_rate": SPLIT, **of_people}],
                types if people_types is None else people_types,
            )
        },
        {
            ("Person", "knows", "Person"): Kind(knows),
            ("Person", "lends", "Person"): Kind(
                lends,
                [("day", "category")],
                [] if of_lending is None else [{"split_rate": SPLIT, **of_lending}],
                {"sum": "Double", "trusted": "Boolean", "day": "String"},
            ),
        },
    )
