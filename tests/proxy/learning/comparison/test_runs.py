"""Runs side by side: pairs where elements allow them, else intervals, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gremlink.proxy.learning.comparison.held_out import FILE, HeldOut, mixed
from gremlink.proxy.learning.comparison.runs import BETTER, SAME, WORSE, Cell, compare
from gremlink.proxy.learning.described import Described, describe_artifact
from gremlink.proxy.store.artifacts import Artifact, write_artifact

RANKS = np.random.default_rng(0).integers(5, 60, 80).astype(np.float32)


def run(
    directory: Path, name: str, ranks: np.ndarray | None, *, model: str = "auto", **report: Any
) -> Described:
    """A run with these ranks of its model, and of popularity, which is the same everywhere."""
    told = RANKS if ranks is None else ranks
    rows = [
        {
            "method": method,
            "metrics": {"mrr": float((1 / each).mean()), "mr": float(each.mean())},
            "intervals": {"mrr": [0.01, 0.9], "mr": [1.0, 90.0]},
        }
        for method, each in ((model, told), ("popularity", RANKS))
    ]
    documents: dict[str, Any] = {
        "report.json": {"model": model, "seed": 0, "protocol": "one", "rows": rows, **report}
    }
    if ranks is not None:
        keys = mixed(np.arange(len(ranks), dtype=np.uint64))
        held = HeldOut.of(
            None, keys, keys, {model: ranks, "popularity": RANKS}, np.zeros(0, np.float32)
        )
        documents[FILE] = held.to_bytes()
    manifest = {"task": "link_prediction", "relations": [["P", "knows", "P"]]}
    write_artifact(directory / name, Artifact(manifest, {}, {}), documents)
    return describe_artifact(name, directory / name)


def cells(first: Described, other: Described, metric: str = "") -> dict[str, Cell]:
    return {name: each[1] for name, each in compare([first, other], metric).methods}


def test_pairs_see_what_intervals_hide(tmp_path: Path) -> None:
    first, better = run(tmp_path, "first", RANKS), run(tmp_path, "better", RANKS - 2)
    found = cells(first, better)
    assert (found["auto"].word, found["popularity"].word) == (BETTER, SAME)
    assert found["auto"].difference is not None
    assert found["auto"].difference.ahead == len(RANKS)
    assert cells(first, better, "mr")["auto"].word == BETTER  # less of it is better
    assert cells(better, first)["auto"].word == WORSE
    (how,) = compare([first, better]).how
    assert how == (
        "better: compared with first in pairs, on the same 80 questions about held-out links."
    )


def test_models_of_other_names_are_compared_as_what_is_served(tmp_path: Path) -> None:
    first = run(tmp_path, "first", RANKS)
    other = run(tmp_path, "other", RANKS - 2, model="rgcn")
    found = cells(first, other)
    assert found["the model (auto, rgcn)"].word == BETTER
    assert found["auto"] == Cell(None)
    assert found["rgcn"].word == ""


@pytest.mark.parametrize("without", ["first", "other"])
def test_models_of_before_are_compared_by_intervals(tmp_path: Path, without: str) -> None:
    first = run(tmp_path, "first", None if without == "first" else RANKS)
    other = run(tmp_path, "other", None if without == "other" else RANKS - 2, seed=4)
    comparison = compare([first, other])
    assert comparison.methods[0][1][1].word == SAME
    (how,) = comparison.how
    assert f"{without} keeps no results of single elements" in how
    (why,) = comparison.differences
    assert "another seed" in why


def test_another_seed_that_held_the_same_out_is_no_reason(tmp_path: Path) -> None:
    first, other = run(tmp_path, "first", RANKS), run(tmp_path, "other", RANKS - 2, seed=4)
    assert not compare([first, other]).differences


def test_what_is_not_comparable_is_not_paired(tmp_path: Path) -> None:
    first = run(tmp_path, "first", RANKS)
    other = run(tmp_path, "other", RANKS - 2, graph={"vertices": 1})
    comparison = compare([first, other])
    assert comparison.methods[0][1][1].word == "not comparable"
    assert not comparison.how


def test_a_damaged_file_is_told_and_hides_nothing(tmp_path: Path) -> None:
    first, other = run(tmp_path, "first", RANKS), run(tmp_path, "other", RANKS - 2)
    (other.artifact / FILE).write_bytes(b"nothing")
    (how,) = compare([first, other]).how
    assert FILE in how
