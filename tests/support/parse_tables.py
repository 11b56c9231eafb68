"""The parse tables of `gremlin.lark`, made by Lark: `make tables` writes them.

Lark's own tables are private; they are read here, where its version is the locked one, and nowhere
in the product.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lark import Lark
from lark.parsers.lalr_analysis import Shift

GRAMMAR = Path(__file__).parents[2] / "grammar" / "script" / "gremlin.lark"
TABLES = GRAMMAR.with_suffix(".json")


def gremlin() -> Lark:
    """Return Lark's parser of Gremlin scripts."""
    return Lark(GRAMMAR.read_text("utf-8"), parser="lalr", lexer="contextual")


def parse_tables(lark: Lark) -> dict[str, Any]:
    """Return the tables as `gremlink.grammar.script.lalr.Parser` takes them.

    States and rules are numbered in the order of a walk from the first state: equal grammars have
    equal tables.
    """
    table = lark.parser.parser.parser.parse_table
    first = table.start_states["start"]
    numbers = {first: 0}
    rules: dict[Any, int] = {}
    states = []
    waiting = [first]
    for state in waiting:
        row: dict[str, dict[Any, Any]] = {"shifts": {}, "gotos": {}, "reductions": {}}
        for symbol, (action, target) in sorted(table.states[state].items()):
            if action is not Shift:
                rule = rules.setdefault(target, len(rules))
                row["reductions"].setdefault(str(rule), []).append(symbol)
                continue
            if target not in numbers:
                numbers[target] = len(numbers)
                waiting.append(target)
            kind = "shifts" if symbol.isupper() else "gotos"
            row[kind][symbol] = numbers[target]
        states.append(row)
    return {
        "terminals": {
            each.name: each.pattern.to_regexp() for each in lark.parser.lexer.root_lexer.terminals
        },
        "ignored": sorted(lark.ignore_tokens),
        "rules": [[str(rule.origin.name), len(rule.expansion)] for rule in rules],
        "last": numbers[table.end_states["start"]],
        "states": states,
    }


def written(tables: dict[str, Any]) -> str:
    """Return the tables as JSON, a state a line."""
    *head, states = (
        f'"{name}": {json.dumps(value, separators=(",", ":"))}' if name != "states" else value
        for name, value in tables.items()
    )
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in states)
    return "{\n" + ",\n".join(head) + ',\n"states": [\n' + rows + "\n]\n}\n"


if __name__ == "__main__":
    TABLES.write_text(written(parse_tables(gremlin())), "utf-8")
