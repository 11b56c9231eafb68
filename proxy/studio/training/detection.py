"""Encodings of the properties of a sample, by the code of export and processing.

The export writes a configuration from what it finds, and the processing chooses the encodings by
the values; both look at all values later, here at those of a sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremlink.proxy.graph.errors import GraphError
from gremlink.proxy.graph.export.elements import EdgeElement, VertexElement
from gremlink.proxy.graph.export.parameters import ExportParameters
from gremlink.proxy.graph.export.schema import EdgeKind, NodeKind, Property
from gremlink.proxy.graph.export.training_configuration import training_configuration
from gremlink.proxy.graph.export.write import cell_text
from gremlink.proxy.graph.files.export_files import Feature
from gremlink.proxy.graph.files.export_rows import Chunk
from gremlink.proxy.studio.training.samples import Sample

SHOWN_VALUES = 5
"""Different values of a property that a page shows."""

LONGEST_VALUE = 60
"""Characters of a value that a page shows."""

CLASSES = 20
"""Different numbers in a sample up to which they are more likely classes than amounts."""

MOST_CLASSES = 0.5
"""Share of different values from which on classes are too many to learn."""

AS_CONFIGURED = {
    "numerical": "all values are numbers",
    "datetime": "all values are dates",
    "none": "switched off",
}
"""Reasons of types that the export writes by the data types of the database."""

LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Detected:
    """A property of a kind of elements, and how it would be encoded.

    `owner` is `[label, …]` of a vertex or `[source, label, target]` of an edge; `kind` the
    encoding, or `LEFT_OUT`; `types` are those that a user may choose; `present` the share of the
    sampled elements that have a value, from 0 to 1.
    """

    owner: tuple[str, ...]
    is_edge: bool
    name: str
    kind: str
    reason: str
    columns: int
    values: tuple[str, ...]
    distinct: int
    present: float
    types: tuple[str, ...]

    @property
    def is_left_out(self) -> bool:
        """True if nothing is made of it."""
        return self.kind == LEFT_OUT

    def entry(self, type_: str) -> dict[str, Any]:
        """Return the feature of an export's request that asks for another type."""
        node: Any = self.owner[0] if len(self.owner) == 1 else list(self.owner)
        where = {"edge": list(self.owner)} if self.is_edge else {"node": node}
        options = {"norm": "min-max", "imputer": "median"} if type_ == "numerical" else {}
        return {**where, "property": self.name, "type": type_, **options}


@dataclass(frozen=True, slots=True)
class Choosable:
    """A property that can be a target: how many sampled elements have it, and its values.

    `task` is the likely one; `shares` are the most frequent values with their shares; `problem` is
    why it can hardly be learned, empty if it can.
    """

    name: str
    task: str
    present: float
    distinct: int
    shares: tuple[tuple[str, float], ...]
    problem: str


def detect(sample: Sample, request: Mapping[str, Any]) -> list[Detected]:
    """Return the features of an export's request on the sample; it may wait for files.

    Raises `BadParameters` for what the request names and the sample does not have.
    """
    schema = sample.schema()
    (job,) = ExportParameters.parse(request).jobs
    document = training_configuration(job, schema)["graph"]
    found: list[Detected] = []
    vertices = [each for elements in sample.vertices.values() for each in elements]
    for entry in document["nodes"]:
        node = next(each for each in schema.nodes.values() if each.file_name == entry["file_name"])
        own = [vertex.properties for vertex in vertices if vertex.labels == node.labels]
        found += _detected(node, tuple(node.labels), own, entry["features"])
    targets = [target.element for target in job.targets]
    for entry in document["edges"]:
        edge = next(each for each in schema.edges.values() if each.file_name == entry["file_name"])
        if edge.triple in targets:
            owner = (edge.source, edge.label, edge.dest)
            of_kind = [each.properties for each in sample.edges if _triple(each) == edge.triple]
            found += _detected(edge, owner, of_kind, entry["features"])
    return found


