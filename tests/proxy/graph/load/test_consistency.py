"""Ids that have to be looked at again: the same whether rows are in memory or in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gremlink.proxy.graph.files.bulk_csv import BulkFile, open_bulk_file
from gremlink.proxy.graph.load import consistency
from gremlink.proxy.graph.load.consistency import among
from gremlink.proxy.graph.load.precheck import contradictions, read_all
from gremlink.proxy.graph.progress import silent


def files(tmp_path: Path) -> list[BulkFile]:
    vertices = "".join(f"v{number},A\n" for number in range(500))
    edges = "".join(f"e{number},r,v{number},v{number + 1}\n" for number in range(500))
    (tmp_path / "v.csv").write_text(f"~id,~label\n{vertices}v7,A\nv8,B\n")
    (tmp_path / "e.csv").write_text(f"~id,~label,~from,~to\n{edges}e9,r,v9,v10\ne10,s,v10,v11\n")
    return [open_bulk_file(tmp_path / name) for name in ("v.csv", "e.csv")]


@pytest.mark.parametrize("buffered", [16, 1 << 20], ids=["in files", "in memory"])
def test_suspicion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buffered: int) -> None:
    monkeypatch.setattr(consistency, "BUFFERED", buffered)
    given = files(tmp_path)
    counts, suspicion = read_all(given, silent)
    assert counts == [502, 502]
    assert [len(each) for each in (suspicion.vertices, suspicion.edges, suspicion.ends)] == [1] * 3
    assert among("v8", suspicion.vertices) == 0
    assert among("e10", suspicion.edges) == 0
    assert among("v500", suspicion.ends) == 0
    assert among("v7", suspicion.vertices) == -1
    places = [(each.path.name, each.line) for each in contradictions(given, suspicion)]
    assert places == [("v.csv", 503), ("e.csv", 503)]
