"""The form of a predictor of a property in an artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.features.encodings import from_document, to_document
from gremlink.proxy.learning.graph import Indexes, Relation
from gremlink.proxy.learning.inductive.scope import INDUCTIVE
from gremlink.proxy.learning.properties.context import Context, Known
from gremlink.proxy.learning.properties.methods import STORED
from gremlink.proxy.learning.properties.methods.method import BaseModel, StoredModel
from gremlink.proxy.learning.properties.methods.networks import Networks
from gremlink.proxy.learning.properties.prediction.model import EdgeFeatures, PropertyModel
from gremlink.proxy.learning.properties.thresholds import Decision
from gremlink.proxy.learning.trained.encoder import encoder_tensors, encoders_of
from gremlink.proxy.learning.trained.head import Head
from gremlink.proxy.learning.trained.stored_graph import StoredGraph, stored_graph_of
from gremlink.proxy.learning.trained.target import PROPERTY_TASKS, Form, PropertyTarget
from gremlink.proxy.store.artifacts import Artifact

EDGES = "edges"
KNOWN = "known"
ANSWERS = "answers"
NETWORK_KIND = "network"

Arrays = Mapping[str, NDArray[Any]]


def to_artifact(model: PropertyModel, about: Mapping[str, Any]) -> Artifact:
    """Return the model as manifest, documents and tensors; `about` goes into the manifest."""
    if not any(member.reads_terms for _, member in model.members):
        model = replace(model, stored=model.stored.without_terms())
    target, stored = model.target, model.stored
    members: list[dict[str, Any]] = []
    tensors: dict[str, Arrays] = {
        **stored.tensors(),
        KNOWN: {**_pair("ends", model.known.ends), "truth": model.known.truth},
        EDGES: {
            "features": model.edges.values,
            **_pair("ends", model.edges.ends),
            **_decision_tensors(model.decision),
        },
    }
    if model.answers is not None:
        tensors[ANSWERS] = {ANSWERS: model.answers}
    for number, (weight, member) in enumerate(model.members):
        if isinstance(member, Networks):
            members.append({"kind": NETWORK_KIND, "weight": weight})
            tensors[f"member-{number}"] = {
                f"{place}.{name}": values
                for place, head in enumerate(member.heads)
                for name, values in head.tensors().items()
            }
            encoders = encoder_tensors(member.encoders, stored.types, stored.relations)
            tensors[f"encoders-{number}"] = encoders
        else:
            method = cast(StoredModel, member)
            members.append({"kind": method.kind, "weight": weight, **method.entry()})
            tensors[f"member-{number}"] = method.tensors()
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
            **({} if target.datatype is None else {"datatype": target.datatype}),
            **({"origin": target.origin} if target.origin else {}),
        },
        "members": members,
        "balance": model.decision.balance,
        "edge_encodings": [to_document(encoding) for encoding in model.edges.encodings],
    }
    documents: dict[str, Any] = {
        **stored.documents(),
        EDGES: {"ids": list(model.edges.ids)},
        INDUCTIVE: model.scope.to_document(),
    }
    return Artifact(manifest, documents, tensors)


def from_artifact(artifact: Artifact) -> PropertyModel:
    """Restore the model that `to_artifact` wrote.

    Raises KeyError, ValueError, TypeError or IndexError for a manifest that it did not write.
    """
    manifest = artifact.manifest
    if manifest["task"] not in PROPERTY_TASKS:
        raise ValueError(f"the artifact is for {manifest['task']!r}, not for a property")
    entry = manifest["target"]
    owner = entry["owner"] if isinstance(entry["owner"], str) else Relation(*entry["owner"])
    classes = tuple(Literal(Kind(kind), value) for kind, value in entry["classes"])
    target = PropertyTarget(
        owner,
        entry["key"],
        entry["task"],
        Form(entry["form"]),
        classes,
        entry["separator"],
        entry.get("datatype"),
        float(entry.get("origin", 0.0)),
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
    context = Context(stored.graph, target.ends, known, embed)
    members = tuple(
        (entry["weight"], _read(entry, target.form, artifact, number, context, stored))
        for number, entry in enumerate(manifest["members"])
    )
    return PropertyModel(
        target,
        stored,
        known,
        members,
        Decision(
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


def _decision_tensors(decision: Decision) -> dict[str, NDArray[Any]]:
    thresholds = {} if decision.thresholds is None else {"thresholds": decision.thresholds}
    return {"shares": decision.shares, **thresholds}


def _read(
    entry: Mapping[str, Any],
    form: Form,
    artifact: Artifact,
    number: int,
    context: Context,
    stored: StoredGraph,
) -> BaseModel:
    """Restore a method that looks at a view; `entry` is the manifest's."""
    arrays = artifact.tensors[f"member-{number}"]
    kind = entry["kind"]
    if kind in STORED:
        return STORED[kind].restore(entry, form, arrays, context)
    if kind != NETWORK_KIND:
        raise ValueError(f"unknown method {kind!r}")
    encoders = encoders_of(artifact.tensors[f"encoders-{number}"], stored.types, stored.relations)
    heads = []
    for place, states in enumerate(context.states(encoders)):
        prefix = f"{place}."
        own = {
            name.removeprefix(prefix): values
            for name, values in arrays.items()
            if name.startswith(prefix)
        }
        heads.append(Head.from_tensors(own, states))
    return Networks(form, tuple(heads), encoders)


def _pair(name: str, ends: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"{name}.{end}": values.astype(np.int32) for end, values in enumerate(ends)}
