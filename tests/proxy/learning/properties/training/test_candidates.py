"""Which methods compete where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from teams import write_teams
from written_export import Kind, write_export

from gremlink.proxy.learning.methods import PROPERTY_MODELS
from gremlink.proxy.learning.properties.dataset import load_property
from gremlink.proxy.learning.properties.training.candidates import Candidates


def names(export: Path) -> tuple[str, ...]:
    found = Candidates(load_property(export), 0).names
    assert set(found) <= set(PROPERTY_MODELS)
    return found


@pytest.mark.parametrize(
    ("label", "constant"),
    [(["team", "classification"], "majority"), (["score", "regression"], "mean")],
)
def test_all_with_features_and_edges(tmp_path: Path, label: list[str], constant: str) -> None:
    assert names(write_teams(tmp_path, of_people={"label": label})) == (
        "rgcn", constant, "neighbours", "linear", "hops", "collective", "boosting",
        "boosting+neighbours",
    )  # fmt: skip


def write(directory: Path, features: list[tuple[str, str]], classes: int) -> Path:
    rows = [{"~id": f"v{n}", "size": n, "kind": f"k{n % classes}"} for n in range(2 * classes)]
    label: dict[str, Any] = {"label": ["kind", "classification"]}
    edges = [{"~id": "e", "~from": "v0", "~to": "v1"}]
    return write_export(
        directory, {"V": Kind(rows, features, [label])}, {("V", "e", "V"): Kind(edges)}
    )


def test_no_tables_without_features(tmp_path: Path) -> None:
    assert names(write(tmp_path, [], 3)) == (
        "rgcn", "majority", "neighbours", "collective", "boosting+neighbours",
    )  # fmt: skip


def test_no_trees_for_very_many_classes(tmp_path: Path) -> None:
    export = write(tmp_path, [("size", "numerical")], 101)
    assert names(export) == ("rgcn", "majority", "neighbours", "linear")
