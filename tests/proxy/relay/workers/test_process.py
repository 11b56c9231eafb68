"""A worker that does not stay is started again, ever more slowly, up to a longest pause."""

import asyncio
import logging
import re
import sys

from gremlink.proxy.relay.workers.process import WorkerProcess, WorkerSettings

KNOWS_NO_SETTING = (
    "import os, sys; found = [name for name in os.environ if name.startswith('GREMLINK_')];"
    "print(found or 'ready', flush=True); sys.stdin.read()"
)
ENDS_AT_ONCE = "import sys; sys.stdin.readline(); print('ready', flush=True)"


def test_pauses_grow_up_to_the_longest(tmp_path, caplog):
    times = 5

    async def run() -> None:
        enough = asyncio.Event()
        ended: list[int] = []

        def over(number: int) -> None:
            ended.append(number)
            if len(ended) == times:
                enough.set()

        settings = WorkerSettings("{}", "", str(tmp_path / "socket"), str(tmp_path / "door"))
        command = [sys.executable, "-c", ENDS_AT_ONCE]
        worker = WorkerProcess(3, command, settings, over, pauses=(0.01, 0.04))
        await worker.start()
        await enough.wait()
        await asyncio.sleep(0)
        await worker.stop()
        assert set(ended) == {3}

    with caplog.at_level(logging.ERROR):
        asyncio.run(asyncio.wait_for(run(), 60))
    pauses = re.findall(r"worker 3 ended by itself .* again in (\S+) s", caplog.text)
    assert pauses[:times] == ["0.01", "0.02", "0.04", "0.04", "0.04"]


def test_secrets_are_not_in_the_environment_of_workers(monkeypatch, tmp_path):
    """They are told their settings on their standard input."""
    monkeypatch.setenv("GREMLINK_ACCESS_TOKEN", "hunter2")
    monkeypatch.setenv("GREMLINK_UPSTREAM_URL", "ws://ann:hunter2@database/gremlin")

    async def run() -> None:
        settings = WorkerSettings("{}", "", str(tmp_path / "socket"), str(tmp_path / "door"))
        worker = WorkerProcess(
            1, [sys.executable, "-c", KNOWS_NO_SETTING], settings, lambda _: None
        )
        await worker.start()  # fails with what it found
        worker.signal()
        await worker.stop()

    asyncio.run(asyncio.wait_for(run(), 60))
