"""The form of a predictor of a property in an artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.features.encodings import from_document, to_document
from gremlink.proxy.learning.graph import Indexes, Relation
from gremlink.proxy.learning.inductive.scope import INDUCTIVE
from gremlink.proxy.learning.properties.context import Known, View
from gremlink.proxy.learning.properties.methods.base_models import (
    Boosted,
    Constant,
    Member,
    OnTable,
)
from gremlink.proxy.learning.properties.methods.gradient_boosting import Forest
from gremlink.proxy.learning.properties.methods.linear import Linear
from gremlink.proxy.learning.properties.methods.neighbour_mean import AroundVertices, AtEnds
from gremlink.proxy.learning.properties.methods.networks import Networks
from gremlink.proxy.learning.properties.prediction.model import EdgeFeatures, PropertyModel
from gremlink.proxy.learning.properties.thresholds import Lift
from gremlink.proxy.learning.trained.encoder import encoder_tensors, encoders_of
from gremlink.proxy.learning.trained.head import Head
from gremlink.proxy.learning.trained.stored_graph import StoredGraph, stored_graph_of
from gremlink.proxy.learning.trained.target import PROPERTY_TASKS, Form, PropertyTarget
from gremlink.proxy.store.artifacts import Artifact

EDGES = "edges"
KNOWN = "known"
ANSWERS = "answers"

Arrays = Mapping[str, NDArray[Any]]


def to_artifact(model: PropertyModel, about: Mapping[str, Any]) -> Artifact:
    """The model as manifest, documents and tensors; `about` goes into the manifest."""
    target, stored = model.target, model.stored
    members: list[dict[str, Any]] = []
    tensors: dict[str, Arrays] = {
        **stored.tensors(),
        KNOWN: {**_pair("ends", model.known.ends), "truth": model.known.truth},
        EDGES: {
            "features": model.edges.values,
            **_pair("ends", model.edges.ends),
            **_lift_tensors(model.lift),
        },
    }
    if model.answers is not None:
        tensors[ANSWERS] = {ANSWERS: model.answers}
    for number, (weight, member) in enumerate(model.members):
        kind, arrays = _written(member)
        members.append({"kind": kind, "weight": weight})
        if isinstance(member, Boosted) and member.named:
            members[-1]["named"] = dict(member.named)
        tensors[f"member-{number}"] = arrays
        if isinstance(member, Networks):
            encoders = encoder_tensors(member.encoders, stored.types, stored.relations)
            tensors[f"encoders-{number}"] = encoders
    manifest = {
        "task": target.name,
        **about,
        **stored.manifest(),
        "target": {
            "owner": target.owner if isinstance(target.owner, str) else list(target.owner),
            "key": target.key,
            "task": target.task,
            "form": target.form.value,
            "classes": [[value.kind.value, value.value] for value in target.classes],
            "separator": target.separator,
        },
        "members": members,
        "balance": model.lift.balance,
        "edge_encodings": [to_document(encoding) for encoding in model.edges.encodings],
    }
    documents: dict[str, Any] = {
        **stored.documents(),
        EDGES: {"ids": list(model.edges.ids)},
        INDUCTIVE: model.scope.to_document(),
    }
    return Artifact(manifest, documents, tensors)


def from_artifact(artifact: Artifact) -> PropertyModel:
    """The model that `to_artifact` wrote.

    Raises KeyError, ValueError, TypeError or IndexError for a manifest that it did not write.
    """
    manifest = artifact.manifest
    if manifest["task"] not in PROPERTY_TASKS:
        raise ValueError(f"the artifact is for {manifest['task']!r}, not for a property")
    entry = manifest["target"]
    owner = entry["owner"] if isinstance(entry["owner"], str) else Relation(*entry["owner"])
    classes = tuple(Literal(Kind(kind), value) for kind, value in entry["classes"])
    target = PropertyTarget(
        owner, entry["key"], entry["task"], Form(entry["form"]), classes, entry["separator"]
    )
    stored = stored_graph_of(artifact)
    answers = None
    embed: dict[str, Indexes] = {}
    if target.element == "node":
        answers = artifact.tensors[ANSWERS][ANSWERS]
        if answers.shape != (stored.graph.counts[target.ends[0]], target.width):
            raise ValueError(f"its answers have the shape {answers.shape}")
    else:  # what answers any pair of vertices has to know them all
        embed = {end: np.arange(stored.graph.counts[end]) for end in target.ends}
    arrays = artifact.tensors[KNOWN]
    ends = tuple(arrays[f"ends.{end}"].astype(np.int64) for end in range(len(target.ends)))
    known = Known(ends, arrays["truth"])
    view = View(stored.graph, target.ends, known, embed)
    members = tuple(
        (entry["weight"], _read(entry, target.form, artifact, number, view, stored))
        for number, entry in enumerate(manifest["members"])
    )
    return PropertyModel(
        target,
        stored,
        known,
        members,
        Lift(
            artifact.tensors[EDGES]["shares"],
            manifest["balance"],
            artifact.tensors[EDGES].get("thresholds"),
        ),
        EdgeFeatures(
            tuple(from_document(encoding) for encoding in manifest["edge_encodings"]),
            artifact.documents[EDGES]["ids"],
            artifact.tensors[EDGES]["features"],
            tuple(
                artifact.tensors[EDGES][name].astype(np.int64)
                for name in ("ends.0", "ends.1")
                if name in artifact.tensors[EDGES]
            ),
        ),
        answers,
    )


def _lift_tensors(lift: Lift) -> dict[str, NDArray[Any]]:
    thresholds = {} if lift.thresholds is None else {"thresholds": lift.thresholds}
    return {"shares": lift.shares, **thresholds}


def _written(member: Member) -> tuple[str, dict[str, NDArray[Any]]]:
    """A method's name in an artifact, and its parameters."""
    match member:
        case Constant(values):
            return "constant", {"values": values}
        case AroundVertices():
            return "around", {}
        case AtEnds():
            return "ends", {"combination": member.combination}
        case OnTable(_, model):
            return "linear", {"weights": model.weights, "intercepts": model.intercepts}
        case Boosted():
            kind = "boosting" if member.estimates is None else "boosting-around"
            return kind, dict(member.forest.tensors())
        case Networks(_, heads):
            return "network", {
                f"{number}.{name}": values
                for number, head in enumerate(heads)
                for name, values in head.tensors().items()
            }
    raise TypeError(f"{type(member).__name__} cannot be stored")


