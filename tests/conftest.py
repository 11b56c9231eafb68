"""What holds for every test."""

import os
from pathlib import Path

import pytest

# Before anything imports torch: two threads are plenty here, and the machine may be shared.
os.environ.setdefault("OMP_NUM_THREADS", "2")

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before the plugin looks for the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell processes that share the tests (pytest -n) which ones have to stay together.

    A folder of integration tests shares what it has loaded and trained; elsewhere a file does.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item.path)))


def group_of(path: Path) -> str:
    """Name the tests that have to run in one process."""
    parts = path.relative_to(HERE).parts
    together = parts[:2] if parts[0] == "integration" else parts
    return "/".join(together)
