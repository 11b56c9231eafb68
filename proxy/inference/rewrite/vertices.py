"""Predicted vertices and tables of scores as steps, in the language and format of the query.

Bytecode takes them as they are. Groovy compiles each text that it has not seen to a Java class,
which takes it fifty times as long as to run a small query, and a class holds only some hundred
literals: answers travel as a binding, and the text around them is always the same. For several
inputs it is a closure that builds the tree of `choose_tree`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gremlink.grammar import script
from gremlink.grammar.traversal import (
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
from gremlink.proxy.inference.queries.dialect import Dialect
from gremlink.proxy.inference.queries.inputs import is_own
from gremlink.proxy.inference.rewrite.choose_tree import (
    DRAIN,
    FAN_OUT,
    NOTHING,
    choose_tree,
    groups,
)

LITERAL_LIMIT = 400
"""Values, inputs and answers together, that can be written into the text of a Groovy script."""

Targets = Mapping[Literal, Sequence[Literal]]
"""For each input that has any, the predicted vertices, best first."""


@dataclass(frozen=True, slots=True)
class Written:
    """Steps in the place of an inference, and the bindings that they need."""

    steps: Sequence[Instruction]
    bindings: Mapping[str, Argument]


def vertices(targets: Targets, dialect: Dialect, binding: str) -> Written:
    """Return the steps from each input to the vertices predicted for it."""
    values = [*targets, *(target for found in targets.values() for target in found)]
    own = any(map(is_own, targets))
    if targets and not own and dialect.prefers_binding(values, LITERAL_LIMIT):
        pairs = [(vertex, Items("list", tuple(found))) for vertex, found in targets.items()]
        return bound_tree(pairs, "__.V(entry[1] as Object[])", binding)
    leaves = {vertex: [step("V", *found)] for vertex, found in targets.items()}
    return Written(choose_tree(leaves), {})


def vertices_with(
    targets: Targets, carried: Mapping[Literal, Entries], dialect: Dialect, binding: str
) -> Written:
    """Return the same steps; each traverser has the map of its input in its sack from then on."""
    values = [*targets, *(target for found in targets.values() for target in found)]
    values += (each for entries in carried.values() for each in literals_in(entries))
    if targets and dialect.prefers_binding(values, LITERAL_LIMIT):
        pairs = [
            (vertex, Items("list", (Items("list", tuple(found)), carried[vertex])))
            for vertex, found in targets.items()
        ]
        assigned = "__.sack(Operator.assign).by(__.constant(entry[1][1]))"
        return bound_tree(pairs, f"{assigned}.V(entry[1][0] as Object[])", binding)
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


def tables(
    content: Mapping[Literal, Entries], label: str, dialect: Dialect, binding: str
) -> Written:
    """Return the steps from anything to the map of the input that the path holds under `label`.

    Not one map of maps: a server hashes the object of a traverser whenever it is handed to a nested
    traversal, and a large map each time is what takes the time.
    """
    values = [*content, *(each for entries in content.values() for each in literals_in(entries))]
    if content and dialect.prefers_binding(values, LITERAL_LIMIT // 4):
        by = f"__.select({script.write_value(Literal.string(label))}).id()"
        return bound_tree(list(content.items()), "__.constant(entry[1])", binding, by)
    leaves = {vertex: [step("constant", entries)] for vertex, entries in content.items()}
    return Written(choose_tree(leaves, anonymous(step("select", label), step("id"))), {})


def table(content: Entries, dialect: Dialect, binding: str) -> Written:
    """Return the step from anything to a map."""
    if not dialect.is_groovy:
        return Written([step("constant", content)], {})
    return Written([step("constant", Variable(binding))], {binding: content})


def from_start(
    targets: Sequence[Literal], dialect: Dialect, binding: str, name: str = "V"
) -> Written:
    """Return the beginning of a traversal with just these vertices; with the `name` `E`, edges."""
    if not dialect.prefers_binding(targets, LITERAL_LIMIT):
        return Written([step(name, *targets)], {})
    bound = Opaque("script", f"{binding} as Object[]", "answers")
    return Written([step(name, bound)], {binding: Items("list", tuple(targets))})


def literals_in(argument: Argument) -> Iterator[Literal]:
    """Find the literals in an argument."""
    match argument:
        case Literal():
            yield argument
        case Entries(entries):
            for pair in entries:
                for part in pair:
                    yield from literals_in(part)
        case Items(_, items):
            for item in items:
                yield from literals_in(item)


def bound_tree(
    pairs: Sequence[tuple[Literal, Argument]], leaf: str, binding: str, by: str = "__.id()"
) -> Written:
    """Return the tree of `choose_tree`, built by the server from a binding.

    A level of it is a list of pairs: an id and its answers, or a list of ids and a level.
    """
    level: list[tuple[tuple[Literal, ...], Argument]]
    level = [((vertex,), _pair(vertex, answers)) for vertex, answers in pairs]
    otherwise = script.write(NOTHING if len(level) <= FAN_OUT else DRAIN)
    while len(level) > FAN_OUT:
        level = [_inner(group) for group in groups(level)]
    text = (
        f"({{ tree -> def build; build = {{ level -> level.inject(__.choose({by}))"
        " { steps, entry -> entry[0] instanceof List"
        " ? steps.option(P.within(entry[0]), build(entry[1]))"
        f" : steps.option(entry[0], {leaf})"
        f" }}.option(Pick.none, {otherwise}) }}; build(tree) }}).call({binding})"
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
