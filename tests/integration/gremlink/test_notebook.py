"""docs/examples/python.ipynb, cell by cell, inside a running event loop as Jupyter has it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gremlink

pytestmark = pytest.mark.integration

NOTEBOOK = Path(__file__).parents[3] / "docs" / "examples" / "python.ipynb"
DOCUMENT = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
CELLS = ["".join(cell["source"]) for cell in DOCUMENT["cells"] if cell["cell_type"] == "code"]

RUN = """
import asyncio, json, sys

async def run():
    namespace = {"__name__": "__main__"}
    for number, cell in enumerate(json.load(sys.stdin), start=1):
        exec(compile(cell, f"<cell {number}>", "exec"), namespace)

asyncio.run(run())
"""


def test_every_cell_runs() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=NOTEBOOK.parent,
        input=json.dumps(CELLS),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert "['V', 'out', 'where', 'in', 'count', 'is']" in ended.stdout


def test_it_uses_all_of_the_face() -> None:
    """Classes that functions return are used by what is done with them."""
    text = "\n".join(CELLS)
    functions = {name for name in gremlink.__all__ if name[0].islower()} - {"load_csv"}
    assert {name for name in functions if not re.search(rf"gremlink\.{name}\b", text)} == set()
    for method in ("predict", "explain", "embeddings", "nearest", "column", "metrics"):
        assert f".{method}" in text


def test_outputs_are_shown_and_name_no_folder_of_a_machine() -> None:
    shown = [cell for cell in DOCUMENT["cells"] if cell.get("outputs")]
    assert len(shown) > len(CELLS) / 2
    assert "/root" not in json.dumps(DOCUMENT)
    assert "/home" not in json.dumps(DOCUMENT)
