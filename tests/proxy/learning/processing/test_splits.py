"""Parts that a user chose, in files beside the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_export import Kind, write_export

from gremlink.proxy.graph import BadCell, BadExport, read_export
from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.links.training.holdout import parts_of
from gremlink.proxy.learning.processing.process import process
from gremlink.proxy.learning.processing.processed import CustomSplit, ProcessedGraph, UnusableExport
from gremlink.proxy.learning.processing.stored import read_processed, write_processed
from gremlink.proxy.learning.properties.training.splitting import parts_for

KNOWS = Relation("P", "knows", "P")
IDS = [f"p{number}" for number in range(8)]
RING = [(IDS[number], IDS[(number + 1) % 8]) for number in range(8)]
FILES = {"train": "train.csv", "valid": "valid.csv", "test": "test.csv"}


def vertices(*numbers: int, column: str = "", values: str = "") -> str:
    header = f"~id,{column}" if column else "~id"
    cells = [f",{value}" for value in values] or [""] * len(numbers)
    rows = [f"p{number}{cell}" for number, cell in zip(numbers, cells, strict=True)]
    return "\n".join([header, *rows, ""])


def edges(*numbers: int) -> str:
    return "\n".join(
        ["~from,~to", *(f"{RING[number][0]},{RING[number][1]}" for number in numbers), ""]
    )


def processed(
    directory: Path, of: str, parts: dict[str, str], names: dict[str, Any] | None = None
) -> ProcessedGraph:
    label: dict[str, Any] = {"custom_split_filenames": names or dict(FILES)}
    for part, text in parts.items():
        directory.mkdir(exist_ok=True)
        (directory / f"{part}.csv").write_text(text)
    label["label"] = {
        "vertices": ["team", "classification"],
        "edges": ["stars", "regression"],
        "links": ["", "link_prediction"],
    }[of]
    people = [{"~id": id_, "team": "ab"[number % 2]} for number, id_ in enumerate(IDS)]
    ring = [
        {"~id": f"e{number}", "~from": head, "~to": tail, "stars": number}
        for number, (head, tail) in enumerate(RING)
    ]
    write_export(
        directory,
        {"P": Kind(people, labels=[label] if of == "vertices" else [])},
        {("P", "knows", "P"): Kind(ring, labels=[label] if of != "vertices" else [])},
    )
    return process(read_export(directory))


def test_of_vertices(tmp_path: Path) -> None:
    parts = {"train": vertices(0, 1, 2), "valid": vertices(5, 4), "test": vertices(7)}
    found = processed(tmp_path, "vertices", parts).target
    assert found is not None
    assert isinstance(found.split, CustomSplit)
    assert [part.tolist() for part in (found.split.train, found.split.valid, found.split.test)] == [
        [0, 1, 2], [4, 5], [7],
    ]  # fmt: skip
    rows = np.array([0, 1, 4, 5, 6, 7])
    divided = parts_for(rows, np.zeros(6, np.int64), found.split, np.random.default_rng(0))
    assert [part.tolist() for part in divided] == [[0, 1], [4, 5], [7]]


def test_the_user_guides_other_name_and_no_test(tmp_path: Path) -> None:
    parts = {"train": vertices(0, 1), "valid": vertices(3, 4)}
    names = {"train": "train.csv", "validation": "valid.csv"}
    found = processed(tmp_path, "vertices", parts, names).target
    assert found is not None
    assert isinstance(found.split, CustomSplit)
    divided = parts_for(np.arange(8), np.zeros(8, np.int64), found.split, np.random.default_rng(0))
    assert [part.tolist() for part in divided] == [[0, 1], [3], [4]]


def test_a_value_in_the_files_wins(tmp_path: Path) -> None:
    parts = {"train": vertices(0, 1, column="team", values="cc"), "valid": vertices(2, 3)}
    found = processed(tmp_path, "vertices", parts, {"train": "train.csv", "valid": "valid.csv"})
    assert found.target is not None
    assert list(found.target.cells) == ["c", "c", "a", "b", "a", "b", "a", "b"]


def test_of_edges_with_a_property(tmp_path: Path) -> None:
    parts = {"train": edges(0, 1, 2), "valid": edges(3), "test": edges(6)}
    found = processed(tmp_path, "edges", parts).target
    assert found is not None
    assert isinstance(found.split, CustomSplit)
    assert [list(found.cells)[place] for place in found.split.train] == ["0", "1", "2"]
    assert [list(found.cells)[place] for place in found.split.test] == ["6"]


def test_of_links(tmp_path: Path) -> None:
    parts = {"train": edges(0, 1, 2), "valid": edges(3), "test": edges(6)}
    found = processed(tmp_path / "export", "links", parts)
    split = found.links[KNOWS]
    train, valid, test = parts_of(found.graph.edges[KNOWS], split, np.random.default_rng(0))
    assert (valid.heads.tolist(), valid.tails.tolist()) == ([3], [4])
    assert (test.heads.tolist(), test.tails.tolist()) == ([6], [7])
    assert train.heads.tolist() == [0, 1, 2, 4, 5, 7], "what is listed nowhere is known"
    write_processed(tmp_path / "processed", found, {})
    again = read_processed(tmp_path / "processed").links[KNOWS]
    assert isinstance(again, CustomSplit)
    assert again.test.tolist() == test.heads.tolist()


@pytest.mark.parametrize(
    ("parts", "names", "error", "expected"),
    [
        ({"train": vertices(0, 9), "valid": vertices(1)}, FILES, BadCell,
         r"train\.csv:3:1: 'p9' is no vertex of type 'P'"),
        ({"train": vertices(0), "valid": vertices(1)}, FILES, BadExport, "test.csv: No such file"),
        ({"train": vertices(0, 1), "valid": vertices(1), "test": vertices(2)}, FILES,
         UnusableExport, "1 elements are in train and valid"),
        ({"train": vertices(0), "valid": "~id\n", "test": vertices(2)}, FILES,
         UnusableExport, "have to list something"),
        ({}, {"train": "train.csv"}, UnusableExport, "names no file for 'valid'"),
        ({}, {"train": "a", "valid": "b", "hidden": "c"}, UnusableExport, "has 'hidden'"),
        ({}, {"train": "../a", "valid": "b"}, UnusableExport, "leaves the directory"),
        ({"train": "id\np0\n", "valid": vertices(1), "test": vertices(2)}, FILES,
         BadExport, "there is no column '~id'"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(
    tmp_path: Path,
    parts: dict[str, str],
    names: dict[str, str],
    error: type[Exception],
    expected: str,
) -> None:
    with pytest.raises(error, match=expected):
        processed(tmp_path, "vertices", parts, names)
