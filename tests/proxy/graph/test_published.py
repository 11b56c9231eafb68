"""Requests and configurations as Neptune's documentation, exporter and samples have them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from gremlink.proxy.graph import BadParameters, ExportParameters, read_export
from gremlink.proxy.graph.export.parameters import FIRST_SPLIT, Job
from gremlink.proxy.graph.files.bulk_csv import open_bulk_file
from gremlink.proxy.learning.processing.load import load_processed
from gremlink.proxy.learning.search.configuration import configuration_of

PEOPLE = (
    '~id,~label,age,city,tags,at\n"p1","Person",30,"A","x;y",2020-01-01T00:00+02:00[Europe/Paris]\n'
    '"p2","Person",,"B",\n"p3","Person",41,"A","y",2021-03-01T00:00:00Z\n'
)
KNOWS = (
    "~id,~label,~from,~to,~fromLabels,~toLabels,since\n"
    '"e1","knows","p1","p2","Person","Person",2001\n"e2","knows","p2","p3","Person","Person",2002\n'
)


def jobs(neptune_ml: Any) -> tuple[Job, ...]:
    return ExportParameters.parse({"additionalParams": {"neptune_ml": neptune_ml}}).jobs


def test_the_user_guides_request_for_a_notebook() -> None:
    """Its target has no type, its text feature an older name, its buckets a name of their own."""
    (job,) = ExportParameters.parse(
        {
            "command": "export-pg",
            "params": {"endpoint": "host", "profile": "neptune_ml", "useIamAuth": True},
            "outputS3Path": "s3://b/neptune-export",
            "additionalParams": {
                "neptune_ml": {
                    "targets": [{"node": "movie", "property": "genre"}],
                    "features": [
                        {"node": "movie", "property": "title", "type": "word2vec"},
                        {
                            **{"node": "user", "property": "age", "type": "bucket_numerical"},
                            **{"range": [1, 100], "num_buckets": 10},
                        },
                    ],
                }
            },
            "jobSize": "medium",
        }
    ).jobs
    assert job.targets[0].type == "classification"
    assert [feature.type for feature in job.features] == ["text_word2vec", "bucket_numerical"]


def test_numbers_and_truths_as_text() -> None:
    (job,) = jobs(
        {
            "split_rate": ["0.7", "0.2", "0.1"],
            "disableEdgeFeatures": "false",
            "targets": {"edge": ["a", "r", "b"], "type": "link_prediction"},
            "features": [
                {
                    **{"node": "a", "property": "p", "type": "bucket_numerical"},
                    **{"range": ["1", "10.5"], "bucket_cnt": "5", "slide_window_size": "3"},
                    **{"imputer": "most_frequent"},
                },
                {
                    **{"node": "a", "property": "q", "type": "text_tfidf"},
                    **{"ngram_range": ["1", "2"], "min_df": "5", "max_features": "1000"},
                },
                {"node": "a", "property": "r", "type": "numerical", "imputation": "mean"},
            ],
        }
    )
    assert job.targets[0].split_rate == (0.7, 0.2, 0.1)
    assert job.edge_features
    buckets, terms, number = (dict(feature.options) for feature in job.features)
    assert buckets == {
        **{"range": [1, 10.5], "bucket_cnt": 5, "slide_window_size": 3},
        "imputer": "most-frequent",
    }
    assert terms == {"ngram_range": [1, 2], "min_df": 5, "max_features": 1000}
    assert number["imputer"] == "mean"


@pytest.mark.parametrize("text", ["five", "", "1_0", "٣", "0x5", "Infinity"])
def test_text_that_is_no_number(text: str) -> None:
    feature = {"node": "a", "property": "p", "type": "bucket_numerical", "range": [1, 2]}
    with pytest.raises(BadParameters, match="bucket_cnt"):
        jobs({"features": [{**feature, "bucket_cnt": text}]})


def test_a_request_of_version_1() -> None:
    (job,) = jobs(
        {
            "version": "v1.0",
            "targets": [
                {"node": "Movie", "property": "genre"},
                {"edge": ["User", "rated", "Movie"], "property": "stars"},
            ],
        }
    )
    assert [target.type for target in job.targets] == ["classification"] * 2
    assert {target.split_rate for target in job.targets} == {FIRST_SPLIT}


def written(folder: Path, configuration: Any, schema: Any = None) -> Path:
    (folder / "nodes").mkdir(parents=True)
    (folder / "edges").mkdir()
    (folder / "nodes/Person.consolidated.csv").write_text(PEOPLE)
    (folder / "edges/%28Person%29-knows-%28Person%29.consolidated.csv").write_text(KNOWS)
    (folder / "training-data-configuration.json").write_text(json.dumps(configuration))
    if schema is not None:
        (folder / "config.json").write_text(json.dumps(schema))
    return folder


V1 = {
    "graph": [
        {
            **{"file_name": "nodes/Person.consolidated.csv", "separator": ","},
            "labels": [
                {
                    **{"label_type": "node", "sub_label_type": "node_class_label"},
                    **{"cols": ["~id", "city"], "split_rate": [0.7, 0.1, 0.2]},
                    "node_type": "Person",
                }
            ],
            "features": [
                {
                    **{"feat_type": "node", "sub_feat_type": "bucket_numerical"},
                    **{"cols": ["~id", "age"], "range": ["1", "100"], "bucket_cnt": "3"},
                    **{"slide_window_size": 0, "node_type": "Person"},
                },
                {
                    **{"feat_type": "node", "sub_feat_type": "category"},
                    **{"cols": ["~id", "tags"], "separator": ";", "node_type": "Person"},
                },
            ],
        },
        {
            "file_name": "edges/%28Person%29-knows-%28Person%29.consolidated.csv",
            "separator": ",",
            "features": [
                {
                    **{"feat_type": "edge", "sub_feat_type": "numerical"},
                    **{"cols": ["~from", "~to", "since"], "norm": "min-max"},
                    "edge_type": ["Person", "knows", "Person"],
                }
            ],
        },
    ],
    "warnings": [],
}


def test_a_configuration_of_version_1(tmp_path: Path) -> None:
    directory = written(tmp_path / "e", V1)
    found = load_processed(directory)
    assert found.target is not None
    assert (found.target.key, found.target.task) == ("city", "classification")
    assert found.graph.counts == {"Person": 3}
    (relation,) = found.graph.edges
    assert tuple(relation) == ("Person", "knows", "Person")
    assert [each.name for each in found.encodings["Person"]] == ["age", "tags"]


def test_in_version_1_names_of_files_tell_what_nothing_else_does(tmp_path: Path) -> None:
    bare = {"graph": [{"file_name": entry["file_name"]} for entry in V1["graph"]]}  # type: ignore[index]
    export = read_export(written(tmp_path / "e", bare))
    assert [node.type for node in export.nodes] == ["Person"]
    assert [(edge.source, edge.relation, edge.dest) for edge in export.edges] == [
        ("Person", "knows", "Person")
    ]


V2 = {
    "version": "v2.0",
    "query_engine": "gremlin",
    "graph": [
        {
            "nodes": [
                {
                    **{"file_name": "nodes/Person.consolidated.csv", "separator": ","},
                    "node_type": ["~id", "Person"],
                    "features": [
                        {"feature": ["at", "at", "datetime"]},
                        {"feature": ["age", "age", "numerical"], "imputation": "median"},
                    ],
                    "labels": [
                        {"label": ["city", "classification"], "split_rate": ["0.5", "0.5", "0"]}
                    ],
                }
            ],
            "edges": [
                {
                    "file_name": "edges/%28Person%29-knows-%28Person%29.consolidated.csv",
                    **{"separator": ",", "source": ["~from", "Person"], "relation": ["", "knows"]},
                    **{"dest": ["~to", "Person"], "features": []},
                }
            ],
            "warnings": [],
        }
    ],
}


def test_a_configuration_with_older_names_short_rows_and_files_beside(tmp_path: Path) -> None:
    directory = written(tmp_path / "e", V2)
    (directory / "nodes/Robot.consolidated.csv").write_text("~id\nr\n")
    (directory / "_SUCCESS").write_text("")
    found = load_processed(directory)
    assert list(found.graph.counts) == ["Person"]
    left, short = found.warnings[0], found.warnings[1]
    assert left == (
        "left out, because the configuration does not name them: nodes/Robot.consolidated.csv"
    )
    assert "Person.consolidated.csv: 1 row is shorter than the header, the first on line 3" in short


def test_packed_files_of_an_export(tmp_path: Path) -> None:
    directory = written(tmp_path / "e", V2)
    plain = load_processed(directory)
    for path in list(directory.rglob("*.csv")):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = load_processed(directory)
    assert packed.graph.counts == plain.graph.counts
    assert packed.target is not None
    assert plain.target is not None
    assert list(packed.target.cells) == list(plain.target.cells)


@pytest.mark.parametrize("named", [True, False])
def test_the_schema_of_neptunes_exporter(tmp_path: Path, named: bool) -> None:
    """Its files are named alone or not at all, its edges' labels are objects."""
    schema: dict[str, Any] = {
        "nodes": [
            {
                "label": "Person",
                "properties": [
                    {"property": "age", "dataType": "Integer", "isMultiValue": False},
                    {"property": "tags", "dataType": "String", "isMultiValue": True},
                    {"property": "at", "dataType": "Date", "isMultiValue": False},
                ],
            }
        ],
        "edges": [
            {
                "label": {
                    **{"~label": "knows", "~fromLabels": ["Person"]},
                    "~toLabels": ["Person"],
                },
                "properties": [{"property": "since", "dataType": "Long", "isMultiValue": False}],
            }
        ],
    }
    if named:
        schema["nodes"][0]["files"] = ["Person.consolidated.csv"]
        schema["edges"][0]["files"] = ["%28Person%29-knows-%28Person%29.consolidated.csv"]
    directory = written(tmp_path / "e", V2, schema)
    first, *_ = open_bulk_file(directory / "nodes/Person.consolidated.csv").rows()
    assert first.sets["age"] == [30]  # type: ignore[union-attr]
    assert first.sets["tags"] == ["x", "y"]  # type: ignore[union-attr]
    (edge,) = directory.glob("edges/*")
    row, _ = open_bulk_file(edge).rows()
    assert row.properties == {"since": 2001}  # type: ignore[union-attr]
    export = read_export(directory)
    assert export.nodes[0].data_types["age"] == "Integer"


