"""A trained predictor of a property in memory, and its form in an artifact.

Vertices: the answers for all of them are stored. Edges: what the methods need to answer for any
pair of known vertices is, so that an edge which came later has an answer, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grammar.traversal import Kind, Literal
from proxy.learning.graph import Floats, Relation
from proxy.learning.properties.columns import Table
from proxy.learning.properties.dataset import Subjects
from proxy.learning.properties.forest import Forest
from proxy.learning.properties.head import Head, Networks
from proxy.learning.properties.linear import Linear
from proxy.learning.properties.members import Boosted, Constant, Member, OnTable
from proxy.learning.properties.mixture import balanced, blended
from proxy.learning.properties.neighbours import AtEnds, Estimates
from proxy.learning.properties.target import PROPERTY_TASKS, Form, Outputs, PropertyTarget
from proxy.learning.stored_graph import ids_document, ids_of
from proxy.store.artifacts import Artifact

VERTICES, EDGES = "vertices", "edges"
ANSWERS = "answers"

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class VertexAnswers:
    """The answers for all vertices of a type: float32 `[vertices, outputs]`."""

    target: PropertyTarget
    ids: Sequence[Literal]
    answers: Floats


@dataclass(frozen=True, slots=True)
class EdgeModel:
    """How edges are answered: methods with their weights, and how rare classes are lifted.

    `ids` are the vertices by type. `edge_ids` tell the rows of `edge_features`, float32
    `[edges, width]`; both are empty where edges have no features.
    """

    target: PropertyTarget
    ids: Mapping[str, Sequence[Literal]]
    members: tuple[tuple[float, Member], ...]
    shares: NDArray[np.float64]
    balance: float
    edge_ids: Sequence[str]
    edge_features: Floats

    def outputs(self, subjects: Subjects) -> Outputs:
        """The answers: float64 `[edges, outputs]`."""
        weights = np.array([weight for weight, _ in self.members])
        said = [member.outputs(subjects) for _, member in self.members]
        return balanced(self.target.form, blended(weights, said), self.shares, self.balance)


PropertyModel = VertexAnswers | EdgeModel


def to_artifact(model: PropertyModel, about: Mapping[str, Any]) -> Artifact:
    """The model as manifest, documents and tensors; `about` goes into the manifest."""
    target = model.target
    manifest = {
        "task": target.name,
        **about,
        "target": {
            "owner": target.owner if isinstance(target.owner, str) else list(target.owner),
            "key": target.key,
            "task": target.task,
            "form": target.form.value,
            "classes": [[value.kind.value, value.value] for value in target.classes],
        },
    }
    if isinstance(model, VertexAnswers):
        vertices = {VERTICES: {"0": ids_document(model.ids)}}
        return Artifact(manifest, vertices, {ANSWERS: {ANSWERS: model.answers}})
    members: list[dict[str, Any]] = []
    tensors: dict[str, Arrays] = {EDGES: {"features": model.edge_features, "shares": model.shares}}
    for number, (weight, member) in enumerate(model.members):
        kind, arrays = _written(member)
        members.append({"kind": kind, "weight": weight})
        tensors[f"member-{number}"] = arrays
    manifest |= {"members": members, "balance": model.balance}
    documents: dict[str, Any] = {
        VERTICES: {
            str(end): ids_document(model.ids[name])
            for end, name in enumerate(dict.fromkeys(target.ends))
        },
        EDGES: {"ids": list(model.edge_ids)},
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
    target = PropertyTarget(owner, entry["key"], entry["task"], Form(entry["form"]), classes)
    ids = {
        name: ids_of(artifact.documents[VERTICES][str(end)])
        for end, name in enumerate(dict.fromkeys(target.ends))
    }
    if target.element == "node":
        answers = artifact.tensors[ANSWERS][ANSWERS]
        if answers.shape != (len(ids[target.ends[0]]), target.width):
            raise ValueError(f"its answers have the shape {answers.shape}")
        return VertexAnswers(target, ids[target.ends[0]], answers)
    members = tuple(
        (entry["weight"], _read(entry["kind"], target.form, artifact.tensors[f"member-{number}"]))
        for number, entry in enumerate(manifest["members"])
    )
    return EdgeModel(
        target,
        ids,
        members,
        artifact.tensors[EDGES]["shares"],
        manifest["balance"],
        artifact.documents[EDGES]["ids"],
        artifact.tensors[EDGES]["features"],
    )


def _written(member: Member) -> tuple[str, dict[str, NDArray[Any]]]:
    """A method's name in an artifact, and its arrays."""
    match member:
        case Constant(values):
            return "constant", {"values": values}
        case AtEnds(_, estimates, combination):
            return "ends", {**_pair("estimates", estimates.ends), "mean": estimates.mean,
                            "combination": combination}  # fmt: skip
        case OnTable(table, model):
            arrays = {"weights": model.weights, "intercepts": model.intercepts}
            return "linear", {**_pair("table", table.ends), **arrays}
        case Boosted(_, table, estimates, forest):
            known = {} if estimates is None else {
                **_pair("estimates", estimates.ends), "mean": estimates.mean
            }  # fmt: skip
            return "boosting", {**_pair("table", table.ends), **known, **forest.tensors()}
        case Networks(_, heads):
            return "network", {
                f"{number}.{name}": values
                for number, head in enumerate(heads)
                for name, values in head.tensors().items()
            }
    raise TypeError(f"{type(member).__name__} cannot be stored")


def _read(kind: str, form: Form, arrays: Arrays) -> Member:
    """The method that `_written` took apart."""
    match kind:
        case "constant":
            return Constant(arrays["values"])
        case "ends":
            return AtEnds(form, _estimates(arrays), arrays["combination"])
        case "linear":
            linear = Linear(form, arrays["weights"], arrays["intercepts"])
            return OnTable(Table(_ends(arrays, "table")), linear)
        case "boosting":
            estimates = _estimates(arrays) if "mean" in arrays else None
            return Boosted(form, Table(_ends(arrays, "table")), estimates, _forest(arrays))
        case "network":
            numbers = sorted({int(name.partition(".")[0]) for name in arrays})
            heads = [
                Head.from_tensors(
                    {
                        name.partition(".")[2]: values
                        for name, values in arrays.items()
                        if name.startswith(f"{number}.")
                    }
                )
                for number in numbers
            ]
            return Networks(form, tuple(heads))
    raise ValueError(f"unknown method {kind!r}")


def _pair(name: str, ends: Sequence[Floats]) -> dict[str, NDArray[Any]]:
    return {f"{name}.{end}": values for end, values in enumerate(ends)}


def _ends(arrays: Arrays, name: str) -> tuple[Floats, ...]:
    return arrays[f"{name}.0"], arrays[f"{name}.1"]


def _estimates(arrays: Arrays) -> Estimates:
    return Estimates(_ends(arrays, "estimates"), arrays["mean"])


def _forest(arrays: Arrays) -> Forest:
    return Forest(**{name: arrays[name] for name in Forest.__dataclass_fields__})
