"""A parser that runs on LALR(1) tables, with a lexer that knows the parser's state.

Lark makes the tables of a grammar when the grammar changes (`make tables`), and not when the
program starts: nothing here needs Lark. Its own parser keeps lines and columns, makes an object of
eight fields of every token and filters the children of every rule, which took two thirds of the
time of reading a script. This one keeps positions only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

END = "$END"
"""The terminal behind the last one of every text."""


class Token(str):
    """A piece of a text that is one terminal of the grammar: `text[start:end]`."""

    __slots__ = ("end", "start", "type")
    __match_args__ = ("type",)

    type: str
    start: int
    end: int


def token(type_: str, piece: str, start: int, end: int) -> Token:
    """Make a token. (A `__new__` that takes all four takes twice the time.)"""
    made = Token(piece)
    made.type = type_
    made.start = start
    made.end = end
    return made


class Unexpected(Exception):
    """The text leaves the grammar at `start`: with a token, with `END`, or with a character that
    begins no token (`token` is `None`)."""

    def __init__(self, start: int, token: str | None) -> None:
        super().__init__(start, token)
        self.start = start
        self.token = token


class _Reduction(NamedTuple):
    """The rule that ends in a state: number of its values, name, function that builds its value."""

    size: int
    name: str
    build: Callable[[list[Any]], Any]


_Match = Callable[[str, int], "re.Match[str] | None"]


class _State:
    """A row of the tables. `match` finds the terminals that may follow, and no others."""

    __slots__ = ("gotos", "match", "reductions", "shifts")

    match: _Match

    def __init__(self) -> None:
        self.shifts: dict[str, _State] = {}
        self.gotos: dict[str, _State] = {}
        self.reductions: dict[str, _Reduction] = {}


class Parser:
    """The tables of a grammar, and the functions that build values of its tokens and rules.

    `tables` is the JSON object that `tests/support/parse_tables.py` makes: `terminals` has the
    pattern of each terminal, in the order in which they are tried, `ignored` those that are left
    out, `rules` the name and length of each rule, `states` the shifts and gotos of each state by
    symbols and its reductions by rules; the first state begins, `last` ends.

    `tokens` takes the terminals that become something else than a `Token`: the piece of the text,
    its start and its end. `rules` takes the children of each rule; a rule that begins with an
    underscore is a rule like any other here.
    """

    def __init__(
        self,
        tables: Mapping[str, Any],
        tokens: Mapping[str, Callable[[str, int, int], Any]],
        rules: Mapping[str, Callable[[list[Any]], Any]],
    ) -> None:
        self._tokens = tokens
        self._ignored = frozenset(tables["ignored"])
        terminals: dict[str, str] = tables["terminals"]
        reductions = [_Reduction(size, name, rules[name]) for name, size in tables["rules"]]
        states = [_State() for _ in tables["states"]]
        for state, row in zip(states, tables["states"], strict=True):
            state.shifts = {symbol: states[target] for symbol, target in row["shifts"].items()}
            state.gotos = {symbol: states[target] for symbol, target in row["gotos"].items()}
            for rule, symbols in row["reductions"].items():
                state.reductions.update(dict.fromkeys(symbols, reductions[int(rule)]))
            allowed = self._ignored | state.shifts.keys() | state.reductions.keys()
            state.match = _matcher({name: terminals[name] for name in terminals if name in allowed})
        self._first, self._last = states[0], states[tables["last"]]
        self._any = _matcher(terminals)

    def parse(self, text: str) -> Any:
        """Return the value of the start rule. Raises `Unexpected`."""
        tokens, ignored, last = self._tokens, self._ignored, self._last
        state = self._first
        states = [state]  # always one more than values
        values: list[Any] = []
        at, end = 0, len(text)
        while True:
            start = at
            if at == end:
                kind = END
            else:
                found = state.match(text, at)
                if found is None:
                    found = self._any(text, at)
                    raise Unexpected(at, found and found.group())
                kind = found.lastgroup or ""
                at = found.end()
                if kind in ignored:
                    continue
            while kind not in state.shifts:
                reduction = state.reductions.get(kind)
                if reduction is None:
                    raise Unexpected(start, END if kind == END else text[start:at])
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


def _matcher(terminals: Mapping[str, str]) -> _Match:
    """Return a function that matches the first of the terminals that begins at a position."""
    return re.compile("|".join([f"(?P<{name}>{terminals[name]})" for name in terminals])).match
