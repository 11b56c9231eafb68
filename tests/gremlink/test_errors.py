"""One tree of errors: what is meant for users is a `gremlink.Error`."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import gremlink
from gremlink import errors

TOP = Path(__file__).parents[2]


def classes() -> dict[str, str]:
    """Return the public classes of errors with none of ours above them, and where they are."""
    found = {}
    for package in ("grammar", "proxy"):
        for file in sorted((TOP / package).rglob("*.py")):
            module = ".".join(file.relative_to(TOP).with_suffix("").parts)
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and "Error" in map(ast.unparse, node.bases):
                    found[node.name] = f"gremlink.{module.removesuffix('.__init__')}"
    return found


def test_the_tree_is_drawn_as_it_is() -> None:
    drawn = {name for name in re.findall(r"\w+", errors.__doc__ or "") if name[0].isupper()}
    known = {*classes(), "WrongArgument", "NotInstalled"}
    assert known <= drawn
    assert drawn - known <= {"The", "Error", "Gremlin", "Server"}


def test_all_of_them_are_errors_of_the_face() -> None:
    for name, module in classes().items():
        assert issubclass(getattr(importlib.import_module(module), name), gremlink.Error)


def test_old_bases_stay() -> None:
    assert issubclass(gremlink.WrongArgument, ValueError)
    assert issubclass(gremlink.NotInstalled, ImportError)
