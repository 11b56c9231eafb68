"""The example notebook of the documentation, cell by cell, with only the port filled in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from managed_proxy import Proxy
from notebook_kernel import Kernel

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "friends.ipynb"


@pytest.fixture
def fresh_kernel(proxy: Proxy, tmp_path: Path) -> Iterator[Kernel]:
    running = Kernel(tmp_path / "home")
    try:
        yield running
    finally:
        running.close()


def test_every_cell_runs_and_bill_is_the_answer(fresh_kernel: Kernel, proxy: Proxy) -> None:
    port = proxy.address.rpartition(":")[2]
    cells = json.loads(EXAMPLE.read_text())["cells"]
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            fresh_kernel.run(source.replace("8182", port))
    names, paths = fresh_kernel.run("1", "names", "paths")
    assert len(names) == 8
    assert names[0] == "Bill"
    assert len(paths) == 3