def _read(
    entry: Mapping[str, Any],
    form: Form,
    artifact: Artifact,
    number: int,
    view: View,
    stored: StoredGraph,
) -> Member:
    """The method that `_written` took apart, looking at a view; `entry` is the manifest's."""
    arrays = artifact.tensors[f"member-{number}"]
    match entry["kind"]:
        case "constant":
            return Constant(arrays["values"])
        case "around":
            return AroundVertices(view.estimates)
        case "ends":
            return AtEnds(form, view.estimates, arrays["combination"])
        case "linear":
            return OnTable(view.own, Linear(form, arrays["weights"], arrays["intercepts"]))
        case "boosting":
            return Boosted(form, view.own, None, _forest(arrays))
        case "boosting-around":
            named = entry.get("named", {})
            return Boosted(form, view.around(named), view.estimates, _forest(arrays), named)
        case "network":
            tensors = artifact.tensors[f"encoders-{number}"]
            encoders = encoders_of(tensors, stored.types, stored.relations)
            heads = []
            for place, states in enumerate(view.states(encoders)):
                prefix = f"{place}."
                own = {
                    name.removeprefix(prefix): values
                    for name, values in arrays.items()
                    if name.startswith(prefix)
                }
                heads.append(Head.from_tensors(own, states))
            return Networks(form, tuple(heads), encoders)
    raise ValueError(f"unknown method {entry['kind']!r}")


def _pair(name: str, ends: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"{name}.{end}": values.astype(np.int32) for end, values in enumerate(ends)}


def _forest(arrays: Arrays) -> Forest:
    return Forest(**{name: arrays[name] for name in Forest.__dataclass_fields__})
