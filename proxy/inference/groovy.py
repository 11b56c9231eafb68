"""Many answers in a Groovy script: a method of compiled Groovy holds 64 KiB, some hundred literals.

So they travel as one binding, and a closure builds from it the tree of `links.choose_tree`. The
text of the closure is always the same, so that the server compiles it once.
"""

from __future__ import annotations

from grammar.traversal import Argument, Instruction, Items, Literal, Opaque
from proxy.inference.links import FAN_OUT

LITERAL_LIMIT = 400
"""Ids, of inputs and targets together, that are written into the text itself."""

BINDING = "gremlink_answers"

_BUILDER = (
    "({ tree -> def build; build = { level -> level.inject(__.choose(__.id())) { steps, entry ->"
    " entry[0] instanceof List"
    " ? steps.option(P.within(entry[0]), build(entry[1]))"
    " : steps.option(entry[0], __.V(entry[1] as Object[]))"
    " }.option(Pick.none, __.limit(0)) }; build(tree) }).call(" + BINDING + ")"
)

Targets = dict[Literal, tuple[Literal, ...]]


def too_many(targets: Targets) -> bool:
    """Whether these answers are too many to be written into a script."""
    return sum(1 + len(found) for found in targets.values()) > LITERAL_LIMIT


def bound_tree(targets: Targets) -> tuple[list[Instruction], dict[str, Argument]]:
    """The steps of `links.choose_tree`, and the binding that they are built from.

    A level of the tree is a list of pairs: an id and its targets, or a list of ids and a level.
    """
    level: list[tuple[tuple[Literal, ...], Argument]] = [
        ((vertex,), _pair(vertex, Items("list", found))) for vertex, found in targets.items()
    ]
    while len(level) > FAN_OUT:
        level = [_inner(level[start : start + FAN_OUT]) for start in range(0, len(level), FAN_OUT)]
    tree = Items("list", tuple(pair for _, pair in level))
    return [Instruction("flatMap", (Opaque("script", _BUILDER, "closure"),))], {BINDING: tree}


def _inner(
    group: list[tuple[tuple[Literal, ...], Argument]],
) -> tuple[tuple[Literal, ...], Argument]:
    inputs = tuple(vertex for vertices, _ in group for vertex in vertices)
    return inputs, _pair(Items("list", inputs), Items("list", tuple(pair for _, pair in group)))


def _pair(token: Argument, content: Argument) -> Argument:
    return Items("list", (token, content))
