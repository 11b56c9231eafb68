"""What cannot be processed: the message says where and what to do, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from written_export import Kind, write_export

from gremlink.proxy.learning.workflows.process import prepare

CONFIGURATION = "training-data-configuration.json"
Change = Callable[[Path, dict[str, Any]], None]


def written(directory: Path) -> Path:
    people = [{"~id": f"p{n}", "age": n, "team": "ab"[n % 2], "at": "2020-01-0" + str(n + 1)}
              for n in range(6)]  # fmt: skip
    knows = [{"~id": f"e{n}", "~from": f"p{n}", "~to": f"p{n + 1}", "stars": n} for n in range(5)]
    return write_export(
        directory,
        {"P": Kind(people, [("age", "numerical")])},
        {("P", "knows", "P"): Kind(knows, [("stars", "numerical")])},
    )


def text(file: str, before: str, after: str) -> Change:
    """Change a file."""

    def change(directory: Path, _: dict[str, Any]) -> None:
        path = directory / file
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after, 1))

    return change


def feature(entry: dict[str, Any], of: str = "nodes") -> Change:
    """Ask for another feature."""

    def change(_: Path, document: dict[str, Any]) -> None:
        document["graph"][of][0]["features"] = [entry]

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(directory: Path, document: dict[str, Any]) -> None:
        for each in changes:
            each(directory, document)

    return change


def label(entry: dict[str, Any]) -> Change:
    """Ask for a target."""

    def change(_: Path, document: dict[str, Any]) -> None:
        document["graph"]["nodes"][0]["labels"] = [entry]

    return change


def every(cells: str) -> Change:
    """Give all people the same team."""

    def change(directory: Path, _: dict[str, Any]) -> None:
        path = directory / "P.csv"
        rows = [row.split(",") for row in path.read_text().splitlines()]
        path.write_text("\n".join(",".join([*row[:2], cells, row[3]]) if number else ",".join(row)
                                  for number, row in enumerate(rows)))  # fmt: skip

    return change


AGE = {"feature": ["age", "age", "numerical"], "norm": "min-max"}
TEAM = {"label": ["team", "classification"]}

TABLE: dict[str, tuple[Change, str]] = {
    "a missing number and no imputer": (
        both(
            feature(AGE), text("P.csv", "p3,3,", "p3,,")
        ),
        r"P\.csv:5:4: P: property 'age' has no value here and no imputer is configured: "
        r'set "imputer" to mean, median or most-frequent',
    ),
    "a missing number of an edge": (
        both(
            feature({"feature": ["stars", "stars", "bucket_numerical"], "range": [0, 9],
                     "bucket_cnt": 3}, "edges"),
            text("P-knows-P.csv", "p2,1", "p2,"),
        ),
        r"P-knows-P\.csv:3:10: \(P\)-knows->\(P\): property 'stars' has no value here",
    ),
    "text among numbers": (
        text("P.csv", "p3,3,", "p3,old,"),
        r"P\.csv:5:4: P: property 'age' is 'old' here, which is not a number",
    ),
    "text among dates": (
        both(
            feature({"feature": ["at", "at", "datetime"]}),
            text("P.csv", "2020-01-02", "soon"),
        ),
        r"P\.csv:3:8: P: property 'at' is 'soon' here, which is not an ISO 8601 date",
    ),
    "an unknown type": (
        feature({"feature": ["age", "age", "magic"]}),
        "P: property 'age' has the unknown feature type 'magic': use one of auto",
    ),
    "a feature without a name": (
        feature({"feature": ["age", "numerical"]}),
        r"P\.csv has the feature \['age', 'numerical'\]: it has to be \[column, name, type\]",
    ),
    "a type that is a list": (
        feature({"feature": ["age", "age", ["numerical"]]}), r"it has to be \[column, name, type\]",
    ),
    "a separator that is a number": (
        feature({"feature": ["team", "team", "category"], "separator": 5}),
        "P: property 'team' has the separator 5: it has to be a string",
    ),
    "a part of dates that is a number": (
        feature({"feature": ["at", "at", "datetime"], "datetime_parts": 5}),
        "P: property 'at' has the datetime_parts 5: use a list",
    ),
    "a length below zero": (
        feature({"feature": ["team", "team", "text_fasttext"], "language": "en", "max_length": -1}),
        "P: property 'team' has the max_length -1",
    ),
    "two characters between cells": (
        lambda _, document: document["graph"]["nodes"][0].update(separator=",,"),
        r"P\.csv has the separator ',,': it has to be one character",
    ),
    "a number between cells": (
        lambda _, document: document["graph"]["edges"][0].update(separator=5),
        r"P-knows-P\.csv has the separator 5",
    ),
    "files that are no list": (
        lambda _, document: document["graph"].update(nodes=document["graph"]["nodes"][0]),
        "\"nodes\" is .*: it has to be a list",
    ),
    "a graph that is a word": (
        lambda _, document: document.update(graph="all"), "\"graph\" is 'all': it has to be an obj",
    ),
    "a target without a task": (
        label({"label": ["team"]}), r"has the label \['team'\]: it has to be \[column, task\]",
    ),
    "a separator of classes that is a number": (
        label({**TEAM, "separator": 5}), r"the target 'team' of P\.csv has the separator 5",
    ),
    "an unknown column": (
        feature({"feature": ["height", "height", "auto"]}),
        r"P\.csv: there is no column 'height', only 'age', 'team', 'at'",
    ),
    "a wrong split": (
        label({**TEAM, "split_rate": [0.9, 0.2, 0.1]}),
        r"the target 'team' of P\.csv has the split_rate \[0\.9, 0\.2, 0\.1\]: it has to be three",
    ),
    "a split without training": (
        label({**TEAM, "split_rate": [0, 0.5, 0.5]}),
        r"has the split_rate \[0, 0\.5, 0\.5\]: .* for training \(more than 0\)",
    ),
    "a split of true and false": (
        label({**TEAM, "split_rate": [True, False, False]}), "has the split_rate",
    ),
    "one class among the listed": (
        both(
            label({**TEAM, "custom_split_filenames": {"train": "t.csv", "valid": "v.csv"}}),
            lambda directory, _: (directory / "t.csv").write_text("~id\np0\np2\n") and None,
            lambda directory, _: (directory / "v.csv").write_text("~id\np1\np3\n") and None,
        ),
        "'team' of P: all 2 elements that custom_split_filenames lists for training have the same",
    ),
    "an empty file": (
        lambda directory, _: (directory / "P.csv").write_text("") and None,
        r"P\.csv: the file is empty: it has to begin with a header",
    ),
    "a column twice": (
        text("P.csv", "team", "age"), r"P\.csv:1:9: the column 'age' is there twice",
    ),
    "bytes that are no text": (
        lambda directory, _: (directory / "P.csv").write_bytes(
            (directory / "P.csv").read_bytes().replace(b"p3,3,b", b"p3,3,\xe9")
        ) and None,
        r"P\.csv:5:6: not UTF-8: invalid",
    ),
    "an edge without a relation": (
        both(
            lambda _, document: document["graph"]["edges"][0].update(relation=["stars", "knows"]),
            text("P-knows-P.csv", "p2,1", "p2,"),
        ),
        r"P-knows-P\.csv:3:10: an edge of \(P\)-knows->\(P\) names no relation",
    ),
    "too many cells": (
        text("P-knows-P.csv", "p2,1", "p2,1,2"), r"P-knows-P\.csv:3:12: this row has 5 cells",
    ),
    "a quote that never ends": (
        text("P.csv", "p4,", '"p4,'), r"P\.csv:6:1: a quoted cell begins here and never ends",
    ),
    "a quote in the middle": (
        text("P.csv", "p4,4,a", 'p4,4,"a"b'), r"P\.csv:6:6: a cell with a quote in it must be",
    ),
    "a vertex twice": (
        text("P.csv", "p4,", "p3,"), r"P\.csv:6:1: the vertex 'p3' is in this file twice",
    ),
    "a vertex without an id": (
        text("P.csv", "p5,", ","), r"P\.csv:7:1: a vertex of type 'P' has no id here",
    ),
    "an empty target": (
        both(label(TEAM), every("")),
        "property 'team' of 'P' has 0 values, and at least 4 are needed",
    ),
    "one class only": (
        both(label(TEAM), every("a")),
        "property 'team' of 'P' has one class only, 'a': there is nothing to learn",
    ),
    "a number to predict that is none": (
        label({"label": ["team", "regression"]}),
        r"P\.csv:2:6: the target 'team' is 'a' here, which is not a number",
    ),
    "an unknown task": (
        label({"label": ["team", "clustering"]}),
        "property 'team' of 'P' has the unknown task 'clustering'; there are 'classification',",
    ),
    "a task that is misspelt": (
        label({"label": ["team", "clasification"]}),
        "unknown task 'clasification'; did you mean 'classification'",
    ),
    "a target that is misspelt": (
        label({"label": ["taem", "classification"]}),
        r"P\.csv: there is no column 'taem', only 'age', 'team', 'at'",
    ),
    "targets under a key that is misspelt": (
        lambda _, document: document["graph"]["nodes"][0].update(lables=[TEAM]),
        r"P\.csv has the key 'lables'; did you mean 'labels'",
    ),
    "links under a key that is misspelt": (
        lambda _, document: document["graph"]["edges"][0].update(label=[TEAM]),
        r"P-knows-P\.csv has the key 'label'; did you mean 'labels'",
    ),
    "a split that is misspelt": (
        label({**TEAM, "split_rates": [0.8, 0.1, 0.1]}),
        r"a label of P\.csv has the key 'split_rates'; did you mean 'split_rate'",
    ),
    "a graph that is misspelt": (
        lambda _, document: document["graph"].update(node=[]),
        "\"graph\" has the key 'node'; did you mean 'nodes'",
    ),
    "a target that the exporter has not found": (
        lambda _, document: document.update(
            warnings=["Unrecognized node classification property (Label: P, Property: taem)."]
        ),
        "asked for a target that it did not find, .*Property: taem.*export again",
    ),
    "links of vertices": (
        label({"label": ["", "link_prediction"]}),
        "unknown task 'link_prediction'; there are 'classification', 'regression'$",
    ),
    "an edge to nowhere": (
        text("P-knows-P.csv", "p1,p2", "p1,zoe"),
        r"P-knows-P\.csv:3:7: an edge \(P\)-knows->\(P\) ends at 'zoe', which is no vertex",
    ),
    "an edge from nowhere": (
        text("P-knows-P.csv", "e1,p1", "e1,zoe"), r"P-knows-P\.csv:3:4: an edge .* begins at 'zoe'",
    ),
    "a file that is not there": (
        lambda directory, _: (directory / "P.csv").unlink(), r"P\.csv: No such file",
    ),
    "a version to come": (
        lambda _, document: document.update(version="v3.0"), r"version 'v3\.0' is not supported",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_bad_input(tmp_path: Path, name: str) -> None:
    change, expected = TABLE[name]
    directory = written(tmp_path / "export")
    document = json.loads((directory / CONFIGURATION).read_text())
    change(directory, document)
    (directory / CONFIGURATION).write_text(json.dumps(document))
    with pytest.raises(Exception, match=expected) as caught:
        prepare(directory, tmp_path / "processed")
    assert type(caught.value).__module__.startswith("gremlink."), "an error of ours, for the user"
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_what_is_not_changed_is_processed(tmp_path: Path) -> None:
    prepare(written(tmp_path / "export"), tmp_path / "processed")
    assert (tmp_path / "processed/artifact.json").exists()
