"""Answers in the encoding of the query that they go into.

Bytecode takes them as they are. Groovy compiles a script to a Java method, which holds 64 KiB, some
hundred literals: many answers travel as a binding, and a closure builds the tree of `tree` from it.
The text of the closure is always the same, so that the server compiles it once. In gremlin-lang
properties are always bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from grammar import script
from grammar.traversal import (
    Argument,
    Entries,
    EnumConstant,
    Instruction,
    Items,
    Literal,
    Opaque,
    Variable,
    anonymous,
    step,
)
from proxy.inference.errors import UnsupportedOperation
from proxy.inference.tree import FAN_OUT, choose_tree, groups
from proxy.wire.elements import graphbinary_property, graphson_property, groovy_property
from proxy.wire.mime import Encoding, Format

LITERAL_LIMIT = 400
"""Values, inputs and answers together, that are written into the text of a Groovy script."""

PROPERTY_LIMIT = 50
"""Predicted properties that are written into the text of a Groovy script."""

_MADE = groovy_property("it[0]", "it[1]", "it[2]")

Targets = Mapping[Literal, Sequence[Literal]]
"""For each input that has any, the predicted vertices, best first."""
Predicted = Mapping[Literal, Sequence[tuple[str, Literal]]]
"""For each input that has any, the predicted properties, key and value, best first."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a query is written: `language` is that of a script, `None` for bytecode."""

    format: Format
    language: str | None

    @property
    def is_groovy(self) -> bool:
        """Whether the server compiles the query."""
        return self.language == "gremlin-groovy"

    @property
    def binds_properties(self) -> bool:
        """Whether properties can only come in bindings: no text of gremlin-lang makes one."""
        return self.language is not None and not self.is_groovy


@dataclass(frozen=True, slots=True)
class Written:
    """Steps in the place of an inference, and the bindings that they need."""

    steps: Sequence[Instruction]
    bindings: Mapping[str, Argument]


def vertices(targets: Targets, dialect: Dialect, binding: str) -> Written:
    """From each input to the vertices predicted for it."""
    if dialect.is_groovy and _values(targets) > LITERAL_LIMIT:
        pairs = [(vertex, Items("list", tuple(found))) for vertex, found in targets.items()]
        return _bound(pairs, "__.V(entry[1] as Object[])", binding)
    leaves = {vertex: [step("V", *found)] for vertex, found in targets.items()}
    return Written(choose_tree(leaves), {})


def vertices_with(
    targets: Targets, carried: Mapping[Literal, Entries], dialect: Dialect, binding: str
) -> Written:
    """The same, and each traverser has the map of its input in its sack from then on."""
    size = _values(targets) + sum(map(_size, carried.values()))
    if dialect.is_groovy and size > LITERAL_LIMIT:
        pairs = [
            (vertex, Items("list", (Items("list", tuple(found)), carried[vertex])))
            for vertex, found in targets.items()
        ]
        assigned = "__.sack(Operator.assign).by(__.constant(entry[1][1]))"
        return _bound(pairs, f"{assigned}.V(entry[1][0] as Object[])", binding)
    assign = step("sack", EnumConstant("Operator", "assign"))
    leaves = {
        vertex: [
            assign,
            step("by", anonymous(step("constant", carried[vertex]))),
            step("V", *found),
        ]
        for vertex, found in targets.items()
    }
    return Written(choose_tree(leaves), {})


def properties(predicted: Predicted, dialect: Dialect, binding: str) -> Written:
    """From each input to the properties predicted for it."""
    if dialect.is_groovy and _values(predicted) > PROPERTY_LIMIT:
        pairs = [(element, _plain(found)) for element, found in predicted.items()]
        return _bound(pairs, f"__.constant(entry[1].collect {{ {_MADE} }}).unfold()", binding)
    if dialect.binds_properties:
        entries = Entries(tuple((id, _listed(found, dialect)) for id, found in predicted.items()))
        return Written([_selected(binding)], {binding: entries})
    leaves = {
        element: _constants([_property(key, value, dialect) for key, value in found])
        for element, found in predicted.items()
    }
    return Written(choose_tree(leaves), {})


def start_from(found: Sequence[tuple[str, Literal]], dialect: Dialect, binding: str) -> Written:
    """The beginning of a traversal that has just these properties."""
    if not found:
        return Written([step("inject", 0), step("limit", 0)], {})
    if dialect.is_groovy and len(found) > PROPERTY_LIMIT:
        text = f"{binding}.collect {{ {_MADE} }} as Object[]"
        steps = [Instruction("inject", (Opaque("script", text, "answers"),))]
        return Written(steps, {binding: _plain(found)})
    if dialect.binds_properties:
        return Written(
            [step("inject", Variable(binding)), step("unfold")], {binding: _listed(found, dialect)}
        )
    return Written([step("inject", *(_property(key, value, dialect) for key, value in found))], {})


