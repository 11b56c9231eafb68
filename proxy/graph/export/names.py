"""Comparison of the names in export parameters with the graph: a label or key that nothing has is a
typing error, and would end as an export, or a training, of something else.

The server is asked before the export, in a few short queries; what was exported is looked at again
when all of it has been seen, because filters leave elements out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gremlin_python.process.graph_traversal import GraphTraversal

from gremlink.grammar.traversal import (
    EnumConstant,
    Instruction,
    Literal,
    Predicate,
    Traversal,
    walk,
)
from gremlink.proxy.graph.errors import BadParameters
from gremlink.proxy.graph.export.filters import Steps
from gremlink.proxy.graph.export.parameters import (
    DEFAULT_NAME,
    Element,
    ExportParameters,
    FeatureSpec,
    Job,
    TargetSpec,
    described_element,
    edge_label_of,
    labels_of,
)
from gremlink.proxy.graph.export.schema import EdgeKind, NodeKind, Schema
from gremlink.proxy.graph.labels import Labels, spellings, split_labels
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.graph.spelling import suggestion

KEYED = frozenset({"has", "hasNot", "values", "properties", "hasKey"})
"""Steps of a filter whose argument is the key of a property."""

ALONG = frozenset({"out", "in", "both", "outE", "inE", "bothE"})
"""Steps whose arguments are labels of edges."""


def check_server(connection: GraphConnection, parameters: ExportParameters) -> None:
    """Raise `BadParameters` for what the parameters name and no element of the graph has."""
    asking = _Asking(connection)
    for label in parameters.node_labels:
        asking.vertex_label(label, "nodeLabels")
    for label in parameters.edge_labels:
        asking.edge_label(label, "edgeLabels")
    if parameters.node_filter == parameters.edge_filter:
        asking.filter(parameters.node_filter, "gremlinFilter", _BOTH)
    else:
        asking.filter(parameters.node_filter, "gremlinNodeFilter", _VERTICES)
        asking.filter(parameters.edge_filter, "gremlinEdgeFilter", _EDGES)
    for job in parameters.jobs:
        for spec in job.named:
            where = _where(job, spec)
            for labels in labels_of(spec.element):
                asking.vertex_kind(labels, where)
            along = edge_label_of(spec.element)
            if along is not None:
                asking.edge_label(along, where)
            if spec.property:
                asking.property(spec.element, spec.property, where)


def check_schema(job: Job, schema: Schema) -> None:
    """Raise `BadParameters` for a target or feature of a job that nothing exported has."""
    for spec in job.named:
        where = _where(job, spec)
        kind = _kind(spec, schema, where)
        if spec.property and spec.property not in kind.properties:
            raise BadParameters(
                where,
                f"no {kind.name} has the property {spec.property!r}"
                f"{suggestion(spec.property, kind.properties)}",
            )


def _where(job: Job, spec: TargetSpec | FeatureSpec) -> str:
    what = "target" if isinstance(spec, TargetSpec) else "feature"
    of = "" if job.name == DEFAULT_NAME else f" of job {job.name!r}"
    return f"{what} {described_element(spec.element)}{of}"


def _kind(spec: TargetSpec | FeatureSpec, schema: Schema, where: str) -> NodeKind | EdgeKind:
    """Return the kind of elements of a target or a feature. Raises `BadParameters`."""
    for node in schema.nodes.values():
        if node.labels == spec.element:
            return node
    for kind in schema.edges.values():
        if kind.triple == spec.element:
            return kind
    if edge_label_of(spec.element) is None:
        name = ";".join(labels_of(spec.element)[0])
        raise BadParameters(
            where, f"no vertex was exported with the label {name!r}{suggestion(name, schema.nodes)}"
        )
    edge = described_element(spec.element)
    there = [described_element(kind.triple) for kind in schema.edges.values()]
    raise BadParameters(where, f"no edge {edge} was exported{suggestion(edge, there)}")


_Sides = tuple[str, ...]
_VERTICES: _Sides = ("V",)
_EDGES: _Sides = ("E",)
_BOTH: _Sides = ("V", "E")


def _all(side: str) -> GraphTraversal:
    return g.V() if side == "V" else g.E()


def _having(side: str, key: str) -> Callable[[], GraphTraversal]:
    return lambda: _all(side).has(key)


class _Asking:
    """Short queries, each once."""

    def __init__(self, connection: GraphConnection) -> None:
        self._connection = connection
        self._answers: dict[object, bool] = {}
        self._vertex_labels: list[str] | None = None

    def vertex_label(self, label: str, where: str) -> None:
        """Check that a vertex has a label, as `hasLabel` finds it, or the labels, as files have
        them."""
        if not self._any(("V", label), lambda: g.V().has_label(*spellings(label))):
            names = self._labels_of_vertices()
            raise BadParameters(
                where, f"the graph has no vertex with the label {label!r}{suggestion(label, names)}"
            )

    def vertex_kind(self, labels: Labels, where: str) -> None:
        """Check that a vertex has just these labels."""
        kinds = {";".join(split_labels(each)) for each in self._labels_of_vertices()}
        if ";".join(labels) not in kinds:
            name = ";".join(labels)
            raise BadParameters(
                where, f"the graph has no vertex with the label {name!r}{suggestion(name, kinds)}"
            )

    def edge_label(self, label: str, where: str) -> None:
        """Check that an edge has a label."""
        if not self._any(("E", label), lambda: g.E().has_label(label)):
            names = self._texts(g.E().label().dedup())
            raise BadParameters(
                where, f"the graph has no edge with the label {label!r}{suggestion(label, names)}"
            )

    def property(self, element: Element, key: str, where: str) -> None:
        """Check that an element of a target or a feature has a property.

        Vertices with several labels are left to `check_schema`: servers differ in how `hasLabel`
        finds these.
        """
        (label, *more), along = labels_of(element)[0], edge_label_of(element)
        if along is None and more:
            return
        found = g.V().has_label(label) if along is None else g.E().has_label(along)
        if not self._any((label, along, key), lambda: found.clone().has(key)):
            names = self._texts(found.clone().properties().key().dedup())
            raise BadParameters(
                where, f"nothing there has the property {key!r}{suggestion(key, names)}"
            )

    def filter(self, steps: Steps, where: str, of: _Sides) -> None:
        """Check the names in the steps of a filter of elements."""
        for path, instruction in walk(Traversal((), steps)):
            # What is meant inside of other steps may be on either side of an edge.
            sides = of if len(path) == 1 else _BOTH
            for label in labels_in(instruction):
                self._label(label, where, sides)
            if instruction.name in ALONG:
                for label in _texts(instruction.arguments):
                    self.edge_label(label, where)
            for key in keys_in(instruction):
                self._key(key, where, sides)

    def _label(self, label: str, where: str, sides: _Sides) -> None:
        if sides == _EDGES:
            self.edge_label(label, where)
        elif sides == _VERTICES or not self._any(("E", label), lambda: g.E().has_label(label)):
            self.vertex_label(label, where)

    def _key(self, key: str, where: str, sides: _Sides) -> None:
        if any(self._any((side, "key", key), _having(side, key)) for side in sides):
            return
        names = [
            name for side in sides for name in self._texts(_all(side).properties().key().dedup())
        ]
        what = {_VERTICES: "vertex", _EDGES: "edge"}.get(sides, "element")
        raise BadParameters(
            where, f"no {what} of the graph has the property {key!r}{suggestion(key, names)}"
        )

    def _any(self, key: object, asked: Callable[[], GraphTraversal]) -> bool:
        if key not in self._answers:
            found = self._connection.submit(asked().limit(1).count().bytecode)
            self._answers[key] = int(next(iter(found))) > 0
        return self._answers[key]

    def _labels_of_vertices(self) -> list[str]:
        if self._vertex_labels is None:
            self._vertex_labels = self._texts(g.V().label().dedup())
        return self._vertex_labels

    def _texts(self, asked: GraphTraversal) -> list[str]:
        return [str(each) for each in self._connection.submit(asked.bytecode)]


def labels_in(instruction: Instruction) -> list[str]:
    """Return the labels of elements in a step of a filter."""
    texts = _texts(instruction.arguments)
    if instruction.name == "hasLabel":
        return texts
    if instruction.name == "has":
        match instruction.arguments:
            case (EnumConstant(name="label"), Literal(value=str(label))):
                return [label]
            case (Literal(value=str(label)), Literal(value=str()), _):
                return [label]
    return []


def keys_in(instruction: Instruction) -> list[str]:
    """Return the keys of properties in a step of a filter."""
    if instruction.name not in KEYED:
        return []
    match instruction.arguments:
        case (Literal(value=str()), Literal(value=str(key)), _) if instruction.name == "has":
            return [key]
        case (EnumConstant(), *_):
            return []
        case (Literal(value=str(key)), *_) if instruction.name in ("has", "hasNot"):
            return [key]
    return _texts(instruction.arguments)


def _texts(arguments: Sequence[object]) -> list[str]:
    """Return the names among arguments, also those in a predicate."""
    found: list[str] = []
    for each in arguments:
        match each:
            case Literal(value=str(name)):
                found.append(name)
            case Predicate(name="eq" | "within", arguments=inner):
                found += _texts(inner)
    return found
