"""The property to predict: its owner, and its values to people and to models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal as Choice

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.features.encoding import parts_of
from gremlink.proxy.learning.graph import Floats, Indexes, Mask, Relation

Element = Choice["node", "edge"]
Task = Choice["classification", "regression"]

Outputs = NDArray[np.float64]
"""Outputs of a model about elements: float64 `[elements, classes]`, or `[elements, 1]` numbers."""


class Form(Enum):
    """Forms of the property's values."""

    ONE_CLASS = "one class"
    """Every element has one class: confidences are a soft-max, they sum to 1."""
    SEVERAL_CLASSES = "several classes"
    """An element may have several: each class has a confidence of its own (sigmoid)."""
    NUMBER = "number"

    def from_raw(self, raw: Outputs) -> Outputs:
        """Return confidences from logits, numbers as they are."""
        match self:
            case Form.ONE_CLASS:
                return np.asarray(softmax(raw, axis=1), dtype=np.float64)
            case Form.SEVERAL_CLASSES:
                return np.asarray(expit(raw), dtype=np.float64)
            case Form.NUMBER:
                return raw


@dataclass(frozen=True, slots=True)
class PropertyTarget:
    """A property to predict. `owner` is the vertex type or the relation that has it; `separator`
    joins several classes in one value; `datatype` is that of all values in an RDF graph.

    Numbers are learned as what they are more than `origin`: float32 has seven digits, and of years
    or of large ids they would all be spent on what the values have in common.
    """

    owner: str | Relation
    key: str
    task: Task
    form: Form
    classes: tuple[Literal, ...] = ()
    separator: str | None = None
    datatype: str | None = None
    origin: float = 0.0

    @property
    def element(self) -> Element:
        """Element that has the property."""
        return "node" if isinstance(self.owner, str) else "edge"

    @property
    def name(self) -> str:
        """The task's name, as endpoints and artifacts have it: `node_classification`, ..."""
        return f"{self.element}_{self.task}"

    @property
    def ends(self) -> tuple[str, ...]:
        """The type of the vertex, or the types of the edge's ends."""
        if isinstance(self.owner, str):
            return (self.owner,)
        return self.owner.head, self.owner.tail

    @property
    def width(self) -> int:
        """Outputs of a model: the number of classes, or 1."""
        return len(self.classes) or 1

    def __str__(self) -> str:
        return f"{self.key!r} of {self.owner}"

    def truth_of(self, values: Sequence[str]) -> Floats | None:
        """Read the values of an element's property: float32 `[outputs]`, numbers from `origin`.

        `None` if they say nothing, or nothing that training has seen.
        """
        truth = np.zeros(self.width, np.float32)
        if self.form is Form.NUMBER:
            number = _number(values[0]) if values else math.nan
            truth[0] = number - self.origin
            return truth if math.isfinite(number) else None
        places = {_text(value): place for place, value in enumerate(self.classes)}
        # One class for each element: of several values the first counts, as in an export.
        for value in values if self.separator else values[:1]:
            for text in classes_in(value, self.separator):
                if text in places:
                    truth[places[text]] = 1.0
        return truth if truth.any() else None


@dataclass(frozen=True, slots=True)
class Subjects:
    """Elements whose property is to be predicted.

    `ends` are the vertices themselves, or the edges' heads and tails: int64 `[elements]` each.
    `features` are the edges' own: float32 `[elements, width]`; vertices have none here.
    """

    ends: tuple[Indexes, ...]
    features: Floats

    def __len__(self) -> int:
        return len(self.ends[0])

    def select(self, rows: Indexes | Mask) -> Subjects:
        """Select some of the elements."""
        return Subjects(tuple(end[rows] for end in self.ends), self.features[rows])


def classes_in(cell: str, separator: str | None) -> list[str]:
    """Split a cell into classes; an export writes a separator inside a value as `\\;`."""
    return list(dict.fromkeys(parts_of(cell, separator)))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _text(value: Literal) -> str:
    """Write a class as an export does."""
    return str(value.value).lower() if value.kind is Kind.BOOLEAN else str(value.value)


PROPERTY_TASKS = tuple(f"{element}_{task}" for element in ("node", "edge")
                       for task in ("classification", "regression"))  # fmt: skip
"""The names of the tasks."""

_WHOLE = {"Byte": Kind.BYTE, "Short": Kind.SHORT, "Integer": Kind.INT, "Long": Kind.LONG}
_BROKEN = {"Float": Kind.FLOAT, "Double": Kind.DOUBLE}


def typed(texts: Sequence[str], data_type: str) -> tuple[Literal, ...]:
    """Convert the cells of an export to the values of the graph.

    `data_type` is the export's name for their type. Where one cell does not fit, all are strings.
    """
    try:
        return tuple(_typed(text, data_type) for text in texts)
    except ValueError:
        return tuple(Literal.string(text) for text in texts)


def _typed(text: str, data_type: str) -> Literal:
    if data_type == "Boolean":
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return Literal(Kind.BOOLEAN, text.lower() == "true")
    if data_type in _WHOLE:
        return Literal(_WHOLE[data_type], int(text))
    if data_type in _BROKEN:
        return Literal(_BROKEN[data_type], float(text))
    return Literal.string(text)
