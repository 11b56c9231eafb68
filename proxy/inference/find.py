"""Where the inference steps of a traversal stand.

An inference is a step followed by `with(key)` modifiers, one of which is a task of Neptune ML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grammar.traversal import (
    Argument,
    Entries,
    Instruction,
    Items,
    Kind,
    Literal,
    Path,
    Predicate,
    Strategy,
    Traversal,
    Variable,
    children,
)
from proxy.inference.predicates import PREFIX, SCORE, TASKS


@dataclass(frozen=True, slots=True)
class Inference:
    """One inference.

    `step` is the modified step, at `path`; `modifiers` its `with` options in the order of the
    query, and `width` how many instructions step and modifiers are. `tasks` are the task keys
    among the modifiers (one, in a good query), `inside` the names of the enclosing steps.
    """

    path: Path
    step: Instruction
    modifiers: dict[str, Argument]
    tasks: tuple[str, ...]
    width: int
    inside: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{describe(self.step)}.with({', '.join(map(repr, self.tasks))})"


def describe(instruction: Instruction) -> str:
    """An instruction for a message, its arguments shortened."""
    words = []
    for argument in instruction.arguments:
        match argument:
            case Literal(Kind.STRING, str(text)):
                words.append(repr(text if len(text) <= 40 else text[:37] + "..."))
            case Literal(_, value):
                words.append(str(value))
            case _:
                words.append("...")
    return f"{instruction.name}({', '.join(words)})"


def find_inferences(
    traversal: Traversal, path: Path = (), inside: tuple[str, ...] = ()
) -> Iterator[Inference]:
    """Every inference of a traversal and of those nested in it, in order."""
    index = 0
    while index < len(traversal.steps):
        step = traversal.steps[index]
        modifiers: dict[str, Argument] = {}
        width = 1
        while index + width < len(traversal.steps):
            key = modifier(traversal.steps[index + width])
            if key is None:
                break
            modifiers[key[0]] = key[1]
            width += 1
        tasks = tuple(key for key in modifiers if key in TASKS)
        if tasks:
            yield Inference((*path, index), step, modifiers, tasks, width, inside)
        for number, child in enumerate(children(step)):
            yield from find_inferences(child, (*path, index, number), (*inside, step.name))
        index += width


def modifier(instruction: Instruction) -> tuple[str, Argument] | None:
    """Key and value of a `with` step; `with(k)` alone means true."""
    match instruction:
        case Instruction("with", (Literal(Kind.STRING, str(key)),)):
            return key, Literal(Kind.BOOLEAN, True)
        case Instruction("with", (Literal(Kind.STRING, str(key)), value)):
            return key, value
    return None


def stray_keys(traversal: Traversal) -> Iterator[Instruction]:
    """Instructions that mean something to Neptune ML but belong to no inference.

    A stock server would take them silently for something else: `with` steps with one of our keys
    behind a step that is no inference, unknown keys of ours, `with` steps whose key cannot be
    known, and property steps that ask for the score.
    """
    modified: set[Path] = set()
    for inference in find_inferences(traversal):
        *parent, index = inference.path
        modified.update((*parent, index + offset) for offset in range(inference.width))
    yield from _stray(traversal, (), modified)


def _stray(traversal: Traversal, path: Path, modified: set[Path]) -> Iterator[Instruction]:
    for index, instruction in enumerate(traversal.steps):
        here = (*path, index)
        if here not in modified and _means_us(instruction):
            yield instruction
        for number, child in enumerate(children(instruction)):
            yield from _stray(child, (*here, number), modified)


def _means_us(instruction: Instruction) -> bool:
    match instruction:
        case Instruction("with", (Literal(Kind.STRING, str(key)), *_)):
            return key.startswith(PREFIX)
        case Instruction("with", (Variable(), *_)):
            return True
        case Instruction("properties" | "values" | "valueMap" | "propertyMap" | "elementMap"):
            return any(
                isinstance(argument, Literal) and argument.value == SCORE
                for argument in instruction.arguments
            )
    return False


def mentions(argument: Argument) -> bool:
    """Whether one of our keys stands somewhere in a value, as data."""
    match argument:
        case Literal(Kind.STRING, str(text)):
            return PREFIX in text
        case Predicate(_, _, arguments) | Items(_, arguments):
            return any(map(mentions, arguments))
        case Entries(entries):
            return any(mentions(key) or mentions(value) for key, value in entries)
        case Strategy(_, configuration):
            return any(PREFIX in key or mentions(value) for key, value in configuration)
        case Traversal(source, steps):
            return any(mentions(a) for step in (*source, *steps) for a in step.arguments)
    return False
