"""The statements of a script, where each is plain enough to be sent alone.

Plain is a traversal with methods on its result, `g.addV("User").iterate()`, and what assigns the
result of one, or a literal, to a name: `ann = g.V().has("name", "Ann").next()`. What declares
(`def`), branches or holds code of its own is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gremlink.grammar.script.chain import links
from gremlink.grammar.script.lalr import Token
from gremlink.grammar.script.shapes import STRINGS, Span
from gremlink.grammar.script.tree import Operand, Part

_RUNNING = frozenset("next hasNext tryNext toList toSet toBulkSet iterate".split())
"""Methods that make a database run a traversal; it runs one without only at the end of a script."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, `text[start:end]`.

    `traversal` is the number of the one in it, if there is one; `name` what it is assigned to, if
    it is; `runs` tells whether it does anything where it is not the last one.
    """

    start: int
    end: int
    traversal: int | None
    name: str | None
    runs: bool


def plain_statements(
    text: str, parts: Sequence[Part], spans: Sequence[Span]
) -> tuple[Statement, ...]:
    """Return the statements of a script; none if any of them is not plain. `spans` are its
    traversals."""
    numbers = {span.start: number for number, span in enumerate(spans)}
    found = [_plain(chunk, numbers, spans) for chunk in _chunks(text, parts)]
    every = tuple(statement for statement in found if statement is not None)
    held = [each.traversal for each in every if each.traversal is not None]
    if len(every) < len(found) or held != list(range(len(spans))):
        return ()
    return every


def _chunks(text: str, parts: Sequence[Part]) -> list[list[Part]]:
    """Return the parts of each statement: a `;` ends it, or the end of a line behind an operand."""
    chunks: list[list[Part]] = [[]]
    for part in parts:
        before = chunks[-1][-1] if chunks[-1] else None
        if isinstance(part, Token) and part == ";":
            chunks.append([])
            continue
        if (
            isinstance(part, Operand)
            and isinstance(before, Operand)
            and "\n" in text[before.end : part.start]
        ):
            chunks.append([])
        chunks[-1].append(part)
    return [chunk for chunk in chunks if chunk]


def _plain(
    chunk: Sequence[Part], numbers: dict[int, int], spans: Sequence[Span]
) -> Statement | None:
    match chunk:
        case [Operand() as operand]:
            name = None
        case [Operand(suffixes=[]) as target, "=", Operand() as operand]:
            name = str(target.primary)
            if not name.isidentifier():
                return None
        case _:
            return None
    start = chunk[0].start
    number = numbers.get(operand.start)
    if number is None:
        literal = getattr(operand.primary, "type", "") in STRINGS | {"NUMBER"}
        if name is None or not literal or operand.suffixes or "${" in str(operand.primary):
            return None
        return Statement(start, operand.end, None, name, True)
    tail = [link for link in links(operand) if link.gap >= spans[number].end]
    if any(not link.is_call or link.closures or link.dot != "." for link in tail):
        return None
    if any(
        link.call is not None and link.call.literals is None and link.call.parts for link in tail
    ):
        return None
    if tail and tail[0].name not in _RUNNING:
        return None
    return Statement(start, operand.end, number, name, bool(tail) or name is not None)