def tables(
    content: Mapping[Literal, Entries], label: str, dialect: Dialect, binding: str
) -> Written:
    """From anything to the map that belongs to the input which the path holds under `label`.

    Not one map of maps: a server hashes the object of a traverser whenever it is handed to a nested
    traversal, and a large map each time is what takes the time.
    """
    if dialect.is_groovy and sum(map(_size, content.values())) > LITERAL_LIMIT // 4:
        by = f"__.select({script.write_value(Literal.string(label))}).id()"
        return _bound(list(content.items()), "__.constant(entry[1])", binding, by)
    leaves = {vertex: [step("constant", entries)] for vertex, entries in content.items()}
    return Written(choose_tree(leaves, anonymous(step("select", label), step("id"))), {})


def table(content: Entries, dialect: Dialect, binding: str) -> Written:
    """From anything to a map."""
    if dialect.language is None:
        return Written([step("constant", content)], {})
    return Written([step("constant", Variable(binding))], {binding: content})


def _values(answers: Mapping[Literal, Sequence[object]]) -> int:
    return sum(1 + len(found) for found in answers.values())


def _size(argument: Argument) -> int:
    """Literals in an argument."""
    match argument:
        case Entries(entries):
            return sum(_size(key) + _size(value) for key, value in entries)
        case Items(_, items):
            return sum(map(_size, items))
    return 1


def _constants(found: Sequence[Argument]) -> list[Instruction]:
    if len(found) == 1:
        return [step("constant", found[0])]
    # `constant(list).unfold()` would leave the list in the path.
    return [step("union", *(anonymous(step("constant", value)) for value in found))]


def _property(key: str, value: Literal, dialect: Dialect) -> Argument:
    id = _fresh_id()
    if dialect.is_groovy:
        text = groovy_property(*map(script.write_value, (id, Literal.string(key), value)))
        return Opaque("script", text, "answers")
    if not dialect.format.keeps_types:
        raise UnsupportedOperation(
            f"Predicted properties in {dialect.language} scripts are not supported with the mime"
            f" type {dialect.format.name}: use one with types, send bytecode, or write"
            " gremlin-groovy."
        )
    if dialect.format.encoding is Encoding.GRAPHBINARY:
        return graphbinary_property(id, key, value)
    return graphson_property(id, key, value, 2 if dialect.format.version == 2 else 3)


def _listed(found: Sequence[tuple[str, Literal]], dialect: Dialect) -> Items:
    return Items("list", tuple(_property(key, value, dialect) for key, value in found))


def _selected(binding: str) -> Instruction:
    """From an element to each of what the map in a binding holds for its id; the path does not see
    how."""
    label = f"{binding}_input"
    id = anonymous(step("select", label), step("id"))
    inner = [
        *(step("identity"), step("as", label)),
        *(step("constant", Variable(binding)), step("select", id), step("unfold")),
    ]
    return step("flatMap", anonymous(*inner))


def _plain(found: Sequence[tuple[str, Literal]]) -> Items:
    """Properties as lists of id, key and value."""
    return Items(
        "list",
        tuple(Items("list", (_fresh_id(), Literal.string(key), value)) for key, value in found),
    )


def _fresh_id() -> Literal:
    """An id for a predicted property: those of two properties differ, as in every graph."""
    return Literal.string(f"predicted:{uuid4()}")


def _bound(
    pairs: Sequence[tuple[Literal, Argument]], leaf: str, binding: str, by: str = "__.id()"
) -> Written:
    """The tree of `choose_tree`, built by the server from a binding.

    A level of it is a list of pairs: an id and its answers, or a list of ids and a level.
    """
    level: list[tuple[tuple[Literal, ...], Argument]]
    level = [((vertex,), _pair(vertex, answers)) for vertex, answers in pairs]
    while len(level) > FAN_OUT:
        level = [_inner(group) for group in groups(level)]
    text = (
        f"({{ tree -> def build; build = {{ level -> level.inject(__.choose({by}))"
        " { steps, entry -> entry[0] instanceof List"
        " ? steps.option(P.within(entry[0]), build(entry[1]))"
        f" : steps.option(entry[0], {leaf})"
        f" }}.option(Pick.none, __.limit(0)) }}; build(tree) }}).call({binding})"
    )
    # Not flatMap, which resets all that is nested in it for each traverser: union is far quicker.
    steps = [Instruction("union", (Opaque("script", text, "answers"),))]
    return Written(steps, {binding: Items("list", tuple(pair for _, pair in level))})


def _inner(
    group: Sequence[tuple[tuple[Literal, ...], Argument]],
) -> tuple[tuple[Literal, ...], Argument]:
    inputs = tuple(vertex for vertices, _ in group for vertex in vertices)
    return inputs, _pair(Items("list", inputs), Items("list", tuple(pair for _, pair in group)))


def _pair(token: Argument, content: Argument) -> Argument:
    return Items("list", (token, content))
