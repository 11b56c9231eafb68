"""Removal of Neptune ML's options from a traversal's source, for queries that a database gets."""

from __future__ import annotations

from gremlink.grammar.traversal import (
    OPTIONS_STRATEGY,
    Argument,
    Instruction,
    Kind,
    Literal,
    Strategy,
    Traversal,
)
from gremlink.proxy.inference.analysis.options import PREFIX


def without_options(traversal: Traversal) -> Traversal:
    """Return the traversal without options of ours; others, such as `evaluationTimeout`, stay.

    Before: `g.with("Neptune#ml.limit", 8).with("evaluationTimeout", 500).V()`, after:
    `g.with("evaluationTimeout", 500).V()`.
    """
    source: list[Instruction] = []
    for instruction in traversal.source:
        match instruction:
            case Instruction("with", (Literal(Kind.STRING, str(key)), *_)):
                if not key.startswith(PREFIX):
                    source.append(instruction)
            case Instruction("withStrategies", arguments):
                stripped = [_without(argument) for argument in arguments]
                kept = tuple(argument for argument in stripped if argument is not None)
                if kept == arguments:
                    source.append(instruction)
                elif kept:
                    source.append(Instruction("withStrategies", kept))
            case _:
                source.append(instruction)
    return traversal if tuple(source) == traversal.source else traversal.with_source(source)


def _without(argument: Argument) -> Argument | None:
    """Return a strategy without our options, `None` if it has no other; anything else as it is."""
    if not isinstance(argument, Strategy) or argument.name != OPTIONS_STRATEGY:
        return argument
    rest = [(key, value) for key, value in argument.configuration if not key.startswith(PREFIX)]
    if len(rest) == len(argument.configuration):
        return argument
    return argument.with_configuration(rest) if rest else None
