"""Misplaced and misspelt keys of Neptune ML, which a database would silently ignore."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gremlink.grammar.traversal import (
    Argument,
    Instruction,
    Kind,
    Literal,
    Opaque,
    Path,
    Traversal,
    Variable,
    children,
    walk,
)
from gremlink.proxy.inference.analysis.locate import Inference
from gremlink.proxy.inference.analysis.options import OPTIONS, PREFIX, SCORE_KEYS, TASKS
from gremlink.proxy.inference.analysis.score_reads import ScoreRead
from gremlink.proxy.inference.analysis.spelling import is_ours


def misplaced_options(traversal: Traversal) -> Iterator[str]:
    """Find keys of Neptune ML behind `g` that are no options: tasks, which do nothing there, and
    unknown and misspelt ones."""
    for key in traversal.options():
        if key not in OPTIONS and is_ours(key):
            yield key


def misplaced_steps(
    traversal: Traversal, inferences: Sequence[Inference], score_reads: Sequence[ScoreRead]
) -> Iterator[Instruction]:
    """Find instructions with keys of Neptune ML that belong to no inference.

    A stock server would silently take them for something else: `with` steps with one of our keys
    behind a step that is no inference, unknown and misspelt keys of ours, `with` steps whose key
    cannot be known, and steps that ask for the score or the reason of nothing. None of them works
    in a strategy, either.
    """
    for instruction in traversal.source:
        for criterion in children(instruction):
            yield from (inner for _, inner in walk(criterion) if _means_us(inner))
    modified: set[Path] = set()
    for inference in inferences:
        *parent, index = inference.path
        modified.update((*parent, index + offset) for offset in range(inference.width))
    modified.update(read.path for read in score_reads if read.inference is not None)
    yield from _misplaced(traversal, (), modified)


def _misplaced(traversal: Traversal, path: Path, modified: set[Path]) -> Iterator[Instruction]:
    for index, instruction in enumerate(traversal.steps):
        here = (*path, index)
        if here not in modified and _means_us(instruction):
            yield instruction
        for number, child in enumerate(children(instruction, _SIGN)):
            yield from _misplaced(child, (*here, number), modified)


_READING = frozenset("properties values valueMap propertyMap elementMap has hasNot by".split())
"""Steps that name the properties which they read."""


def _means_us(instruction: Instruction) -> bool:
    if instruction.name != "with" and not instruction.may_mention(_SIGN):
        return False
    match instruction:
        case Instruction("with", (Literal(Kind.STRING, str(key)), *_)):
            return is_ours(key)
        case Instruction("with", (Variable() | Opaque() | Traversal(), *_)):
            return True
        case Instruction(name, arguments) if name in _READING:
            return any(_is_score_key(name, argument) for argument in _keys(name, arguments))
    return any(map(is_hidden, instruction.arguments))


def misspelt(instruction: Instruction) -> str | None:
    """Return the key in an instruction that is none of ours, but was meant to be."""
    every = (*TASKS, *OPTIONS, *SCORE_KEYS)
    for argument in instruction.arguments:
        match argument:
            case Literal(Kind.STRING, str(key)) if key not in every and is_ours(key):
                return key
    return None


_SIGN = "eptune"
"""A part of nearly all misspelt keys: arguments without it need not be read."""


def _keys(name: str, arguments: Sequence[Argument]) -> Sequence[Argument]:
    """Return those arguments of a step that may be keys."""
    match name, arguments:
        case "by", _:
            return arguments[:1]
        case "has", (_, key, _):
            return (key,)
        case "has", _:
            return arguments[:1]
    return arguments


def _is_score_key(name: str, argument: Argument) -> bool:
    """Return whether an argument is a key for a score or a reason, or a misspelt key of ours.

    In `has` and `by` those that are well spelt are another step by now, or name an entry of a map.
    """
    match argument:
        case Literal(Kind.STRING, str(key)) if key in SCORE_KEYS:
            return name not in ("has", "hasNot", "by")
        case Literal(Kind.STRING, str(key)):
            return is_ours(key)
    return False


def is_hidden(argument: Argument) -> bool:
    """Return whether the argument is a lambda whose text names one of our keys: the server
    evaluates it, and nothing of it can be rewritten."""
    match argument:
        case Opaque(_, bytes() as raw, "Lambda"):
            return PREFIX.encode() in raw
        case Opaque(_, {"@value": value}, "g:Lambda"):
            return PREFIX in str(value)
        case Opaque("script", str() as raw):
            return "Lambda." in raw and PREFIX in raw
    return False
