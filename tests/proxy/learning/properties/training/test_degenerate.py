"""Properties with too few values, classes, rows or edges end well, or in a sentence about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from degenerate import star
from written_export import Kind, write_export

from gremlink.proxy.learning.methods import AUTO, NETWORK
from gremlink.proxy.learning.processing.processed import UnusableExport
from gremlink.proxy.learning.properties.training.splitting import split_rows
from gremlink.proxy.learning.settings import TrainingSettings, UnusableSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.learning.workflows.transform import transform
from gremlink.proxy.store.artifacts import read_artifact

QUICK = TrainingSettings(epochs=2, width=8, threads=1, networks=1, folds=2, budget=60.0)
SPLIT = replace(QUICK, cross_validate_up_to=0)
ENOUGH: dict[str, tuple[str, Sequence[Any]]] = {
    "four values": ("classification", ["a", "b", "a", "b"]),
    "one of a class": ("classification", ["a"] * 7 + ["b"]),
    "many classes of one": ("classification", ["a", "a", "b", "c", "d", "e"]),
    "few known": ("classification", ["a", "b", "a", "b", "", "", "", ""]),
    "tags that all have": ("tags", ["a;b", "a;b", "a;c", "a;b"]),
    "tags that one has": ("tags", ["a", "a;b", "a", "a", "a"]),
    "four numbers": ("regression", [1, 2, 3, 4]),
    "one odd number": ("regression", [1] * 7 + [2]),
    "numbers nearly alike": ("regression", [1.0, 1.0000000001, 1.0, 1.0000000002]),
    "years": ("regression", [1999, 2000, 2001, 2000, 2000, 1999]),
    "large ids": ("regression", [1e15 + n for n in range(6)]),
    "a heavy tail": ("regression", [1, 1, 2, 1, 3, 1, 1e12, 2]),
    "large numbers": ("regression", [1e30, 1, 2, 3, -1e30, 5]),
    "small numbers": ("regression", [1e-40, 2e-40, 3e-40, 4e-40, 5e-40]),
}
TOO_LITTLE: dict[str, tuple[str, Sequence[Any], str]] = {
    "one class": ("classification", ["a"] * 6, "one class only, 'a'"),
    "one value": ("classification", ["a", "", ""], "has 1 values, and at least 4"),
    "no value": ("regression", ["", ""], "has 0 values"),
    "each its own": ("classification", list("abcdef"), "as many classes as values, 6"),
    "one number": ("regression", [3] * 6, "all values of .* are 3"),
    "numbers too large": ("regression", [1e300, 1, 2, 3], "numbers beyond 1e.30 cannot be learned"),
}
LINKS = {"a ring": None, "no edge": [], "loops": [(n, n) for n in range(8)], "a star": star(4)}


def write(
    directory: Path,
    task: str,
    values: Sequence[Any],
    *,
    of_edges: bool = False,
    links: str = "a ring",
    feature: Sequence[Any] | None = None,
) -> Path:
    """A ring of people, or of edges between them, with a property `v` that is the target."""
    count = len(values)
    pairs = LINKS[links]
    if pairs is None:
        pairs = [(n, (n + 1) % count) for n in range(count)]
    label: dict[str, Any] = {"label": ["v", task], "split_rate": [0.8, 0.1, 0.1]}
    if task == "tags":
        label = {**label, "label": ["v", "classification"], "separator": ";"}
    told = [{"v": value} for value in values]
    if feature is not None:
        told = [{**row, "f": feature[n % len(feature)]} for n, row in enumerate(told)]
    features = [] if feature is None else [("f", "numerical")]
    people = [{"~id": f"p{n}"} for n in range(count)]
    knows = [
        {"~id": f"e{n}", "~from": f"p{a}", "~to": f"p{b}"}
        for n, (a, b) in enumerate(pairs)
        if max(a, b) < count
    ]
    if of_edges:
        edges = [{**row, **more} for row, more in zip(knows, told, strict=True)]
        kinds = Kind(people), Kind(edges, features, [label])
    else:
        rows = [{**row, **more} for row, more in zip(people, told, strict=True)]
        kinds = Kind(rows, features, [label]), Kind(knows)
    return write_export(directory, {"P": kinds[0]}, {("P", "knows", "P"): kinds[1]})


def check(directory: Path) -> None:
    for name, tensors in read_artifact(directory).tensors.items():
        for key, values in tensors.items():
            assert values.dtype.kind != "f" or np.isfinite(values).all(), f"{name}: {key}"


@pytest.mark.parametrize("of_edges", [False, True], ids=["vertices", "edges"])
@pytest.mark.parametrize("name", ENOUGH)
def test_properties(tmp_path: Path, name: str, of_edges: bool) -> None:
    export = write(tmp_path / "export", *ENOUGH[name], of_edges=of_edges)
    train(export, tmp_path / "model", settings=QUICK)
    check(tmp_path / "model")
    for settings in (SPLIT, replace(SPLIT, mini_batches="always", class_weights=True)):
        train(export, tmp_path / "model", model=NETWORK, settings=settings)
        check(tmp_path / "model")
    transform(tmp_path / "model", export, tmp_path / "moved")
    check(tmp_path / "moved")


@pytest.mark.parametrize("model", [AUTO, "neighbours", "majority", "boosting+neighbours"])
def test_a_budget_for_one_split_of_few_rows(tmp_path: Path, model: str) -> None:
    """Less time than a cross-validation takes, on fewer rows than a tenth is one of."""
    export = write(tmp_path / "export", *ENOUGH["four values"])
    train(export, tmp_path / "model", model=model, settings=replace(QUICK, budget=1e-6))
    check(tmp_path / "model")


@pytest.mark.parametrize("of_edges", [False, True], ids=["vertices", "edges"])
@pytest.mark.parametrize("name", TOO_LITTLE)
def test_nothing_to_learn(tmp_path: Path, name: str, of_edges: bool) -> None:
    task, values, expected = TOO_LITTLE[name]
    export = write(tmp_path / "export", task, values, of_edges=of_edges)
    with pytest.raises(UnusableExport, match=expected):
        train(export, tmp_path / "model", settings=QUICK)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("links", LINKS)
def test_links_that_say_little(tmp_path: Path, links: str) -> None:
    for name, feature in (("four values", None), ("few known", [1]), ("four numbers", [1, 2])):
        export = write(tmp_path / name, *ENOUGH[name], links=links, feature=feature)
        train(export, tmp_path / "model", settings=QUICK)
        check(tmp_path / "model")


def test_a_network_without_edges(tmp_path: Path) -> None:
    export = write(tmp_path / "export", *ENOUGH["four values"], links="no edge")
    with pytest.raises(UnusableSettings, match="the model 'rgcn' cannot learn 'v' of P: choose"):
        train(export, tmp_path / "model", model=NETWORK, settings=QUICK)


@pytest.mark.parametrize("rate", [(0.8, 0.1, 0.1), (0.1, 0.45, 0.45), (0.98, 0.01, 0.01)])
@pytest.mark.parametrize("count", [3, 4, 5, 9])
def test_every_part_of_a_split_has_a_row(rate: tuple[float, float, float], count: int) -> None:
    for seed in range(20):
        rows = np.arange(count)
        parts = split_rows(rows, rows % 2, rate, np.random.default_rng(seed))
        assert all(len(part) for part in parts)
        assert sorted(np.concatenate(parts)) == rows.tolist()
