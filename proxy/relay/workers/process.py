"""One worker, from its supervisor's side: a child process, restarted when it crashes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gremlink.proxy.config import child_environment

log = logging.getLogger(__name__)

PAUSES = 0.5, 30.0
"""Seconds before a worker is started again; each pause is twice the one before."""

STEADY = 60.0
"""Seconds after which a worker that ends has not failed at its start: the pauses begin anew."""

READY = b"ready\n"


class WorkerFailed(Exception):
    """A worker could not start; the message is its own."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """A worker's settings, which it reads from its standard input as a line of JSON. It ends with
    that input.

    `configuration` is the JSON of all settings, `management` the socket of the supervisor's HTTP
    side, `own` the one on which the worker answers its supervisor, `door` the one for the proxy's
    own pages. `claimed` are the paths at which the supervisor answers, as regular expressions.
    """

    configuration: str
    management: str
    own: str
    door: str
    claimed: tuple[str, ...] = ()

    def line(self) -> bytes:
        """Write the line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> WorkerSettings:
        """Read the line."""
        return cls(**json.loads(line))


class WorkerProcess:
    """A worker that `command` starts; `ended` is called with its `number` when it crashes.

    `pauses` before a restart are seconds: the first, which doubles, and the longest.
    """

    def __init__(
        self,
        number: int,
        command: Sequence[str],
        settings: WorkerSettings,
        ended: Callable[[int], None],
        pauses: tuple[float, float] = PAUSES,
    ) -> None:
        self._first_pause, self._longest_pause = pauses
        self.number = number
        self.socket = Path(settings.own)
        self._door = Path(settings.door)
        self._command = command
        self._settings = settings
        self._ended = ended
        self._process: Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Start the worker, and restart it whenever it crashes. Raises `WorkerFailed`."""
        await self._launch()
        self._keeping = asyncio.ensure_future(self._restart_when_ended())

    def signal(self) -> None:
        """Ask the worker to end, or once more, to end at once."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    async def stop(self) -> None:
        """Wait for the end of the worker, after `signal`."""
        self._stopping = True
        if self._keeping is not None:
            if self._process is None or self._process.returncode is not None:
                self._keeping.cancel()  # between two starts
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        if self._process is not None:
            await self._process.wait()

    async def _launch(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._door.unlink(missing_ok=True)
        # In a session of its own: Ctrl-C in a terminal is for the supervisor, who passes it on.
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,
            env=child_environment(),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        with contextlib.suppress(ConnectionError):
            process.stdin.write(self._settings.line())
            await process.stdin.drain()
        said = await process.stdout.readline()
        if said != READY:
            code = await process.wait()
            reason = said.decode(errors="replace").strip()
            raise WorkerFailed(reason or f"worker {self.number} could not start (status {code})")
        if self._stopping:
            self.signal()

    async def _restart_when_ended(self) -> None:
        loop, pause = asyncio.get_running_loop(), self._first_pause
        while True:
            assert self._process is not None
            started = loop.time()
            code = await self._process.wait()
            if self._stopping:
                return
            self._ended(self.number)
            if loop.time() - started >= STEADY:
                pause = self._first_pause
            pause = await self._restart(pause, f"ended by itself (status {code})")

    async def _restart(self, pause: float, why: str) -> float:
        """Restart until that succeeds, and return the next pause."""
        while True:
            log.error("worker %d %s, is started again in %g s", self.number, why, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._longest_pause)
            try:
                await self._launch()
            except WorkerFailed as error:
                why = f"could not start: {error}"
            else:
                return pause