def test_a_search_with_numbers_as_text() -> None:
    """AWS's sample for credit cards has its frequency so."""
    found = configuration_of(
        {
            "models": [
                {
                    **{"model": "rgcn", "task_type": "node_class"},
                    "eval_metric": {"metric": "roc_auc"},
                    "eval_frequency": {"type": "evaluate_every_epoch", "value": "3"},
                    "1-tier-param": [
                        {
                            **{"param": "num-hidden", "range": ["16", "128"], "type": "int"},
                            "inc_strategy": "power2",
                        }
                    ],
                    "2-tier-param": [
                        {
                            **{"param": "dropout", "range": [0.0, "0.5"], "type": "float"},
                            "default": "0.3",
                        },
                        {"param": "layer-norm", "type": "bool", "default": "true"},
                    ],
                    "3-tier-param": [
                        {
                            **{"param": "num-layer", "range": ["1", "3"], "type": "int"},
                            **{"inc_val": "1", "default": "2"},
                        },
                        {
                            **{"param": "fanout", "type": "int", "options": [[10, 30], [15, 30]]},
                            "default": ["10", "15"],
                        },
                    ],
                    "fixed-param": [{"param": "l2norm", "type": "float", "default": "0"}],
                }
            ]
        }
    )
    assert found.frequency == ("evaluate_every_epoch", 3.0)
    assert found.defaults() == {
        **{"dropout": 0.3, "layer-norm": True, "num-layer": 2, "fanout": (10, 15), "l2norm": 0.0},
    }
