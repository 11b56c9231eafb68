"""The documents name what the commands have, and the commands have what the documents name."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gremlink.proxy.cli import COMMANDS, main

TOP = Path(__file__).parents[3]
COMMANDS_PAGE = (TOP / "docs" / "commands.md").read_text()
PAGES = [
    TOP / "README.md",
    *sorted((TOP / "docs").glob("*.md")),
    TOP / "docker" / "prepare.sh",
    TOP / "docker" / "ask.sh",
]


def commands(
    command: click.Command, *names: str
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(command)
    if isinstance(command, click.Group):
        if names and command.invoke_without_command:
            yield names, command
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found
            yield from commands(found, *names, name)
    else:
        yield names, command


LEAVES = dict(commands(main))


def flags(command: click.Command) -> set[str]:
    return {
        flag
        for option in command.params
        if isinstance(option, click.Option)
        for flag in (*option.opts, *option.secondary_opts)
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_place_on_the_page(name: str) -> None:
    assert f"`gremlink {name}" in COMMANDS_PAGE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_shown_commands_exist_with_their_flags(page: Path) -> None:
    """Lines that begin with `gremlink`, as they stand in code blocks and scripts."""
    text = page.read_text().replace("\\\n", " ")
    if page.suffix == ".md":
        text = "".join(text.split("```")[1::2])
    for line in re.findall(r"^gremlink (.*)$", text, re.MULTILINE):
        words = line.split("#")[0].split()
        names = tuple(words[:2]) if tuple(words[:2]) in LEAVES else (words[0],)
        assert names in LEAVES, line
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= flags(LEAVES[names]) | {"--help"}, line


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*TOP.glob("*.md"), *(TOP / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
