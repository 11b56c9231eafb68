"""Every limit stands in the page about operations, with a test that exists."""

import re
from pathlib import Path

from named_tests import missing, named

from gremlink.proxy.config.sections import Limits

TOP = Path(__file__).parents[1]
PAGE = (TOP / "docs" / "operations.md").read_text()
LIMITS = PAGE.partition("## Limits")[2].partition("\n## ")[0]
ROWS = [line for line in LIMITS.splitlines() if line.startswith("| `")]
NAMED = named(PAGE)


def test_the_page_has_every_limit() -> None:
    told = set(re.findall(r"`limits\.(\w+)`", "\n".join(row.split("|")[1] for row in ROWS)))
    assert told == set(Limits.model_fields)


def test_every_limit_names_a_test() -> None:
    assert [row.split("|")[1].strip() for row in ROWS if "::test_" not in row.split("|")[3]] == []


def test_the_named_files_exist() -> None:
    files = set(re.findall(r"`(tests/[\w/]+\.py)", PAGE))
    assert sorted(file for file in files if not (TOP / file).is_file()) == []


def test_the_named_tests_exist() -> None:
    assert NAMED
    assert missing(NAMED) == []
