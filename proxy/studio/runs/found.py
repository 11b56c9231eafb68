"""Trained models: endpoints, and trainings and transforms of the management API."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from gremlink.proxy.learning.described import Described, describe_artifact
from gremlink.proxy.store.artifacts import MANIFEST
from gremlink.proxy.store.jobs import Job, JobRecords, State
from gremlink.proxy.store.records import Endpoint, Store
from gremlink.proxy.studio.endpoints import describe

ENDPOINT, TRAINING, TRANSFORM = "endpoint", "training", "transform"
_S3 = "s3://"
KINDS = {TRAINING: "modeltraining", TRANSFORM: "modeltransform"}

MOST_RUNS = 100
"""Runs in the list, the newest."""


@dataclass(frozen=True, slots=True)
class Run:
    """A trained model: an endpoint's, or a job's; `created` is seconds since 1970.

    `size` are the bytes of its files. Equal `checksum`s, of manifests, mean equal models.
    """

    kind: str
    name: str
    described: Described
    created: float
    size: int = 0
    checksum: str = ""

    @property
    def key(self) -> str:
        """The name in addresses, as `training:one`."""
        return f"{self.kind}:{self.name}"

    @property
    def report_path(self) -> Path:
        """The page of the report beside the model."""
        return self.described.artifact / "report.html"


def runs(store: Store, s3_folder: Path | None = None) -> list[Run]:
    """Return the models, newest first; it waits for files. `s3_folder` has all buckets."""
    found = [_of_endpoint(each) for each in store.endpoints()]
    for kind, job_kind in KINDS.items():
        done = (job for job in JobRecords(store.root).jobs(job_kind) if _is_done(job))
        for job in islice(done, MOST_RUNS):
            run = _of_job(kind, job, s3_folder)
            if run is not None:
                found.append(run)
    return sorted(found, key=lambda run: (-run.created, run.key))[:MOST_RUNS]


def run_of(store: Store, key: str, s3_folder: Path | None = None) -> Run | None:
    """Return a model by its `key`, `None` if there is none; it waits for files."""
    kind, _, name = key.partition(":")
    if kind == ENDPOINT:
        found = store.endpoint(name)
        return None if found is None else _of_endpoint(found)
    if kind not in KINDS:
        return None
    job = JobRecords(store.root).job(KINDS[kind], name)
    return None if job is None or not _is_done(job) else _of_job(kind, job, s3_folder)


def _is_done(job: Job) -> bool:
    return job.state is State.COMPLETED


def _of_endpoint(endpoint: Endpoint) -> Run:
    described = describe(endpoint)
    size, checksum = _measured(endpoint.artifact)
    return Run(ENDPOINT, endpoint.name, described, described.created_at, size, checksum)


def _of_job(kind: str, job: Job, s3_folder: Path | None) -> Run | None:
    """Return the model of a job, `None` if its files are not on this machine."""
    artifact = _local(job.outputs, s3_folder)
    if artifact is None:
        return None
    try:
        described = _described(job.id, artifact)
    except OSError:  # it was deleted a moment ago
        return None
    size, checksum = _measured(artifact)
    return Run(kind, job.id, described, job.ended or job.created, size, checksum)


_known: dict[tuple[str, str, float], Described] = {}
_sizes: dict[tuple[str, float], tuple[int, str]] = {}


def _described(name: str, artifact: Path) -> Described:
    key = name, str(artifact), (artifact / MANIFEST).stat().st_mtime
    if key not in _known:
        if len(_known) > 2 * MOST_RUNS:
            _known.clear()
        _known[key] = describe_artifact(name, artifact)
    return _known[key]


def _measured(artifact: Path) -> tuple[int, str]:
    """Return the bytes of a model's files and the checksum of its manifest."""
    try:
        key = str(artifact), (artifact / MANIFEST).stat().st_mtime
        if key not in _sizes:
            if len(_sizes) > 4 * MOST_RUNS:
                _sizes.clear()
            size = sum(each.stat().st_size for each in artifact.iterdir() if each.is_file())
            _sizes[key] = size, hashlib.sha256((artifact / MANIFEST).read_bytes()).hexdigest()
        return _sizes[key]
    except OSError:
        return 0, ""


def _local(outputs: Sequence[str], s3_folder: Path | None) -> Path | None:
    """Return the folder of an output if it is a model on this machine."""
    output = outputs[0] if outputs else ""
    path = Path(output) if output.startswith("/") else None
    if output.startswith(_S3) and s3_folder is not None:
        path = s3_folder / output.removeprefix(_S3)
    return path if path is not None and (path / MANIFEST).exists() else None
