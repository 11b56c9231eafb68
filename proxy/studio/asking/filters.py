"""Filters of predicted vertices: rows of a form, read into steps of a traversal."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal
from gremlin_python.process.traversal import P, TextP
from gremlin_python.statics import long

from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.vertices import chosen
from gremlink.proxy.studio.visit import Visit

MOST_FILTERS = 8
"""Filters of one question."""

MOST_VALUES = 50
"""Values of one list."""

VALUES: dict[str, Callable[[Any], P]] = {
    "is": P.eq,
    "is not": P.neq,
    "is more than": P.gt,
    "is less than": P.lt,
    "is at least": P.gte,
    "is at most": P.lte,
}
"""Comparisons with one value, and their predicates."""

TEXTS: dict[str, Callable[[str], P]] = {
    "contains": TextP.containing,
    "begins with": TextP.starting_with,
    "ends with": TextP.ending_with,
}
"""Comparisons with a text."""

LISTS: dict[str, Callable[..., P]] = {"is one of": P.within, "is none of": P.without}
"""Comparisons with a list."""

IDS: dict[str, Callable[..., P]] = {"id is one of": P.within, "id is none of": P.without}
"""Comparisons of the vertex itself, which is named by its id or by its name."""

THERE, NOT_THERE = "is there", "is not there"

COMPARISONS = (*VALUES, *LISTS, *TEXTS, THERE, NOT_THERE, *IDS)
"""All comparisons, as the form has them."""

Condition = Callable[[GraphTraversal], GraphTraversal]
"""A step that keeps what a filter lets pass."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A row of the form, as it was given."""

    key: str = ""
    comparison: str = "is"
    value: str = ""

    @property
    def is_empty(self) -> bool:
        """True for a row that was left empty."""
        return not (self.key or self.value)

    def condition(self, number: int) -> Condition:
        """Return the step of a filter of a property; `number` is that of its row.

        Raises `WrongInput` for the field `key-NUMBER` or `value-NUMBER`.
        """
        key, comparison, value = self.key, self.comparison, self.value
        if comparison not in COMPARISONS:
            raise WrongInput(
                f"{comparison[:100]!r} is no comparison: choose {', '.join(COMPARISONS)}.",
                f"value-{number}",
            )
        if not key:
            raise WrongInput("The filter has a value and no property: name one.", f"key-{number}")
        if comparison in (THERE, NOT_THERE):
            if value:
                raise WrongInput(
                    f'The comparison "{comparison}" takes no value: leave it empty.',
                    f"value-{number}",
                )
            return lambda found: found.has(key) if comparison == THERE else found.has_not(key)
        if comparison in LISTS:
            values = read_list(value, number)
            return lambda found: found.has(key, LISTS[comparison](*values))
        if comparison in TEXTS:
            if not value:
                raise WrongInput("The filter looks for a text: write one.", f"value-{number}")
            text = read_value(value)
            looked_for = text if isinstance(text, str) else value
            return lambda found: found.has(key, TEXTS[comparison](looked_for))
        return lambda found: found.has(key, VALUES[comparison](read_value(value)))


async def conditions(visit: Visit, filters: Sequence[Filter], label: str) -> list[Condition]:
    """Return the steps of all filters; `label` is that of the predicted vertices.

    Vertices are looked up by id or name. Raises `WrongInput`, `DatabaseGone`.
    """
    if len(filters) > MOST_FILTERS:
        raise WrongInput(f"There may be {MOST_FILTERS} filters: leave some out.", "value-0")
    found: list[Condition] = []
    for number, each in enumerate(filters):
        if each.comparison not in IDS:
            found.append(each.condition(number))
            continue
        if each.key:
            raise WrongInput(
                f'The comparison "{each.comparison}" is about the vertex itself: leave the'
                " property empty.",
                f"key-{number}",
            )
        ids = [await _id(visit, item, label, number) for item in items(each.value, number)]
        found.append(_of_ids(IDS[each.comparison], ids))
    return found


def _of_ids(predicate: Callable[..., P], ids: Sequence[Any]) -> Condition:
    return lambda found: found.has_id(predicate(*ids))


async def _id(visit: Visit, text: str, label: str, number: int) -> Any:
    known = await chosen(visit, _unquoted(text), label)
    if known.vertex is not None:
        return known.vertex.id
    if known.others:
        several = ", ".join(f"{each.shown} ({each.id})" for each in known.others[:5])
        problem = f"There are several {text[:100]!r}: {several}. Write the id of one."
    else:
        problem = f"The graph has no {label} {text[:100]!r}: write ids or names, with commas."
    raise WrongInput(problem, f"value-{number}")


def read_value(text: str) -> str | int | float | bool:
    """Return the value that a filter compares with.

    Numbers, `true` and `false` are read, anything else is text; in double quotes everything is.
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _unquoted(text)
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        number = int(text)
        return number if -(2**31) <= number < 2**31 else long(number)
    if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text, re.ASCII):
        return float(text)
    return text


def read_list(text: str, number: int) -> list[str | int | float | bool]:
    """Return the values of a list with commas. Raises `WrongInput`."""
    return [read_value(each) for each in items(text, number)]


_ITEM = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]*?)\s*(?:,|$)', re.DOTALL)


def items(text: str, number: int) -> list[str]:
    """Return the items of a list with commas, those in double quotes as they are.

    Raises `WrongInput`.
    """
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _ITEM.match(text, at)
        assert match is not None  # the second choice takes everything up to a comma
        found.append(match[1])
        at = match.end()
    found = [each for each in found if each]
    if not 1 <= len(found) <= MOST_VALUES:
        raise WrongInput(
            f"The filter takes a list of 1 to {MOST_VALUES} values, with commas between them.",
            f"value-{number}",
        )
    return found


def _unquoted(text: str) -> str:
    """Return the text in double quotes, where `\\"` and `\\\\` are one character."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\([\"\\])", r"\1", text[1:-1])
    return text