def choosable(elements: Sequence[VertexElement | EdgeElement]) -> list[Choosable]:
    """Return the properties of sampled elements, those that can be learned best first."""
    seen: dict[str, Property] = {}
    counts: dict[str, Counter[str]] = {}
    for element in elements:
        for name, values in element.properties.items():
            if values:
                seen.setdefault(name, Property(name)).see(values)
                counts.setdefault(name, Counter()).update(value.text for value in values)
    found = [_choosable(each, counts[each.name], len(elements)) for each in seen.values()]
    return sorted(found, key=lambda each: (bool(each.problem), -each.present, each.name))


def _choosable(found: Property, counts: Counter[str], elements: int) -> Choosable:
    total, distinct = counts.total(), len(counts)
    numbers = found.is_number and not found.is_multi_value and distinct > CLASSES
    problem = ""
    if distinct == 1:
        problem = "it has one value only"
    elif not numbers and distinct > MOST_CLASSES * total:
        problem = "nearly every element has a value of its own"
    return Choosable(
        found.name,
        "regression" if numbers else "classification",
        found.elements / elements if elements else 0.0,
        distinct,
        tuple((cut(text), count / total) for text, count in counts.most_common(8)),
        problem,
    )


def _triple(edge: EdgeElement) -> Any:
    return edge.source_labels, edge.label, edge.dest_labels


def _detected(
    kind: NodeKind | EdgeKind,
    owner: tuple[str, ...],
    elements: Sequence[Mapping[str, Sequence[Any]]],
    entries: Sequence[Mapping[str, Any]],
) -> list[Detected]:
    found = []
    for entry in entries:
        name, _, type_ = entry["feature"]
        options = {key: value for key, value in entry.items() if key != "feature"}
        column = kind.properties[name]
        cells = [
            cell_text(column, [value.text for value in each.get(name, ())]) for each in elements
        ]
        encoding, columns, reason = _encoding(Feature(name, name, type_, options), cells)
        given = Counter(cell for cell in cells if cell)
        found.append(
            Detected(
                owner,
                isinstance(kind, EdgeKind),
                name,
                encoding,
                reason,
                columns,
                tuple(cut(text) for text, _ in given.most_common(SHOWN_VALUES)),
                len(given),
                given.total() / len(cells) if cells else 0.0,
                _types(column, encoding, given),
            )
        )
    return found


def _encoding(feature: Feature, cells: Sequence[str]) -> tuple[str, int, str]:
    """Return the encoding's name, the number of its columns, and the reason of the choice."""
    from gremlink.proxy.learning.features.fitting import FileFits
    from gremlink.proxy.learning.features.specs import Shared

    column = feature.column
    chunk = Chunk(Path("sample"), ",", {column: cells}, range(2, len(cells) + 2), [column])
    try:
        fits = FileFits("sample", [feature], Shared())
        fits.see(chunk)
        while fits.conclude():
            fits.see(chunk)
    except (ValueError, GraphError) as error:
        return LEFT_OUT, 0, str(error).removeprefix("sample: ")
    reason = fits.reasons.get(column, AS_CONFIGURED.get(feature.type, "as chosen"))
    if not fits.encodings:
        return LEFT_OUT, 0, reason
    (encoding,) = fits.encodings
    name = getattr(encoding, "type", encoding.kind)
    return str(name), len(encoding.columns), reason


def _types(column: Property, kind: str, given: Mapping[str, int]) -> tuple[str, ...]:
    """Return the types that suit the values of a property, besides the one that was found."""
    if len(given) < 2:
        return ()
    found = ["category"]
    if column.is_number:
        found.append("numerical")
    elif not column.is_multi_value:
        if any(" " in text.strip() for text in given):
            found += ["text_tfidf", "text_sbert"]
        if kind == "datetime":
            found.append("datetime")
    return tuple(each for each in found if each != kind)


def cut(text: str) -> str:
    """Shorten a value for a page."""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
