"""`training-data-configuration.json`: what each property of an export is, asked for or inferred.

The rules are those of Neptune's exporter: text and booleans are left to the processing (`auto`),
numbers are scaled, dates are taken apart, and a property that is a target is no feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gremlink.proxy.graph.export.elements import DATE
from gremlink.proxy.graph.export.names import check_schema
from gremlink.proxy.graph.export.parameters import Element, FeatureSpec, Job, TargetSpec
from gremlink.proxy.graph.export.schema import EdgeKind, NodeKind, Property, Schema
from gremlink.proxy.graph.files.export_rows import FROM, ID, TO

MULTI_VALUE_SEPARATOR = ";"
_ALL_PARTS = ["year", "month", "weekday", "hour"]
_TEXT = "text_"


def training_configuration(job: Job, schema: Schema) -> dict[str, Any]:
    """Return the document of one job. Raises `BadParameters` for a name that nothing in the graph
    has."""
    check_schema(job, schema)
    warnings: list[str] = []
    nodes = [
        {
            "file_name": node.file_name,
            "separator": ",",
            "node": [ID, node.name],
            **_columns(job, node.labels, node, warnings),
        }
        for node in schema.nodes.values()
    ]
    edges = [
        {
            "file_name": edge.file_name,
            "separator": ",",
            "source": [FROM, edge.source],
            "relation": ["", edge.label],
            "dest": [TO, edge.dest],
            **_columns(job, edge.triple, edge, warnings),
        }
        for edge in schema.edges.values()
    ]
    return {
        "version": "v2.0",
        "query_engine": "gremlin",
        "graph": {"nodes": nodes, "edges": edges},
        "warnings": warnings,
    }


def _columns(
    job: Job, element: Element, kind: NodeKind | EdgeKind, warnings: list[str]
) -> dict[str, Any]:
    """Return the `features` and `labels` of one file."""
    targets = [target for target in job.targets if target.element == element]
    labels = [_label(target, kind.properties.get(target.property)) for target in targets]
    used = {target.property for target in targets}
    asked = [feature for feature in job.features if feature.element == element]
    features: list[dict[str, Any]] = []
    if job.edge_features or isinstance(kind, NodeKind):
        features = _features(job, kind, asked, used, warnings)
    entry: dict[str, Any] = {"features": features}
    if labels:
        entry["labels"] = labels
    return entry


def _label(target: TargetSpec, found: Property | None) -> dict[str, Any]:
    label: dict[str, Any] = {
        "label": [target.property, target.type],
        "split_rate": list(target.split_rate),
    }
    separator = target.separator
    if separator is None and found is not None and found.is_multi_value:
        separator = MULTI_VALUE_SEPARATOR
    if separator is not None and target.type == "classification":
        label["separator"] = separator
    return label


def _features(
    job: Job,
    kind: NodeKind | EdgeKind,
    asked: Sequence[FeatureSpec],
    used: set[str],
    warnings: list[str],
) -> list[dict[str, Any]]:
    overrides: dict[str, FeatureSpec] = {}
    for feature in asked:
        if feature.property in used:
            warnings.append(
                f"Unable to add {feature.type} feature override (Label: {kind.name}, Property: "
                f"{feature.property}). Property is being used to label the "
                f"{'node' if isinstance(kind, NodeKind) else 'edge'}."
            )
        else:
            overrides[feature.property] = feature
    features = []
    for name, found in kind.properties.items():
        if name in used:
            continue
        override = overrides.get(name)
        if override is not None and not _unusable(override, found, warnings):
            features.append(_asked(override, found, warnings))
        elif job.encode:
            features.append(_inferred(found, kind, warnings))
        else:
            features.append({"feature": [name, name, "none"]})
    return features


def _unusable(override: FeatureSpec, found: Property, warnings: list[str]) -> bool:
    if not override.type.startswith(_TEXT) or not found.is_multi_value:
        return False
    warnings.append(
        f"{override.type} feature does not support multi-value properties. "
        f"Auto-inferring a feature for '{found.name}'."
    )
    return True


def _asked(override: FeatureSpec, found: Property, warnings: list[str]) -> dict[str, Any]:
    name = override.property
    feature: dict[str, Any] = {"feature": [name, name, override.type], **override.options}
    if override.type in ("numerical", "category", "auto") and found.is_multi_value:
        feature.setdefault("separator", MULTI_VALUE_SEPARATOR)
    if override.type == "bucket_numerical" and "imputer" not in override.options:
        warnings.append(
            f"'imputer' value missing for bucket_numerical feature for '{name}'. "
            "Preprocessing will exit when it encounters an missing value."
        )
    return feature


def _inferred(found: Property, kind: NodeKind | EdgeKind, warnings: list[str]) -> dict[str, Any]:
    name = found.name
    if found.type == DATE and not found.is_multi_value:
        return {"feature": [name, name, "datetime"], "datetime_parts": _ALL_PARTS}
    if found.is_number and not found.is_multi_value:
        return {"feature": [name, name, "numerical"], "norm": "min-max", "imputer": "median"}
    feature: dict[str, Any] = {"feature": [name, name, "auto"]}
    if found.is_multi_value:
        feature["separator"] = MULTI_VALUE_SEPARATOR
        if found.is_number:
            feature["imputer"] = "median"
        if found.type == DATE:
            warnings.append(
                f"Date property with several values is left to the processing "
                f"(Label: {kind.name}, Property: {name})."
            )
    return feature
