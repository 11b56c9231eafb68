"""`gremlink serve` as a process, and AWS's own client of its management API."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from service_model import error_faults, faults

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "a secret of the tests"}


@dataclass
class Proxy:
    """A running proxy: `address` is that of its HTTP side, `store` its directory."""

    process: subprocess.Popen[str]
    address: str
    store: Path
    log: Path
    _at_end: ExitStack

    @property
    def gremlin(self) -> str:
        return self.address.replace("http", "ws") + "/gremlin"

    def client(self, service: str = "neptunedata", **keys: str) -> Any:
        """boto3's client of Neptune's data API. Every reply of that is held to AWS's model of it.

        It is closed when the proxy stops.
        """
        client = boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.address,
            config=Config(retries={"max_attempts": 0}),
            **(KEYS | keys),
        )
        self._at_end.callback(client.close)
        client.meta.events.register("before-parse.neptunedata", _check_reply)
        return client


IN_THE_GUIDE_ONLY = (
    "CancelGremlinQuery.payload is unknown",
    "GetPropertygraphSummary.status is unknown",
)
"""What Neptune's user guide shows in replies, and the model of its SDKs does not have."""


def _check_reply(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    body, status = response_dict["body"], response_dict["status_code"]
    if not isinstance(body, bytes):
        return
    found = reply_faults(operation_model.name, status, json.loads(body))
    assert not found, found


def reply_faults(operation: str, status: int, document: Any) -> list[str]:
    """What in a reply, or in an error that is the proxy's own, is not as AWS's model says."""
    if status < 300:
        return [each for each in faults(operation, document) if each not in IN_THE_GUIDE_ONLY]
    if "Exception-Class" in document:  # the database's own
        return []
    return error_faults(operation, status, document)


@contextmanager
def serving(
    upstream: str | None, directory: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Proxy]:
    """`gremlink serve` on a free port, or that of the settings, its store in `directory`.

    The settings name the database where `upstream` does not.
    """
    directory.mkdir(parents=True, exist_ok=True)
    store = directory / "store"
    environment = {
        **os.environ,
        "GREMLINK_STORE_DIRECTORY": str(store),
        "GREMLINK_STORAGE_S3_FOLDER": str(directory / "s3"),
        "GREMLINK_LISTEN_PORT": "0",
        **(settings or {}),
    }
    log = directory / "proxy.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gremlink", "serve"),
                *(() if upstream is None else ("--upstream", upstream)),
            ],
            cwd=directory,
            env=environment,
            stderr=errors,
            text=True,
        )
    try:
        with ExitStack() as at_end:
            yield Proxy(process, announced(process, log), store, log, at_end)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def announced(process: subprocess.Popen[str], log: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        found = re.findall(r"gremlink listens at (wss?://\S+)/gremlin", log.read_text())
        if found:
            return str(found[-1]).replace("ws", "http", 1)
        time.sleep(0.05)
    pytest.fail(f"the proxy did not start: {log.read_text()}")


def wait_for(
    status: Callable[[], Mapping[str, Any]],
    *finals: object,
    key: str = "status",
    seconds: float = 600,
) -> Mapping[str, Any]:
    """Ask until the status is a final one; the last reply."""
    deadline = time.monotonic() + seconds
    while True:
        found = status()
        if found[key] in finals:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
