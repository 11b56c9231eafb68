"""Tables, trees, progress and messages of commands obey nothing in the data."""

import ast
import io
from pathlib import Path

import pytest
from rich.live import Live
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from gremlink import proxy
from gremlink.proxy.messages.terminal import Terminal

BAD = "\x1b[31mAnn\x1b]0;x\x07\x9b\u202e[bold]:smile:[link=http://x]\r"
SHOWN = "\\x1b[31mAnn\\x1b]0;x\\x07\\x9b\\u202e[bold]:smile:[link=http://x]\\r"
BEGUN = "\\x1b[31mAnn\\x1b]0;x"
"""Of a text that rich has been given as its own, it leaves out a bell and carriage returns."""


def terminal() -> tuple[Terminal, io.StringIO]:
    file = io.StringIO()
    return Terminal(file=file, width=200, force_terminal=True, color_system=None), file


def drawn(thing: object) -> str:
    console, file = terminal()
    console.print(thing, highlight=False)
    return file.getvalue()


def test_cells_titles_and_captions() -> None:
    table = Table(BAD, title=BAD, caption=BAD)
    table.add_row(BAD)
    table.add_row(Text(BAD))
    text = drawn(table)
    assert text.count(SHOWN) == 4
    assert text.count(BEGUN) == 5
    assert not set(text) & set("\x07\x9b\u202e\r")
    widths = {len(line) for line in text.splitlines() if "│" in line and "Ann" in line}
    assert len(widths) <= 2


def test_trees_and_lines() -> None:
    tree = Tree(BAD)
    tree.add(BAD).add(Text(BAD))
    assert drawn(tree).count(SHOWN) == 2
    assert drawn(tree).count(BEGUN) == 3
    assert drawn(BAD) == SHOWN + "\n"


def test_progress_moves_the_cursor_by_itself_only() -> None:
    console, file = terminal()
    with Live(Text(BAD), console=console, redirect_stdout=False, redirect_stderr=False) as live:
        live.update(Text(f"next {BAD}"), refresh=True)
    text = file.getvalue()
    assert f"next {BEGUN}" in text
    assert "\x1b[31m" not in text
    assert "\x1b]" not in text


def test_no_module_draws_with_another_console() -> None:
    for file in sorted(Path(proxy.__file__).parent.rglob("*.py")):
        if file.name == "terminal.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Console") | ast.Attribute(attr="Console")):
                    pytest.fail(f"{file}:{node.lineno} makes a console that escapes nothing")
                case ast.ImportFrom(module="rich.markup") | ast.ImportFrom(module="rich"):
                    pytest.fail(f"{file}:{node.lineno} draws with markup")
