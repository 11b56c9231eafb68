"""Parameters of an export: Neptune-Export's `params` and `additionalParams.neptune_ml`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremlink.proxy.graph.errors import BadParameters
from gremlink.proxy.graph.export.filters import Steps, read_filter
from gremlink.proxy.graph.files.lenient_json import FEATURE_NUMBERS, boolean, numbers, with_numbers
from gremlink.proxy.graph.labels import Labels, split_labels
from gremlink.proxy.graph.spelling import misspelt
from gremlink.proxy.messages.system_errors import reason_of

DEFAULT_NAME = "training-data-configuration"
DEFAULT_SPLIT = (0.9, 0.1, 0.0)
FIRST_SPLIT = (0.7, 0.1, 0.2)
"""Of version 1, whose requests are otherwise those of version 2 with less in them."""
NODE_TASKS = ("classification", "regression")
EDGE_TASKS = ("classification", "regression", "link_prediction")
FEATURE_TYPES = (
    "numerical",
    "category",
    "auto",
    "none",
    "bucket_numerical",
    "text_word2vec",
    "text_fasttext",
    "text_sbert",
    "text_sbert128",
    "text_sbert512",
    "text_tfidf",
    "datetime",
)
PARAMS = (
    *("nodeLabels", "nodeLabel", "edgeLabels", "edgeLabel"),
    *("gremlinFilter", "gremlinNodeFilter", "gremlinEdgeFilter", "filter", "filterConfigFile"),
    *("endpoint", "endpoints", "clusterId", "profile", "scope", "format", "concurrency"),
    *("useIamAuth", "includeLastEventId", "cloneCluster", "cloneClusterInstanceType"),
    *("cloneClusterReplicaCount", "cloneClusterEnableAuditLogs"),
)
MOST_CONNECTIONS = 64
NEPTUNE_ML = (
    *("version", "name", "targets", "features", "split_rate", "jobs"),
    *("feature_encoding", "disableEdgeFeatures"),
)
REQUEST = (
    *("command", "params", "additionalParams", "neptune_ml", "outputS3Path", "jobSize"),
    *("createExportSubdirectory", "overwriteExisting", "completionFileS3Path"),
    *NEPTUNE_ML,
)
_TARGET = ("node", "edge", "property", "type", "split_rate", "separator")
_FEATURE = (
    *("node", "edge", "property", "properties", "type", "norm", "imputer", "imputation"),
    *("separator",),
    *("range", "bucket_cnt", "num_buckets", "slide_window_size", "datetime_parts", "language"),
    *("max_length", "ngram_range", "min_df", "max_features", "model"),
)
_ALIASES = {"word2vec": "text_word2vec"}
_MANY_PROPERTIES = ("numerical", "category", "auto", "none")
_MODELLED = ("text_word2vec", "text_fasttext", "text_sbert", "text_sbert128", "text_sbert512")
_NORMS = ("none", "min-max", "standard")
_IMPUTERS = ("mean", "median", "most-frequent")
_DATETIME_PARTS = ("year", "month", "weekday", "hour")
_LANGUAGES = ("en", "zh", "hi", "es", "fr")

Element = Labels | tuple[Labels, str, Labels]
"""The element of a target or a feature: the labels of a vertex, or an edge triple."""


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """Something to predict. `property` is empty for link prediction."""

    element: Element
    property: str
    type: str
    split_rate: tuple[float, float, float]
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The encoding of a property; `options` are the entry's further keys, with defaults."""

    element: Element
    property: str
    type: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One training data configuration to write. `encode` is off for `feature_encoding: none`."""

    name: str = DEFAULT_NAME
    targets: tuple[TargetSpec, ...] = ()
    features: tuple[FeatureSpec, ...] = ()
    encode: bool = True
    edge_features: bool = True

    @property
    def named(self) -> tuple[TargetSpec | FeatureSpec, ...]:
        """All that names elements and their properties."""
        return (*self.targets, *self.features)


@dataclass(frozen=True, slots=True)
class ExportParameters:
    """The parts of a graph to export (nothing named means everything), and the configurations to
    write.

    The filters are steps that vertices and edges have to pass. `connections` read at the same time;
    `None` leaves their number open.
    """

    node_labels: tuple[str, ...] = ()
    edge_labels: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = (Job(),)
    node_filter: Steps = ()
    edge_filter: Steps = ()
    connections: int | None = None

    @property
    def leaves_out(self) -> bool:
        """`True` if labels or filters leave something out."""
        return bool(self.node_labels or self.edge_labels or self.node_filter or self.edge_filter)

    @classmethod
    def read(cls, path: Path) -> ExportParameters:
        """Read a file with an export request, or with its `neptune_ml` object alone."""
        return cls.parse(read_document(path))

    @classmethod
    def parse(cls, document: Any) -> ExportParameters:
        """Read the parameters in a decoded export request. Raises `BadParameters`."""
        request = spelt(document, "request", REQUEST) if not isinstance(document, list) else {}
        command = request.get("command", "export-pg")
        if command != "export-pg":
            raise BadParameters(
                "command",
                f"{command!r} is not supported; there are export-pg and, for RDF, export-rdf",
            )
        params = spelt(request.get("params", {}), "params", PARAMS)
        return cls(
            _names(params, "nodeLabels"),
            _names(params, "edgeLabels"),
            _jobs(job_entries(document, request)),
            _filter(params, "gremlinNodeFilter"),
            _filter(params, "gremlinEdgeFilter"),
            _connections(params),
        )


def _filter(params: Mapping[str, Any], key: str) -> Steps:
    """Read the filter of one kind of elements; `gremlinFilter` is for both, and wins."""
    used = "gremlinFilter" if params.get("gremlinFilter") else key
    return read_filter(str(params.get(used) or ""), used)


def read_document(path: Path) -> Any:
    """Read a file with parameters. Raises `BadParameters`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadParameters(str(path), reason_of(error)) from None
    except (ValueError, RecursionError) as error:
        raise BadParameters(str(path), f"not JSON: {error}") from None


