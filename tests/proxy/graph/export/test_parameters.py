"""Export requests, as notebooks and Neptune's documentation write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gremlink.proxy.graph.errors import BadParameters
from gremlink.proxy.graph.export.parameters import ExportParameters, FeatureSpec, Job, TargetSpec


def jobs(neptune_ml: Any) -> tuple[Job, ...]:
    return ExportParameters.parse({"additionalParams": {"neptune_ml": neptune_ml}}).jobs


def feature(**entry: Any) -> FeatureSpec:
    ((found,),) = [job.features for job in jobs({"features": [{"node": "A", **entry}]})]
    return found


def test_nothing_asked() -> None:
    assert ExportParameters.parse({}) == ExportParameters()
    (job,) = ExportParameters().jobs
    assert job.name == "training-data-configuration"
    assert job.targets == ()


def test_whole_request() -> None:
    found = ExportParameters.parse(
        {
            "command": "export-pg",
            "params": {"endpoint": "host", "nodeLabels": ["A", "B"], "edgeLabels": "r"},
            "additionalParams": {
                "neptune_ml": {
                    "version": "v2.0",
                    "split_rate": [0.8, 0.1, 0.1],
                    "targets": [
                        {"node": "A", "property": "p", "type": "classification", "separator": ";"},
                        {"edge": ["A", "r", ["Y", "X"]], "type": "link_prediction"},
                    ],
                }
            },
        }
    )
    assert found.node_labels == ("A", "B")
    assert found.edge_labels == ("r",)
    split = (0.8, 0.1, 0.1)
    assert found.jobs[0].targets == (
        TargetSpec(("A",), "p", "classification", split, ";"),
        TargetSpec((("A",), "r", ("X", "Y")), "", "link_prediction", split),
    )


@pytest.mark.parametrize("wrap", [lambda x: {"neptune_ml": x}, lambda x: x])
def test_the_inner_object_alone(wrap: Any) -> None:
    inner = {"targets": {"node": "A", "property": "p", "type": "regression"}}
    (job,) = ExportParameters.parse(wrap(inner)).jobs
    assert job.targets == (TargetSpec(("A",), "p", "regression", (0.9, 0.1, 0.0)),)


def test_several_jobs() -> None:
    found = jobs({"feature_encoding": "none", "jobs": [{"name": "one"}, {}, {"targets": []}]})
    names = [job.name for job in found]
    assert names == ["one", "training-data-configuration-2", "training-data-configuration-3"]
    assert not any(job.encode for job in found)
    assert [job.name for job in jobs([{}, {"name": "x"}])] == ["training-data-configuration", "x"]


@pytest.mark.parametrize(
    ("entry", "options"),
    [
        ({"type": "numerical"}, {"norm": "min-max"}),
        (
            {"type": "numerical", "norm": "standard", "imputer": "mean"},
            {"norm": "standard", "imputer": "mean"},
        ),
        ({"type": "category", "separator": "|"}, {"separator": "|"}),
        ({"type": "none", "separator": "|"}, {}),
        (
            {"type": "bucket_numerical", "range": [1, 100], "num_buckets": 10},
            {"range": [1, 100], "bucket_cnt": 10, "slide_window_size": 0},
        ),
        ({"type": "datetime"}, {"datetime_parts": ["year", "month", "weekday", "hour"]}),
        ({"type": "datetime", "datetime_parts": ["hour"]}, {"datetime_parts": ["hour"]}),
        ({"type": "text_fasttext", "language": "en"}, {"language": "en"}),
        ({"type": "text_sbert"}, {}),
        ({"type": "text_sbert", "model": "/models/mini"}, {"model": "/models/mini"}),
        ({"type": "category", "model": "/models/mini"}, {}),
        ({"type": "word2vec"}, {"language": ["en_core_web_lg"]}),
        (
            {"type": "text_tfidf", "min_df": 5},
            {"ngram_range": [1, 1], "min_df": 5, "max_features": 5000},
        ),
    ],
)
def test_feature_defaults(entry: dict[str, Any], options: dict[str, Any]) -> None:
    assert feature(property="p", **entry).options == options


def test_several_properties_at_once() -> None:
    (job,) = jobs({"features": [{"node": "A", "type": "auto", "properties": ["p", "q"]}]})
    assert [spec.property for spec in job.features] == ["p", "q"]


@pytest.mark.parametrize(
    ("neptune_ml", "expected"),
    [
        ({"targets": [{"property": "p", "type": "regression"}]}, "'node' or 'edge'"),
        ({"targets": [{"node": "A", "type": "link_prediction"}]}, "Valid values are: 'classif"),
        ({"targets": [{"node": "A", "type": "regression"}]}, "Missing or empty 'property'"),
        ({"targets": [{"edge": ["A", "r"], "type": "link_prediction"}]}, "from label"),
        ({"targets": ["A"]}, "Expected a JSON object"),
        ({"split_rate": [0.9, 0.2, 0.0]}, "sum to 1"),
        ({"features": [{"node": "A", "property": "p", "type": "numeric"}]}, "'numeric'"),
        ({"features": [{"node": "A", "type": "auto"}]}, "Missing or empty 'property'"),
        (
            {"features": [{"node": "A", "property": "p", "type": "numerical", "norm": "l2"}]},
            "'min-max'",
        ),
        (
            {"features": [{"node": "A", "property": "p", "type": "category", "imputer": "mean"}]},
            "Invalid 'imputer'",
        ),
        (
            {"features": [{"node": "A", "property": "p", "type": "bucket_numerical"}]},
            "'range'",
        ),
        (
            {"features": [{"node": "A", "property": "p", "type": "text_fasttext"}]},
            "'language'",
        ),
        ({"jobs": [{"name": "x"}, {"name": "x"}]}, r"must be unique: \[x, x\]"),
        ({"jobs": [{"name": "../x"}]}, "cannot be the name of a file"),
        (
            {"features": [{"node": "A", "property": "p", "type": "numercal"}]},
            r"'numercal'; did you mean 'numerical'\? Valid values are: 'numerical'",
        ),
        ({"target": []}, "neptune_ml: There is no 'target' field; did you mean 'targets'"),
        ({"splitRate": [0.8, 0.1, 0.1]}, "did you mean 'split_rate'"),
        ([{"feature": []}], "did you mean 'features'"),
        ({"jobs": [{"feature_encodings": "none"}]}, "jobs: .* 'feature_encoding'"),
        ({"targets": [{"edge": ["A", "r", "B"], "splitrate": []}]}, "targets: .*'split_rate'"),
        (
            {"features": [{"node": "A", "property": "p", "type": "auto", "seperator": ";"}]},
            "features: .*'separator'",
        ),
    ],
)
def test_requests_that_mean_nothing(neptune_ml: Any, expected: str) -> None:
    with pytest.raises(BadParameters, match=expected):
        jobs(neptune_ml)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"params": {"nodesLabels": ["A"]}}, "params: .* 'nodesLabels' .* 'nodeLabels'"),
        ({"params": {"gremlin_node_filter": "x"}}, "'gremlinNodeFilter'"),
        ({"additionalParams": {"neptune-ml": {}}}, "'neptune_ml'"),
    ],
)
def test_a_typing_error_is_told_before_it_costs_an_export(request_: Any, expected: str) -> None:
    with pytest.raises(BadParameters, match=expected):
        ExportParameters.parse(request_)


def test_what_is_like_nothing_known_is_left_alone() -> None:
    params = {"nodeLabel": "A", "exportId": "x", "endpoint": "h", "endpoints": ["h"]}
    asked = {"params": params, "additionalParams": {"something": 1}}
    assert ExportParameters.parse(asked).node_labels == ("A",)


def test_other_commands_are_refused() -> None:
    with pytest.raises(BadParameters, match="export-rdf"):
        ExportParameters.parse({"command": "export-rdf"})


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "params.json"
    path.write_text(json.dumps({"neptune_ml": {"jobs": [{"name": "x"}]}}))
    assert [job.name for job in ExportParameters.read(path).jobs] == ["x"]
    path.write_text("{")
    with pytest.raises(BadParameters, match="not JSON"):
        ExportParameters.read(path)


@pytest.mark.parametrize("concurrency", [0, 65, "4", 2.0, True])
def test_a_number_of_connections_that_is_none(concurrency: object) -> None:
    with pytest.raises(BadParameters, match=r"params\.concurrency"):
        ExportParameters.parse({"params": {"concurrency": concurrency}})


def test_the_number_of_connections() -> None:
    assert ExportParameters.parse({"params": {"concurrency": 4}}).connections == 4
    assert ExportParameters.parse({}).connections is None
