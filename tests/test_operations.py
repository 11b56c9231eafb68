"""Every limit stands in the page about operations, with a test that exists."""

import re
from pathlib import Path

import pytest

from gremlink.proxy.config.sections import Limits

TOP = Path(__file__).parents[1]
PAGE = (TOP / "docs" / "operations.md").read_text()
LIMITS = PAGE.partition("## Limits")[2].partition("\n## ")[0]
ROWS = [line for line in LIMITS.splitlines() if line.startswith("| `")]
FILES = sorted(set(re.findall(r"`(tests/[\w/]+\.py)", PAGE)))
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


def test_the_page_has_every_limit() -> None:
    told = set(re.findall(r"`limits\.(\w+)`", "\n".join(row.split("|")[1] for row in ROWS)))
    assert told == set(Limits.model_fields)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_every_limit_names_a_test(row: str) -> None:
    assert "::test_" in row.split("|")[3]


@pytest.mark.parametrize("file", FILES)
def test_the_named_files_exist(file: str) -> None:
    assert (TOP / file).is_file()


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_named_tests_exist(file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (TOP / file).read_text(), re.MULTILINE)
