"""A job's output is tried before its work; what it has made is kept if it cannot be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from communities import write_communities

from gremlink.proxy.learning.workflows import process as preparing
from gremlink.proxy.management.jobs.job_process import perform
from gremlink.proxy.management.tasks.description import KEPT, NotPublished, describe
from gremlink.proxy.store.artifacts import read_artifact
from gremlink.proxy.store.errors import LocationUnreachable
from gremlink.proxy.store.locations import Locations


def unheard(*_: Any) -> None:
    """Nobody listens."""


def job(tmp_path: Path, output: str) -> dict[str, Any]:
    write_communities(tmp_path / "export")
    (tmp_path / "job").mkdir()
    return {
        "task": "dataprocessing",
        "locations": describe(Locations((tmp_path, Path("/proc")))),
        "input": str(tmp_path / "export"),
        "output": output,
        "configuration": "training-data-configuration.json",
        "previous": None,
        "model_type": None,
    }


def test_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(preparing, "process")
    with pytest.raises(LocationUnreachable, match=r"^/proc/x/a: "):
        perform(job(tmp_path, "/proc/x/a"), tmp_path / "job", unheard)


def test_after_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Locations, directory: Path, location: Any) -> None:
        raise LocationUnreachable(location.address, "No space left on device")

    monkeypatch.setattr(Locations, "publish", refuse)
    kept = tmp_path / "job" / KEPT
    with pytest.raises(NotPublished, match=f"No space left.*Nothing is lost: .* is in {kept}"):
        perform(job(tmp_path, str(tmp_path / "out")), tmp_path / "job", unheard)
    assert read_artifact(kept).manifest["task"] == "processed"
