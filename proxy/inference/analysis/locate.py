"""Location of the inferences in a traversal.

An inference is a step followed by `with(key)` modifiers, one of which is a task of Neptune ML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gremlink.grammar.traversal import (
    Argument,
    Instruction,
    Kind,
    Literal,
    Path,
    Traversal,
    children,
)
from gremlink.proxy.inference.analysis.options import PREFIX, TASKS


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

    def following(self, traversal: Traversal) -> tuple[Instruction, ...]:
        """Return the steps behind the inference and its modifiers."""
        steps, path = traversal.steps, self.path
        while len(path) > 1:
            index, number, *inner = path
            steps, path = list(children(steps[index]))[number].steps, tuple(inner)
        return steps[path[0] + self.width :]

    def __str__(self) -> str:
        return f"{describe(self.step)}.with({', '.join(map(repr, self.tasks))})"


def describe(instruction: Instruction) -> str:
    """Return an instruction as a message shows it, its arguments shortened."""
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


def texts(instruction: Instruction) -> list[str]:
    """Return the texts among the arguments of an instruction: labels, keys, expressions."""
    return [
        each.value
        for each in instruction.arguments
        if isinstance(each, Literal) and each.kind is Kind.STRING
    ]


def find_inferences(
    traversal: Traversal, path: Path = (), inside: tuple[str, ...] = ()
) -> Iterator[Inference]:
    """Find every inference of a traversal and of those nested in it, in order."""
    length = traversal.length
    behind = 0
    for index in traversal.named_or_nesting("with", PREFIX):
        if index < behind:
            continue
        while index > behind and modifier(traversal.step(index)) is not None:
            index -= 1
        step = traversal.step(index)
        modifiers: dict[str, Argument] = {}
        behind = index + 1
        while behind < length:
            key = modifier(traversal.step(behind))
            if key is None:
                break
            modifiers[key[0]] = key[1]
            behind += 1
        tasks = tuple(key for key in modifiers if key in TASKS)
        if tasks:
            yield Inference((*path, index), step, modifiers, tasks, behind - index, inside)
        for number, child in enumerate(children(step, PREFIX)):
            yield from find_inferences(child, (*path, index, number), (*inside, step.name))


def modifier(instruction: Instruction) -> tuple[str, Argument] | None:
    """Return key and value of a `with` step; `with(k)` alone means true. `None` for another
    step."""
    if instruction.name != "with":
        return None  # before a pattern asks for the arguments, which may be many and unread
    match instruction.arguments:
        case (Literal(Kind.STRING, str(key)),):
            return key, Literal(Kind.BOOLEAN, True)
        case (Literal(Kind.STRING, str(key)), value):
            return key, value
    return None
