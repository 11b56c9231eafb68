"""A walk over the tables that Lark makes of a grammar: LALR(1), with a lexer that knows the state.

Lark's own walk keeps lines and columns, makes an object of eight fields of every token and filters
the children of every rule; that took two thirds of the time of reading a script. This one keeps
positions only, and stops at the first token that the grammar does not allow there. Then Lark has
to walk, which tells what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lark import Lark
from lark.parsers.lalr_analysis import Shift

END = "$END"
"""The terminal with which Lark ends every text."""


class Token(str):
    """A piece of a text that is one terminal of the grammar: `text[start:end]`."""

    __slots__ = ("end", "start", "type")
    __match_args__ = ("type",)

    type: str
    start: int
    end: int


def token(type_: str, piece: str, start: int, end: int) -> Token:
    """A token. (A `__new__` that takes all four takes twice the time.)"""
    made = Token(piece)
    made.type = type_
    made.start = start
    made.end = end
    return made


class _Reduction(NamedTuple):
    """The rule that ends in a state: how many values it takes, what they become, and where to."""

    size: int
    name: str
    build: Callable[[list[Any]], Any]


class _State:
    """A row of the tables. `match` finds the terminals that may stand here, and no others."""

    __slots__ = ("gotos", "match", "reductions", "shifts")

    def __init__(self, match: Callable[[str, int], re.Match[str] | None]) -> None:
        self.match = match
        self.shifts: dict[str, _State] = {}
        self.gotos: dict[str, _State] = {}
        self.reductions: dict[str, _Reduction] = {}


class Tables:
    """The tables of a grammar, and what its tokens and rules become.

    `tokens` takes the terminals that become something else than a `Token`: the piece of the text,
    its start and its end. `rules` takes the children of each rule; a rule that begins with an
    underscore is a rule like any other here.
    """

    def __init__(
        self,
        lark: Lark,
        tokens: Mapping[str, Callable[[str, int, int], Any]],
        rules: Mapping[str, Callable[[list[Any]], Any]],
    ) -> None:
        self._tokens = tokens
        self._ignored = frozenset(lark.ignore_tokens)
        table = lark.parser.parser.parser.parse_table
        lexers = lark.parser.lexer.lexers
        states = {number: _State(_matcher(lexers[number].terminals)) for number in table.states}
        for number, actions in table.states.items():
            for symbol, (action, target) in actions.items():
                if action is not Shift:
                    name = str(target.origin.name)
                    reduction = _Reduction(len(target.expansion), name, rules[name])
                    states[number].reductions[str(symbol)] = reduction
                elif symbol in rules:
                    states[number].gotos[str(symbol)] = states[target]
                else:
                    states[number].shifts[str(symbol)] = states[target]
        self._first = states[table.start_states["start"]]
        self._last = states[table.end_states["start"]]

    def walk(self, text: str) -> Any:
        """What the start rule becomes; `None` if the text does not follow the grammar."""
        tokens, ignored, last = self._tokens, self._ignored, self._last
        state = self._first
        states = [state]  # always one more than values
        values: list[Any] = []
        at, end = 0, len(text)
        kind: str | None = None
        while kind != END:
            start = at
            if at == end:
                kind = END
            else:
                found = state.match(text, at)
                if found is None:
                    return None
                kind = found.lastgroup or ""
                at = found.end()
                if kind in ignored:
                    continue
            while kind not in state.shifts:
                reduction = state.reductions.get(kind)
                if reduction is None:
                    return None
                size, name, build = reduction
                below = len(values) - size
                children = values[below:]
                del values[below:], states[below + 1 :]
                values.append(build(children))
                state = states[below].gotos[name]
                if state is last:
                    return values[0]
                states.append(state)
            make = tokens.get(kind)
            piece = text[start:at]
            values.append(make(piece, start, at) if make else token(kind, piece, start, at))
            state = state.shifts[kind]
            states.append(state)
        return None


def _matcher(terminals: list[Any]) -> Callable[[str, int], re.Match[str] | None]:
    """Lark sorts the terminals: the first that matches is meant."""
    pattern = "|".join([f"(?P<{each.name}>{each.pattern.to_regexp()})" for each in terminals])
    return re.compile(pattern).match
