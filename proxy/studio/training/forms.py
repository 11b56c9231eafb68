"""The form of a training: its fields, and the request for a pipeline that they make."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gremlink.proxy.studio.endpoints import Relation
from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.schema import Schema
from gremlink.proxy.studio.training.detection import Detected, cut
from gremlink.proxy.studio.training.rdf import RdfChoices

MOST_CLASSES = 300
"""Classes of an RDF store in the list."""

LONGEST_NAME = 50
"""Characters of a suggested name."""


@dataclass(frozen=True, slots=True)
class Number:
    """A field with a number: its name in the form and in the API, limits, and the unit."""

    name: str
    api: str
    label: str
    least: float
    most: float
    whole: bool = True


NUMBERS = (
    Number("budget", "budgetInSeconds", "Time", 1, 30 * 86400, whole=False),
    Number("deadline", "deadlineInSeconds", "Deadline", 1, 30 * 86400, whole=False),
    Number("memory", "memoryLimitInMiB", "Memory", 1, 2**30),
    Number("seed", "seed", "Seed", 0, 2**31 - 1),
    Number("trials", "maxHPONumberOfTrainingJobs", "Trials", 1, 1000),
    Number("parallel", "maxHPOParallelTrainingJobs", "Trials at a time", 1, 64),
    Number("processing_limit", "processingTimeOutInSeconds", "Limit of the processing", 0, 2**31),
    Number("training_limit", "trainingTimeOutInSeconds", "Limit of the training", 0, 2**31),
)
"""The fields with numbers; empty ones are left to the API."""

FIELDS = {
    **{each.api: each.name for each in NUMBERS},
    "modelName": "model",
    "outputS3Location": "output",
    "endpoint": "endpoint",
    "id": "endpoint",
    "target": "what",
}
"""Names of the API's fields in refusals, and the form's fields that they are about."""


@dataclass(frozen=True, slots=True)
class Target:
    """A chosen target: `element` is `[label]` of vertices or `[source, label, target]` of edges.

    `what` is a property, empty for the links themselves; `task` how it is learned. `is_rdf` is
    for the RDF store, where `element` is `[class]` or `[]`, and `what` a predicate.
    """

    element: tuple[str, ...]
    what: str = ""
    task: str = ""
    is_rdf: bool = False

    @property
    def relation(self) -> Relation | None:
        """The edges, if the element is one."""
        return Relation(*self.element) if len(self.element) == 3 else None

    @property
    def is_links(self) -> bool:
        """True for link prediction."""
        return (self.is_rdf and not self.element) or (bool(self.relation) and not self.what)

    @property
    def spelled(self) -> str:
        """The element in an address."""
        return json.dumps((["rdf:"] if self.is_rdf else []) + list(self.element))

    @property
    def document(self) -> dict[str, Any]:
        """The target of an export's request."""
        if self.is_rdf:
            if self.is_links:
                return {"predicate": self.what, "type": "link_prediction"}
            return {"node": self.element[0], "predicate": self.what, "type": self.task}
        where = {"edge": list(self.element)} if self.relation else {"node": self.element[0]}
        if self.is_links:
            return {**where, "type": "link_prediction"}
        return {**where, "property": self.what, "type": self.task}

    @property
    def suggested_name(self) -> str:
        """A name for the endpoint."""
        words = [self.what] if self.is_rdf else [*self.element[1 : 2 if self.relation else 0]]
        if not self.is_rdf:
            words = [self.element[1]] if self.relation else [self.element[0]]
            words += [self.what] if self.what else []
        text = "-".join(re.split(r"[#/]", word)[-1] or word for word in words).lower()
        plain = re.sub(r"[^a-z0-9._-]+", "-", text).strip("-._")
        return plain[:LONGEST_NAME] or "model"


def read_element(text: str) -> tuple[tuple[str, ...], bool]:
    """Return the element in an address, and whether it is RDF. Raises `WrongInput`."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise WrongInput("Choose what the model shall learn from the list.", "element")
    is_rdf = found[:1] == ["rdf:"]
    parts = tuple(found[1:] if is_rdf else found)
    if len(parts) not in ((0, 1) if is_rdf else (1, 3)):
        raise WrongInput("Choose what the model shall learn from the list.", "element")
    return parts, is_rdf


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a list."""

    value: str
    text: str
    chosen: bool


