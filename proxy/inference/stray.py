"""Keys of Neptune ML that stand where they would silently do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from grammar.traversal import (
    Argument,
    Instruction,
    Kind,
    Literal,
    Opaque,
    Path,
    Traversal,
    Variable,
    children,
    may_mention,
    walk,
)
from proxy.inference.find import find_inferences
from proxy.inference.predicates import OPTIONS, PREFIX, TOLD
from proxy.inference.scores import score_steps


def stray_options(traversal: Traversal) -> Iterator[str]:
    """Keys of Neptune ML behind `g` that are no options: tasks, which do nothing there, and unknown
    ones."""
    for key in traversal.options():
        if key.startswith(PREFIX) and key not in OPTIONS:
            yield key


def stray_keys(traversal: Traversal) -> Iterator[Instruction]:
    """Instructions that mean something to Neptune ML but belong to no inference.

    A stock server would take them silently for something else: `with` steps with one of our keys
    behind a step that is no inference, unknown keys of ours, `with` steps whose key cannot be
    known, and steps that ask for the score or the reason
    of nothing. None of them works in a strategy, either.
    """
    for instruction in traversal.source:
        for criterion in children(instruction):
            yield from (inner for _, inner in walk(criterion) if _means_us(inner))
    modified: set[Path] = set()
    for inference in find_inferences(traversal):
        *parent, index = inference.path
        modified.update((*parent, index + offset) for offset in range(inference.width))
    modified.update(
        place.path for place in score_steps(traversal.steps) if place.inference is not None
    )
    yield from _stray(traversal, (), modified)


def _stray(traversal: Traversal, path: Path, modified: set[Path]) -> Iterator[Instruction]:
    for index, instruction in enumerate(traversal.steps):
        here = (*path, index)
        if here not in modified and _means_us(instruction):
            yield instruction
        for number, child in enumerate(children(instruction, PREFIX)):
            yield from _stray(child, (*here, number), modified)


def _means_us(instruction: Instruction) -> bool:
    if instruction.name != "with" and not may_mention(instruction, PREFIX):
        return False
    match instruction:
        case Instruction("with", (Literal(Kind.STRING, str(key)), *_)):
            return key.startswith(PREFIX)
        case Instruction("with", (Variable() | Opaque() | Traversal(), *_)):
            return True
        case Instruction("properties" | "values" | "valueMap" | "propertyMap" | "elementMap"):
            return any(
                isinstance(argument, Literal) and argument.value in TOLD
                for argument in instruction.arguments
            )
    return any(map(is_hidden, instruction.arguments))


def is_hidden(argument: Argument) -> bool:
    """Whether the argument is a lambda whose text names one of our keys: the server evaluates it,
    and nothing of it can be rewritten."""
    match argument:
        case Opaque(_, bytes() as raw, "Lambda"):
            return PREFIX.encode() in raw
        case Opaque(_, {"@value": value}, "g:Lambda"):
            return PREFIX in str(value)
        case Opaque("script", str() as raw):
            return "Lambda." in raw and PREFIX in raw
    return False