def job_entries(document: Any, request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return an entry for each configuration to write; `request` is the document if it is no list.

    Raises `BadParameters`.
    """
    additional = spelt(request.get("additionalParams", {}), "additionalParams", ("neptune_ml",))
    plain = {"targets", "features", "jobs", "version", "split_rate"} & set(request)
    own: Any = document if plain or isinstance(document, list) else {}
    asked = additional.get("neptune_ml", request.get("neptune_ml", own))
    if isinstance(asked, list):
        entries = [spelt(entry, "neptune_ml", NEPTUNE_ML) for entry in asked]
    else:
        whole = spelt(asked, "neptune_ml", NEPTUNE_ML)
        shared = {key: value for key, value in whole.items() if key != "jobs"}
        jobs = whole.get("jobs")
        listed = [whole] if jobs is None else list_of(jobs, "jobs")
        entries = [{**shared, **spelt(entry, "jobs", NEPTUNE_ML)} for entry in listed]
    return entries or [{}]


def check_names(names: Sequence[str]) -> None:
    """Check that no two configurations have the same name. Raises `BadParameters`."""
    if len(set(names)) != len(names):
        listing = ", ".join(names)
        raise BadParameters(
            "jobs", f"Training data configuration names must be unique: [{listing}]"
        )


def job_name(entry: Mapping[str, Any], number: int) -> str:
    """Return the name of a configuration, counted from 1. Raises `BadParameters`."""
    default = DEFAULT_NAME if number == 1 else f"{DEFAULT_NAME}-{number}"
    name = entry.get("name", default)
    if not isinstance(name, str) or not name or "/" in name or name.startswith("."):
        raise BadParameters("name", f"{name!r} cannot be the name of a file")
    return name


def _jobs(entries: Sequence[Mapping[str, Any]]) -> tuple[Job, ...]:
    found = tuple(_job(entry, number) for number, entry in enumerate(entries, start=1))
    check_names([job.name for job in found])
    return found


def _job(entry: Mapping[str, Any], number: int) -> Job:
    is_first = str(entry.get("version", "v2.0")).startswith("v1")
    encoding = _chosen(entry, "feature_encoding", ("auto", "none"), "feature_encoding")
    split = FIRST_SPLIT if is_first else DEFAULT_SPLIT
    if "split_rate" in entry:
        split = split_of(entry["split_rate"], "split_rate")
    targets = [_target(target, split) for target in list_of(entry.get("targets", []), "targets")]
    features = [
        spec
        for feature in list_of(entry.get("features", []), "features")
        for spec in _feature(feature)
    ]
    return Job(
        job_name(entry, number),
        tuple(targets),
        tuple(features),
        encode=encoding != "none",
        edge_features=not boolean(entry.get("disableEdgeFeatures", False)),
    )


def _target(entry: Any, split: tuple[float, float, float]) -> TargetSpec:
    target = spelt(entry, "targets", _TARGET)
    element = _element(target, "target")
    is_edge = "edge" in target
    where = f"{'edge' if is_edge else 'node'} target {described_element(element)}"
    tasks = EDGE_TASKS if is_edge else NODE_TASKS
    name = target.get("property", "")
    # Version 1 has no types, and the user guide's own request has none.
    untyped = "classification" if name or not is_edge else "link_prediction"
    task = _chosen(target, "type", tasks, where) or untyped
    if not isinstance(name, str) or (not name and task != "link_prediction"):
        raise BadParameters(where, f"Missing or empty 'property' field for {task}")
    rate = split_of(target["split_rate"], where) if "split_rate" in target else split
    separator = target.get("separator")
    return TargetSpec(element, "" if task == "link_prediction" else name, task, rate, separator)


def _feature(entry: Any) -> list[FeatureSpec]:
    feature = with_numbers(spelt(entry, "features", _FEATURE), FEATURE_NUMBERS)
    element = _element(feature, "feature")
    where = f"feature of {described_element(element)}"
    given = feature.get("type")
    kind = _ALIASES.get(str(given), str(given))
    if kind not in FEATURE_TYPES:
        raise BadParameters(where, _one_of("type", given, FEATURE_TYPES))
    name = feature.get("property")
    if name is None and kind in _MANY_PROPERTIES:
        name = feature.get("properties")
    names = name if isinstance(name, list) else [name]
    named = [one for one in names if isinstance(one, str) and one]
    if not named or len(named) != len(names):
        raise BadParameters(where, f"Missing or empty 'property' field for {kind} feature")
    options = _options(kind, feature, where)
    return [FeatureSpec(element, one, kind, options) for one in named]


def _options(kind: str, feature: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the keys of a feature of this type in the configuration, defaults filled in."""
    options: dict[str, Any] = {}
    if kind == "numerical":
        options["norm"] = _chosen(feature, "norm", _NORMS, where) or "min-max"
    if kind in ("numerical", "auto", "bucket_numerical", "datetime"):
        imputer = _chosen(feature, "imputer", _IMPUTERS, where)
        # Older requests say "imputation".
        imputer = imputer or _chosen(feature, "imputation", _IMPUTERS, where)
        if imputer:
            options["imputer"] = imputer
    elif kind == "category" and "imputer" in feature:
        raise BadParameters(where, "Invalid 'imputer' field for node feature")
    if "separator" in feature:
        if kind == "bucket_numerical":
            raise BadParameters(where, "Invalid 'separator' field for bucket_numerical feature")
        if kind in ("numerical", "category", "auto"):
            options["separator"] = str(feature["separator"])
    match kind:
        case "bucket_numerical":
            options |= _buckets(feature, where)
        case "datetime":
            parts = feature.get("datetime_parts") or list(_DATETIME_PARTS)
            for part in list_of(parts, where):
                if part not in _DATETIME_PARTS:
                    raise BadParameters(where, _one_of("datetime_parts", part, _DATETIME_PARTS))
            options["datetime_parts"] = parts
        case "text_fasttext":
            language = feature.get("language")
            if language not in _LANGUAGES:
                raise BadParameters(where, _one_of("language", language, _LANGUAGES))
            options["language"] = language
            if "max_length" in feature:
                options["max_length"] = _whole(feature, "max_length", where)
        case "text_word2vec":
            language = feature.get("language", "en_core_web_lg")
            options["language"] = language if isinstance(language, list) else [language]
        case "text_tfidf":
            options["ngram_range"] = feature.get("ngram_range", [1, 1])
            options["min_df"] = feature.get("min_df", 2)
            options["max_features"] = feature.get("max_features", 5000)
    # A text model on this machine, which Neptune does not know.
    if kind in _MODELLED and "model" in feature:
        options["model"] = str(feature["model"])
    return options


def _buckets(feature: Mapping[str, Any], where: str) -> dict[str, Any]:
    bounds = feature.get("range")
    if not (
        isinstance(bounds, list)
        and len(bounds) == 2
        and all(isinstance(bound, int | float) for bound in bounds)
    ):
        raise BadParameters(where, "Error parsing 'range' field. Expected [low, high]")
    count = "bucket_cnt" if "bucket_cnt" in feature else "num_buckets"
    return {
        "range": bounds,
        "bucket_cnt": _whole(feature, count, where),
        "slide_window_size": feature.get("slide_window_size", 0),
    }


def _element(entry: Mapping[str, Any], what: str) -> Element:
    if ("node" in entry) == ("edge" in entry):
        raise BadParameters(what, "Expected 'node' or 'edge' field")
    if "node" in entry:
        return _labels(entry["node"], f"node of a {what}")
    triple = entry["edge"]
    if not isinstance(triple, list) or len(triple) != 3 or not isinstance(triple[1], str):
        raise BadParameters(f"edge of a {what}", "Expected [from label, edge label, to label]")
    where = f"edge of a {what}"
    return _labels(triple[0], where), triple[1], _labels(triple[2], where)


def _labels(value: Any, where: str) -> Labels:
    names = value if isinstance(value, list) else [str(value)]
    if not value or not all(isinstance(name, str) and name for name in names):
        raise BadParameters(where, "Expected a label or a list of labels")
    return split_labels(";".join(names))


def labels_of(element: Element) -> tuple[Labels, ...]:
    """Return the labels of the vertices of a target or a feature: one kind, or both ends."""
    if edge_label_of(element) is None:
        return (tuple(str(label) for label in element),)
    return tuple(labels for labels in element if isinstance(labels, tuple))


def edge_label_of(element: Element) -> str | None:
    """Return the label of the edges of a target or a feature, `None` for vertices."""
    is_edge = len(element) == 3 and isinstance(element[0], tuple)
    return str(element[1]) if is_edge else None


def described_element(element: Element) -> str:
    """Describe a target's or a feature's element for messages."""
    if len(element) == 3 and isinstance(element[0], tuple):
        return f"[{', '.join([';'.join(element[0]), str(element[1]), ';'.join(element[2])])}]"
    return ";".join(str(label) for label in element)


def split_of(value: Any, where: str) -> tuple[float, float, float]:
    """Read the shares of training, validation and test. Raises `BadParameters`."""
    value = numbers(value)
    if isinstance(value, list) and len(value) == 3:
        shares = [float(share) for share in value if isinstance(share, int | float)]
        if len(shares) == 3 and min(shares) >= 0 and abs(sum(shares) - 1) < 1e-6:
            return shares[0], shares[1], shares[2]
    raise BadParameters(
        where, f"Error parsing 'split_rate' field. Expected three shares that sum to 1: {value!r}"
    )


def _chosen(entry: Mapping[str, Any], key: str, allowed: Sequence[str], where: str) -> str | None:
    value = entry.get(key)
    if value is None:
        return None
    # A page of the user guide spells an imputer with a low line.
    spelt = str(value).replace("_", "-") if "most-frequent" in allowed else value
    if spelt not in allowed:
        raise BadParameters(where, _one_of(key, value, allowed))
    return str(spelt)


def _whole(entry: Mapping[str, Any], key: str, where: str) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadParameters(where, f"Error parsing '{key}' field. Expected an integer: {value!r}")
    return value


def _one_of(key: str, value: Any, allowed: Sequence[str]) -> str:
    choices = ", ".join(f"'{choice}'" for choice in allowed)
    near = misspelt([value], allowed) if isinstance(value, str) else None
    meant = "." if near is None else f"; did you mean '{near[1]}'?"
    return f"Invalid '{key}' value: {value!r}{meant} Valid values are: {choices}"


def _names(params: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = params.get(key, params.get(key.removesuffix("s"), []))
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) for name in names):
        raise BadParameters(key, "Expected a list of labels")
    return tuple(names)


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadParameters(where, "Expected a JSON object")
    return value


def spelt(value: Any, where: str, known: Sequence[str]) -> Mapping[str, Any]:
    """Read an object; refuse keys that are misspelt."""
    found = _object(value, where)
    wrong = misspelt(found, known)
    if wrong is not None:
        raise BadParameters(where, f"There is no '{wrong[0]}' field; did you mean '{wrong[1]}'?")
    return found


def list_of(value: Any, where: str) -> list[Any]:
    """Read a list; a single object is a list of one."""
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        raise BadParameters(where, "Expected a list")
    return value


def _connections(params: Mapping[str, Any]) -> int | None:
    found = params.get("concurrency")
    if found is None:
        return None
    if type(found) is not int or not 1 <= found <= MOST_CONNECTIONS:
        raise BadParameters(
            "params.concurrency", f"{found!r} is not a whole number from 1 to {MOST_CONNECTIONS}"
        )
    return found
