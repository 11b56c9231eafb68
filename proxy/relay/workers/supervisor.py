"""`gremlink serve --workers N`: the process that starts the workers and answers for all of them.

It has no port of its own. Workers send requests of the management API on to the supervisor's
socket, so that jobs go on when a worker crashes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

from aiohttp import web

from gremlink.proxy.config import Configuration
from gremlink.proxy.relay.http.other_paths import patterns_of
from gremlink.proxy.relay.listener import ListenError, host_and_port
from gremlink.proxy.relay.server import runner_of
from gremlink.proxy.relay.service import Extension
from gremlink.proxy.relay.tls import server_certificate
from gremlink.proxy.relay.workers.door import DOOR, in_turn
from gremlink.proxy.relay.workers.merged import Merged
from gremlink.proxy.relay.workers.process import WorkerProcess, WorkerSettings

log = logging.getLogger(__name__)


async def supervise(
    configuration: Configuration,
    command: Sequence[str],
    *,
    extension: Extension,
    ready: Callable[[str], None],
) -> None:
    """Run the workers until SIGTERM or SIGINT; `ready` is called with the address that they share.

    `command` starts one worker, which reads `WorkerSettings` from its standard input. The first
    signal lets open requests end in each of them; the second one does not wait.

    Raises `ListenError`, `TlsError`, `WorkerFailed`.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    workers: list[WorkerProcess] = []

    def request_stop() -> None:
        stop.set()
        for worker in workers:
            worker.signal()

    with _reserved(configuration) as port, tempfile.TemporaryDirectory(prefix="gremlink-") as own:
        settings = _of_one_worker(configuration, port)
        merged = Merged(workers)
        doors = [Path(own) / f"door-{number}" for number in range(configuration.listen.workers)]
        managed = _managed(configuration, extension, merged, Path(own) / "management", doors)
        async with managed as claimed:
            for number in range(configuration.listen.workers):
                worker_settings = WorkerSettings(
                    settings.model_dump_json(),
                    str(Path(own) / "management"),
                    str(Path(own) / f"worker-{number}"),
                    str(doors[number]),
                    tuple(claimed),
                )
                workers.append(WorkerProcess(number, command, worker_settings, merged.ended))
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, request_stop)
            try:
                await asyncio.gather(*(worker.start() for worker in workers))
                if not stop.is_set():
                    tls = configuration.listen.tls_certificate is not None
                    place = host_and_port(configuration.listen.host, port)
                    ready(f"{'wss' if tls else 'ws'}://{place}{configuration.listen.path}")
                await stop.wait()
            finally:
                for worker in workers:
                    if not stop.is_set():
                        worker.signal()
                await asyncio.gather(*(worker.stop() for worker in workers))
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.remove_signal_handler(number)


@contextlib.asynccontextmanager
async def _managed(
    configuration: Configuration,
    extension: Extension,
    merged: Merged,
    path: Path,
    doors: Sequence[Path],
) -> AsyncIterator[list[str]]:
    """Serve the management API on a socket of its own, and yield the paths at which it answers.

    Its pages ask the workers at their `doors`.
    """
    application = web.Application(client_max_size=configuration.limits.max_message_bytes)
    application[DOOR] = in_turn(doors)
    async with extension(
        configuration, application, merged, merged.metrics, merged.invoke, merged.federate
    ):
        runner = runner_of(application)
        await runner.setup()
        try:
            await web.UnixSite(runner, str(path)).start()
            yield patterns_of(application)
        finally:
            await runner.cleanup()


@contextlib.contextmanager
def _reserved(configuration: Configuration) -> Iterator[int]:
    """Yield a port that no other program gets while the workers come and go."""
    _ = server_certificate(configuration.listen)  # reports an error once, not once a worker
    listen = configuration.listen
    try:
        found = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(address)
            alone.listen()
            address = alone.getsockname()
        # It does not listen, and so gets no connections.
        holder = socket.socket(family, kind, protocol)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(address)
    except OSError as error:
        raise ListenError.at(listen.host, listen.port, error) from error
    with holder:
        yield int(address[1])


def _of_one_worker(configuration: Configuration, port: int) -> Configuration:
    """Return the settings of each worker: the port that was found, and its share of the limits."""
    limits, workers = configuration.limits, configuration.listen.workers
    return configuration.model_copy(
        update={
            "listen": configuration.listen.model_copy(update={"port": port}),
            "access": configuration.access.public(),
            "limits": limits.model_copy(
                update={
                    "max_connections": math.ceil(limits.max_connections / workers),
                    "max_predictions": math.ceil(limits.max_predictions / workers),
                }
            ),
        }
    )
