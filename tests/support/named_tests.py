"""Tests that a document names, as `tests/x/test_y.py::test_z`."""

import re
from pathlib import Path

TOP = Path(__file__).parents[2]


def named(page: str) -> list[tuple[str, str]]:
    """Return file and function of each test that a page names."""
    return sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)))


def missing(names: list[tuple[str, str]]) -> list[str]:
    """Return those of the tests that are not there."""
    texts = {file: (TOP / file).read_text() if (TOP / file).is_file() else "" for file, _ in names}
    return [
        f"{file}::{name}"
        for file, name in names
        if not re.search(rf"^(async )?def {name}\(", texts[file], re.MULTILINE)
    ]
