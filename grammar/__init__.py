"""Gremlin traversals: one data model, and the encodings that it is read from and written in.

>>> traversal = parse('g.V("user_01").out("FRIEND").where(__.in("FRIEND").count().is(gt(2)))')
>>> [instruction.name for _, instruction in walk(traversal)]
['V', 'out', 'where', 'in', 'count', 'is']
>>> write(traversal.with_steps([*traversal.steps, step("limit", 10)]))
'g.V("user_01").out("FRIEND").where(__.in("FRIEND").count().is(gt(2))).limit(10)'

`parse` reads scripts. The submodules `script`, `graphson` and `graphbinary` read and write values
and bytecode. Nothing here knows sockets, models or Neptune.
"""

from __future__ import annotations

from collections.abc import Mapping

from gremlink.grammar.errors import (
    GremlinError,
    LimitExceeded,
    MalformedRequest,
    NotConvertible,
    ScriptError,
)
from gremlink.grammar.script import Script, write
from gremlink.grammar.script import parse as parse_script
from gremlink.grammar.traversal import (
    Argument,
    Bulked,
    Entries,
    EnumConstant,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Predicate,
    Strategy,
    Traversal,
    Variable,
    anonymous,
    children,
    step,
    walk,
)


def parse(text: str, bindings: Mapping[str, Argument] | None = None) -> Traversal:
    """Read a script that is one traversal; methods on its result (`toList()`) are left out.

    Names in `bindings` are read as their values. `parse_script` reads scripts of any number of
    statements. Raises `ScriptError` with the place, `LimitExceeded`, and `MalformedRequest` if the
    script is anything else than one traversal that begins with a source (`g`).
    """
    traversal = parse_script(text, bindings).single
    if traversal is None:
        raise MalformedRequest("the script is not one traversal on a source, such as g.V()")
    return traversal


__all__ = [
    "Argument",
    "Bulked",
    "Entries",
    "EnumConstant",
    "GremlinError",
    "Instruction",
    "Items",
    "Kind",
    "LimitExceeded",
    "Literal",
    "MalformedRequest",
    "NotConvertible",
    "Opaque",
    "Predicate",
    "Script",
    "ScriptError",
    "Strategy",
    "Traversal",
    "Variable",
    "anonymous",
    "children",
    "parse",
    "parse_script",
    "step",
    "walk",
    "write",
]
