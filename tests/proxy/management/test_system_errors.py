"""The system's failures in replies and in the reasons of failed jobs: sentences, no numbers."""

from __future__ import annotations

from typing import Any

import pytest
from api_requests import send
from running_api import RunningApi

from gremlink.proxy.management.jobs import job_process
from gremlink.proxy.store.jobs import JobRecords


def test_a_reply_says_what_could_not_be_used(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "/data/jobs/x")

    monkeypatch.setattr(JobRecords, "jobs", full)
    status, reply = send(api.address, "GET", "/loader")
    assert status == 500
    assert reply["detailedMessage"] == (
        "The request failed: cannot use /data/jobs/x: No space left on device."
    )


def test_the_reason_of_a_failed_job() -> None:
    failure = PermissionError(13, "Permission denied", "/data/x")
    assert job_process.reason_of(failure) == "cannot use /data/x: Permission denied"
