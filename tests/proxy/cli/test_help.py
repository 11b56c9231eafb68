"""What `--help` and `--version` print is there at once: they load click and nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from gremlink.proxy.cli import main

ALLOWED = {"click", "gremlink"}
"""Packages that help may load besides the standard library's."""

PROGRAM = """
import json, sys
before = set(sys.modules)
sys.argv[0] = "gremlink"
from gremlink.proxy.cli import main
main(json.loads(sys.argv[1]), standalone_mode=False)
print()
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def paths(group: click.Group, *above: str) -> Iterator[list[str]]:
    """Each command's words, those of groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield [*above, name]
        if isinstance(command, click.Group):
            yield from paths(command, *above, name)


def loaded(*words: str) -> set[str]:
    """The modules that `gremlink WORDS` loads, in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(words)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stderr == ""
    return set(json.loads(result.stdout.splitlines()[-1]))


EVERY = [[], *paths(main)]


def test_every_command_is_known() -> None:
    assert {"serve", "train", "jobs logs", "endpoint create"} <= {" ".join(path) for path in EVERY}


@pytest.mark.parametrize(
    "words", [*([*path, "--help"] for path in EVERY), ["--version"]], ids=" ".join
)
def test_help_loads_click_and_nothing_else(words: list[str]) -> None:
    modules = loaded(*words)
    foreign = {name.partition(".")[0] for name in modules} - ALLOWED - set(sys.stdlib_module_names)
    assert foreign == set()
    # Of the standard library what costs more than all of click.
    assert not modules & {"asyncio", "ssl", "sqlite3", "multiprocessing", "unittest", "http.client"}
    parts = {
        name for name in modules if name.count(".") == 2 and name.startswith("gremlink.proxy.")
    }
    assert parts <= {"gremlink.proxy.cli", "gremlink.proxy.learning", "gremlink.proxy.messages"}
