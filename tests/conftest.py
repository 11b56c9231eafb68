"""What holds for every test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

# Before anything imports torch: two threads are plenty here, and the machine may be shared.
os.environ.setdefault("OMP_NUM_THREADS", "2")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share the tests out to processes (pytest -n), those together that share what they load."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.partition("::")[0])

    return ByGroup(config, log)


def group_of(file: str) -> str:
    """Name the tests that have to run in one process, by their file's path.

    A folder of integration tests shares what it has loaded and trained; elsewhere a file does.
    """
    parts = file.split("/")
    return "/".join(parts[:3] if parts[:2] == ["tests", "integration"] else parts)
