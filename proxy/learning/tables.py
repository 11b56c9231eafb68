"""From the files of an export to the tables that a graph is assembled from."""

from __future__ import annotations

from proxy.graph.export_files import EdgeFile, Feature, NodeFile, Target
from proxy.learning.dataset import DEFAULT_SPLIT, EdgeTable, SplitRate, VertexTable
from proxy.learning.features.processing import FeatureSpec
from proxy.learning.graph import Relation


def is_link_target(target: Target) -> bool:
    """Whether links are to be predicted, rather than a property."""
    # The documentation has the one name, Neptune's own scripts the other.
    return target.task in ("link_prediction", "link_predict")


def vertex_table(file: NodeFile) -> VertexTable:
    """The rows of a node file with what to make of its columns. Raises `BadExport`."""
    table = file.read()
    specs = [feature_spec(feature) for feature in file.features]
    return VertexTable(file.type, table.ids, table.columns, specs)


def edge_table(file: EdgeFile) -> EdgeTable:
    """The rows of an edge file. Raises `BadExport`."""
    table = file.read()
    rates: list[SplitRate] = [
        target.split_rate or DEFAULT_SPLIT for target in file.targets if is_link_target(target)
    ]
    relation = Relation(file.source, file.relation, file.dest)
    return EdgeTable(relation, table.sources, table.dests, rates[0] if rates else None)


def feature_spec(feature: Feature) -> FeatureSpec:
    """A configured feature in the terms of its encoding."""
    options = feature.options
    # Older configurations say "imputation".
    return FeatureSpec(
        feature.column,
        feature.type,
        options.get("norm", "min-max"),
        options.get("imputer", options.get("imputation")),
        options.get("separator"),
        tuple(options.get("datetime_parts", ())),
    )