def groups(
    schema: Schema | None, rdf: RdfChoices | None, chosen: str
) -> list[tuple[str, list[Option]]]:
    """Return the elements that can be learned, in groups; `chosen` is the one in the address."""
    try:
        own: tuple[tuple[str, ...], bool] | None = read_element(chosen)
    except WrongInput:
        own = None

    def option(parts: Sequence[str], text: str, *, is_rdf: bool = False) -> Option:
        target = Target(tuple(parts), is_rdf=is_rdf)
        return Option(target.spelled, text, own == (target.element, is_rdf))

    found: list[tuple[str, list[Option]]] = []
    if schema is not None:
        links = [
            option(
                (each.source, each.label, each.target),
                f"{cut(each.label)}: {cut(each.source)} → {cut(each.target)} ({count:,})",
            )
            for each, count in schema.edges.items()
        ]
        vertices = [
            option((label,), f"{cut(label)} ({count:,})")
            for label, count in schema.vertices.items()
        ]
        found += [("Links, and properties of links", links), ("Properties of vertices", vertices)]
    if rdf is not None:
        stored = [option((), "Links", is_rdf=True)]
        stored += [
            option((each,), f"Properties of {each[:120]}", is_rdf=True)
            for each in rdf.classes[:MOST_CLASSES]
        ]
        found.append(("RDF store", stored))
    return [(name, options) for name, options in found if options]


def feature_options(feature: Detected, chosen: Sequence[str]) -> list[Option]:
    """Return the types that a user may choose for a property, besides the one that was found."""
    types = [*([] if feature.is_left_out else ["none"]), *feature.types]
    values = [(each, json.dumps(feature.entry(each))) for each in types]
    return [
        Option(value, "off" if type_ == "none" else type_, value in chosen)
        for type_, value in values
    ]


@dataclass(slots=True)
class Form:
    """The fields as they were sent, and one sentence for each wrong one."""

    values: Mapping[str, str] = field(default_factory=dict)
    features: Sequence[str] = ()
    problems: dict[str, str] = field(default_factory=dict)

    def value(self, name: str, default: str = "") -> str:
        """Return a field, without blanks around it."""
        return str(self.values.get(name, default)).strip()

    def request(self, target: Target) -> dict[str, Any]:
        """Return the request for a pipeline; `problems` has what is wrong with the fields."""
        body: dict[str, Any] = {"target": target.document}
        if target.is_rdf:
            body["command"] = "export-rdf"
        for each in NUMBERS:
            self._read_number(each, body)
        for name, api in (("endpoint", "endpoint"), ("model", "modelName"), ("output", _OUTPUT)):
            if self.value(name):
                body[api] = self.value(name)
        if not self.value("endpoint"):
            self.problems["endpoint"] = "The endpoint needs a name: queries use it."
        elif " " in self.value("endpoint"):
            self.problems["endpoint"] = "A name has no blanks."
        if self.value("update"):
            body["update"] = True
        chosen = [self._feature(each) for each in self.features if each]
        if chosen:
            body["features"] = chosen
        return body

    def refuse(self, message: str) -> None:
        """Note a refusal of the API at the field that it is about."""
        place = self.value("output")
        if place and place in message:
            self.problems["output"] = message
            return
        named = [
            (message.index(api), name)
            for api, name in FIELDS.items()
            if re.search(rf"(?<![A-Za-z]){api}(?![A-Za-z])", message)
        ]
        self.problems[min(named)[1] if named else ""] = message

    def _read_number(self, each: Number, body: dict[str, Any]) -> None:
        text = self.value(each.name)
        if not text:
            return
        try:
            number = int(text) if each.whole else float(text)
        except ValueError:
            what = "a whole number" if each.whole else "a number"
            self.problems[each.name] = f"{each.label} is {text[:40]!r}: it has to be {what}."
            return
        if not each.least <= number <= each.most:
            self.problems[each.name] = (
                f"{each.label} is {text[:40]}: it has to be from {each.least:,g} to "
                f"{int(each.most):,}."
            )
            return
        body[each.api] = number

    def _feature(self, text: str) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            self.problems["features"] = "A type of a property is none of the list."
            return {}
        return found


_OUTPUT = "outputS3Location"
