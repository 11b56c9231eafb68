"""Examples of a document, run as doctest does: blocks of ```python that begin with `>>>`."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

VARYING = (
    (r"\d+\.\d │$", "T │"),
    (r"\d+\.\d s on \w+, peak memory [\d,]+ MiB", "T s, M MiB"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
)
"""What differs from run to run: times, memory, ports."""


class Checker(doctest.OutputChecker):
    """Compares outputs but for what varies."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(steady(want), steady(got), optionflags)


def steady(text: str) -> str:
    for pattern, replacement in VARYING:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def of_document(document: Path) -> list[doctest.DocTest]:
    """Return the blocks of a document with examples."""
    text = document.read_text(encoding="utf-8")
    return [
        doctest.DocTestParser().get_doctest(
            found[1], {}, document.name, str(document), text[: found.start(1)].count("\n")
        )
        for found in re.finditer(r"```python\n(>>> .*?)```", text, re.DOTALL)
    ]


def of_modules(modules: Iterable[ModuleType]) -> list[doctest.DocTest]:
    """Return the docstrings of modules that have examples, in the order of the sources."""
    tests = [test for module in modules for test in doctest.DocTestFinder().find(module)]
    return sorted((test for test in tests if test.examples), key=lambda test: test.lineno or 0)


def failures(tests: Iterable[doctest.DocTest], namespace: dict[str, Any]) -> str:
    """Run examples one after the other in one namespace; return what failed."""
    runner = doctest.DocTestRunner(Checker(), optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    for test in tests:
        test.globs = namespace
        runner.run(test, out=said.append, clear_globs=False)
    assert runner.tries > 0
    return "".join(said)
