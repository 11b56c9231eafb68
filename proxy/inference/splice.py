"""Replacing steps anywhere in a traversal, however deep they are nested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gremlink.grammar.traversal import (
    Argument,
    Bulked,
    Entries,
    Instruction,
    Items,
    Path,
    Predicate,
    Strategy,
    Traversal,
    children,
)


def splice(traversal: Traversal, path: Path, width: int, steps: Sequence[Instruction]) -> Traversal:
    """Return the traversal with `steps` in the place of the `width` instructions that begin at
    `path`."""
    index, *deeper = path
    if not deeper:
        return traversal.with_replaced(index, index + width, steps)
    number, *inner = deeper
    host = traversal.step(index)
    changed = splice(list(children(host))[number], tuple(inner), width, steps)
    # Counting, not comparing: equal traversals may be side by side.
    numbers = iter(range(number + 1))
    held = with_children(host, lambda child: changed if next(numbers, None) == number else child)
    return traversal.with_replaced(index, index + 1, [held])


_Change = Callable[[Traversal], Traversal]


def with_children(host: Instruction, change: _Change) -> Instruction:
    """Return the instruction with each traversal directly in it changed; the same object if none
    was."""
    arguments = _each(host.arguments, change)
    if all(new is old for new, old in zip(arguments, host.arguments, strict=True)):
        return host
    return replace(host, arguments=arguments, origin=None)


def _each(arguments: Sequence[Argument], change: _Change) -> tuple[Argument, ...]:
    return tuple(_changed(argument, change) for argument in arguments)


def _changed(argument: Argument, change: _Change) -> Argument:
    """Return the argument with each traversal in it changed, in the order of `children`; the same
    object if none was."""
    new: Argument
    match argument:
        case Traversal():
            return change(argument)
        case Predicate(_, _, arguments):
            new = replace(argument, arguments=_each(arguments, change), origin=None)
        case Items(_, items):
            new = replace(argument, items=_each(items, change), origin=None)
        case Entries(entries):
            pairs = tuple(
                (_changed(key, change), _changed(value, change)) for key, value in entries
            )
            new = replace(argument, entries=pairs, origin=None)
        case Strategy(_, configuration):
            new = argument.with_configuration(
                [(name, _changed(value, change)) for name, value in configuration]
            )
        case Bulked(value):
            new = replace(argument, value=_changed(value, change), origin=None)
        case _:
            return argument
    return argument if new == argument else new
