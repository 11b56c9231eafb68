"""The tiers of the tests, and their distribution to processes."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

# Before anything imports torch: two threads are plenty here, and the machine may be shared.
os.environ.setdefault("OMP_NUM_THREADS", "2")

# A plan, and so a model, depends on how fast the machine is; a test must not.
os.environ.setdefault("GREMLINK_TRAINING_SPEED", "reference")

# Modules are compiled once, and not by every process that a test starts, whatever the shell says:
# for torch, DGL and what they import it is half of the time that a training takes to begin.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    sys.dont_write_bytecode = False

# Hypothesis fails an example that takes 200 ms, which a busy machine makes of any.
settings.register_profile("no deadline", settings(), deadline=None)
settings.load_profile("no deadline")

# A shell that starts the tests in the background ignores Ctrl-C for them, and so for the commands
# that they start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SLOW = 3.0
"""Seconds of a quiet machine from which on a test is marked `slow`."""

TOGETHER = tuple(f"tests/integration/{name}" for name in ("movielens", "properties", "servers"))
"""Folders whose tests share what one of them has loaded and trained: they run in one process."""

LONGEST = (
    "tests/integration/movielens",
    "tests/integration/management/workflow",
    "tests/integration/management",
    "tests/integration/cli",
    "tests/integration",
    "tests/story",
    "tests/gremlink",
    "tests/proxy/learning",
    "tests/proxy/cli",
)
"""Where the groups are that take long, the longest first. They begin first: a process that gets
such a group last keeps the others waiting."""


def group_of(file: str) -> str:
    """Return the name of the tests that run in one process, by their file's path."""
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the folder `tests/integration`; in several processes, put the longest groups first."""
    groups = {item: group_of(item.nodeid.partition("::")[0]) for item in items}
    for item, group in groups.items():
        if group.startswith("tests/integration/"):
            item.add_marker("integration")
    if hasattr(config, "workerinput"):
        sizes = Counter(groups.values())

        def order(item: pytest.Item) -> tuple[int, int, str]:
            name = f"{groups[item]}/"
            ranks = (rank for rank, path in enumerate(LONGEST) if name.startswith(f"{path}/"))
            return next(ranks, len(LONGEST)), -sizes[groups[item]], name

        items.sort(key=order)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share the groups out to processes (pytest -n), in the order of the collection."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.partition("::")[0])

    config.option.loadscopereorder = False
    return ByGroup(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the tests of the quick tier that take as long as those of the other: no failure."""
    seconds: Counter[str] = Counter()
    for report in terminalreporter.getreports("") + terminalreporter.getreports("passed"):
        if isinstance(report, pytest.TestReport) and not {"slow", "integration"} & {
            *report.keywords
        }:
            seconds[report.nodeid] += report.duration
    late = [
        (test, took)
        for test, took in seconds.most_common()
        if took > SLOW and not test.startswith("tests/story/")
    ]
    if late:
        terminalreporter.section(f"more than {SLOW:.0f} s and not marked slow")
        for test, took in late:
            terminalreporter.write_line(f"{took:6.1f} s  {test}")
