"""Cost of `gremlink --help`, for every command, beside Python and a command of click alone.

    python benchmarks/startup.py [--runs 5]

CPU seconds of a process (user and system), the least of some runs, and the ratio to a program that
does nothing but define and show one command with click.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator

import click

from gremlink.proxy.cli import main as gremlink

HELLO = """
import click
@click.command()
@click.option("--name", help="Whom to greet.")
def hello(name):
    "Greet."
hello(["--help"])
"""


def words(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """The words of each command, sub-commands included."""
    context = click.Context(group)
    for name in group.list_commands(context):
        yield (*above, name)
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from words(command, *above, name)


def cost(arguments: list[str], runs: int) -> float:
    """CPU seconds of `python ARGUMENTS`, the least of `runs`."""
    least = float("inf")
    for _ in range(runs):
        process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{arguments} ended with {process.returncode}")
        least = min(least, usage.ru_utime + usage.ru_stime)
    return least


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    bare = cost(["-c", "pass"], runs)
    hello = cost(["-c", HELLO], runs)
    print(f"{'python -c pass':34} {bare:6.3f} s")
    print(f"{'click, one command, --help':34} {hello:6.3f} s  x 1.0")
    cases = [["--version"], ["--help"], *([*path, "--help"] for path in words(gremlink))]
    for case in cases:
        seconds = cost(["-m", "gremlink", *case], runs)
        print(f"{'gremlink ' + ' '.join(case):34} {seconds:6.3f} s  x {seconds / hello:.1f}")


if __name__ == "__main__":
    main()
