"""Figures of a training: written by its process, read while it works."""

from __future__ import annotations

import math
from pathlib import Path

from gremlink.proxy.learning.events import EpochDone, MethodCompared, Overall, PhaseStarted
from gremlink.proxy.management.jobs.figures import MOST_POINTS, FigureFile, Figures, figures_of
from gremlink.proxy.management.tasks.progress import job_progress
from gremlink.proxy.store.jobs import FIGURES, Job, JobRecords


def job_in(root: Path) -> Job:
    return JobRecords(root).add("modeltraining", "one", {})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    told: list[str] = []
    figures = FigureFile(job.directory)
    progress = job_progress(lambda what, *_: told.append(what), figures)
    progress(PhaseStarted("rgcn"))
    for epoch in range(1, 1201):
        progress(EpochDone("rgcn", epoch, 1200, 1 / epoch, None, 1.0, "gain"))
    progress(MethodCompared("katz", "mrr", 0.25))
    progress(MethodCompared("odd", "mrr", math.nan))
    progress(Overall(0.5, 60.0))
    figures.close()
    found = Figures.of(job).document()
    (curve,) = found["curves"]
    assert len(curve["epochs"]) <= MOST_POINTS
    assert (curve["epochs"][0], curve["epochs"][-1]) == (1, 1200)
    assert curve["losses"][-1] == 1 / 1200
    assert [each["value"] for each in found["methods"]] == [0.25, None]
    assert (found["share"], found["secondsLeft"]) == (0.5, 60.0)
    assert [phase["name"] for phase in found["phases"]] == ["rgcn"]
    assert "rgcn" in told


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    figures = FigureFile(job.directory)
    for epoch in range(1, 4):
        figures.tell(EpochDone("rgcn", epoch, 3, 0.5, None, 1.0))
        assert figures_of(job)["curves"][0]["epochs"] == list(range(1, epoch + 1))
    figures.close()
    with (job.directory / FIGURES).open("a") as file:
        file.write('{"method": "katz", "met')
        file.flush()
        assert figures_of(job)["methods"] == []
        file.write('ric": "mrr", "value": 0.5}\n')
    assert figures_of(job)["methods"] == [{"name": "katz", "metric": "mrr", "value": 0.5}]
    assert figures_of(job) == Figures.of(job).document()


def test_a_job_without_any_has_none(tmp_path: Path) -> None:
    assert Figures.of(job_in(tmp_path)).document()["curves"] == []
