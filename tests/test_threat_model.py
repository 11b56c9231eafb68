"""Every mitigation that the threat model claims has a test, and that test exists."""

from pathlib import Path

from named_tests import missing, named

TOP = Path(__file__).parents[1]
PAGE = (TOP / "docs" / "threat-model.md").read_text()
NAMED = named(PAGE)
ROWS = [
    line
    for line in PAGE.partition("## From the network")[2].splitlines()
    if line.startswith("| ") and not line.startswith("| Threat")
]


def test_the_page_was_read() -> None:
    assert len(ROWS) >= 20
    assert len(NAMED) >= 18


def test_every_mitigation_names_a_test() -> None:
    assert [row.split("|")[1].strip() for row in ROWS if "::test_" not in row] == []


def test_the_named_tests_exist() -> None:
    assert missing(NAMED) == []
