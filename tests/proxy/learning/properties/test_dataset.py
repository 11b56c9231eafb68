"""What an export tells about a property, and exports that cannot be learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from teams import write_teams
from written_export import Kind, write_export

from gremlink.grammar.traversal import Kind as Type
from gremlink.grammar.traversal import Literal
from gremlink.proxy.graph import BadCell, BadExport
from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.processing.processed import UnusableExport
from gremlink.proxy.learning.properties.dataset import load_property
from gremlink.proxy.learning.trained.target import Form, typed


def one_column(
    directory: Path, cells: list[str], task: str, *, features: tuple[str, ...] = (), **options: Any
) -> Path:
    rows = [{"~id": f"v{number}", "x": cell} for number, cell in enumerate(cells)]
    label = {"label": ["x", task], **options}
    kind = Kind(rows, [(name, "auto") for name in features], [label])
    return write_export(directory, {"V": kind})


def test_classes_by_frequency(tmp_path: Path) -> None:
    dataset = load_property(write_teams(tmp_path, of_people={"label": ["level", "classification"]}))
    target = dataset.target
    assert (target.owner, target.key, target.form) == ("Person", "level", Form.ONE_CLASS)
    assert target.name == "node_classification"
    assert target.classes == tuple(Literal(Type.INT, level) for level in (0, 1, 2))
    assert len(dataset.labelled) == 72
    assert dataset.truth[dataset.labelled].sum(axis=1).tolist() == [1.0] * 72
    assert dataset.truth.sum() == 72
    assert dataset.split == (0.8, 0.1, 0.1)


def test_several_classes(tmp_path: Path) -> None:
    label = {"label": ["tags", "classification"], "separator": ";"}
    dataset = load_property(write_teams(tmp_path, of_people=label))
    assert dataset.target.form is Form.SEVERAL_CLASSES
    assert {value.value for value in dataset.target.classes} == {
        "red", "green", "blue", "warm", "cold",
    }  # fmt: skip
    assert dataset.truth[dataset.labelled].sum(axis=1).tolist() == [2.0] * 72


def test_a_separator_inside_a_value_is_escaped(tmp_path: Path) -> None:
    cells = ["a\\;b;c", "c", "a\\;b", "c"]
    dataset = load_property(one_column(tmp_path, cells, "classification", separator=";"))
    assert [value.value for value in dataset.target.classes] == ["c", "a;b"]


def test_edges_with_their_ends_features_and_ids(tmp_path: Path) -> None:
    dataset = load_property(write_teams(tmp_path, of_lending={"label": ["sum", "regression"]}))
    assert dataset.target.owner == Relation("Person", "lends", "Person")
    assert dataset.target.name == "edge_regression"
    assert len(dataset.subjects) == len(dataset.edge_ids) == len(dataset.truth)
    assert {"l0", "l1"} <= set(dataset.edge_ids)
    assert dataset.subjects.features.shape[1] == 3


@pytest.mark.parametrize(
    ("texts", "data_type", "kind", "values"),
    [
        (["a", "1"], "String", Type.STRING, ["a", "1"]),
        (["true", "false"], "Boolean", Type.BOOLEAN, [True, False]),
        (["1", "-2"], "Integer", Type.INT, [1, -2]),
        (["1", "2"], "Long", Type.LONG, [1, 2]),
        (["1", "2.5"], "Double", Type.DOUBLE, [1.0, 2.5]),
        (["1", "x"], "Integer", Type.STRING, ["1", "x"]),
        (["2020-01-01"], "Date", Type.STRING, ["2020-01-01"]),
    ],
)
def test_types(texts: list[str], data_type: str, kind: Type, values: list[object]) -> None:
    assert typed(texts, data_type) == tuple(Literal(kind, value) for value in values)


def test_the_target_is_no_feature(tmp_path: Path) -> None:
    export = one_column(tmp_path, list("aabbb"), "classification", features=("x",))
    dataset = load_property(export)
    assert not dataset.graph.features
    assert dataset.warnings == ("V: the target 'x' is left out of the features",)


@pytest.mark.parametrize(
    ("cells", "task", "message"),
    [
        (["", "", "", "", "a"], "classification", "property 'x' of 'V' has 1 values, and at least"),
        (["a"] * 5, "classification", "has one class only, 'a'"),
        (list("abcde"), "classification", "has as many classes as values, 5"),
        (["7"] * 5, "regression", "all values of property 'x' of 'V' are 7"),
        (list("aabb"), "clustering", "unknown task 'clustering'"),
    ],
)
def test_exports_that_cannot_be_learned_from(
    tmp_path: Path, cells: list[str], task: str, message: str
) -> None:
    with pytest.raises(UnusableExport, match=message):
        load_property(one_column(tmp_path, cells, task))


def test_one_class_only_of_several(tmp_path: Path) -> None:
    with pytest.raises(UnusableExport, match="one class only"):
        load_property(one_column(tmp_path, ["a", "a;", "a", "a"], "classification", separator=";"))


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    label = {"label": ["tema", "classification"]}
    with pytest.raises(BadExport, match=r"no column 'tema', only 'age', 'team'"):
        load_property(write_teams(tmp_path, of_people=label))


@pytest.mark.parametrize("cell", ["many", "nan"])
def test_a_number_that_is_none(tmp_path: Path, cell: str) -> None:
    cells = ["1", "2", "", cell, "3"]
    with pytest.raises(BadCell, match=f"'x' is '{cell}' here, which is not a number") as caught:
        load_property(one_column(tmp_path, cells, "regression"))
    assert (caught.value.path.name, caught.value.line) == ("V.csv", 5)


def test_two_targets_are_one_too_many(tmp_path: Path) -> None:
    export = write_teams(
        tmp_path,
        of_people={"label": ["team", "classification"]},
        of_lending={"label": ["", "link_prediction"]},
    )
    with pytest.raises(UnusableExport, match=r'2 targets .*"jobs"'):
        load_property(export)
