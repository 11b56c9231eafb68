"""The links of a chain: `g.V("a").out { … }[0]` is the name `g` and four links.

A link is a call, a property, an index or a closure; it knows where it begins, with the blanks and
comments before it, so that printing links one after the other gives back the text.
"""

from __future__ import annotations

from dataclasses import dataclass

from gremlink.grammar.script.tree import Group, Member, Operand


@dataclass(slots=True)
class Link:
    """One link. `gap` is where the link before it ended, `at` where its name begins."""

    name: str | None
    gap: int
    at: int
    end: int
    call: Group | None = None
    closures: tuple[Group, ...] = ()
    dot: str = ""

    @property
    def is_call(self) -> bool:
        """`True` for `name(…)` and `name { … }`."""
        return self.name is not None and (self.call is not None or bool(self.closures))

    @property
    def groups(self) -> tuple[Group, ...]:
        """All brackets of the link."""
        return self.closures if self.call is None else (self.call, *self.closures)


def links(operand: Operand) -> list[Link]:
    """Return the chain of an operand; the first link is the operand's primary."""
    primary = operand.primary
    if isinstance(primary, Group):
        current = Link(None, primary.start, primary.start, primary.end)
    else:
        name = str(primary) if primary.type == "NAME" else None
        current = Link(name, primary.start, primary.start, primary.end)
    found = [current]
    for suffix in operand.suffixes:
        if isinstance(suffix, Member):
            current = Link(suffix.name, current.end, suffix.at, suffix.end, dot=suffix.dot)
            found.append(current)
        elif current.name is not None and suffix.bracket == "(" and not current.groups:
            current.call, current.end = suffix, suffix.end
        elif current.name is not None and suffix.bracket == "{":
            current.closures, current.end = (*current.closures, suffix), suffix.end
        else:
            current = Link(None, current.end, suffix.start, suffix.end)
            current.call = suffix
            found.append(current)
    return found
