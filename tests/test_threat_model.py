"""Every mitigation that the threat model claims has a test, and that test exists."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
PAGE = (TOP / "docs" / "threat-model.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/\S+?\.py)::(\w+)`", PAGE)))
ROWS = [
    line
    for line in PAGE.partition("## From the network")[2].splitlines()
    if line.startswith("| ") and not line.startswith("| Threat")
]


def test_the_page_was_read() -> None:
    assert len(ROWS) >= 20
    assert len(NAMED) >= 18


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_every_mitigation_names_a_test(row: str) -> None:
    assert "::test_" in row


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_named_tests_exist(file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (TOP / file).read_text(), re.MULTILINE)
