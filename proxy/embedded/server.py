"""A stock Gremlin Server with TinkerGraph as a child process.

The child has a session of its own, so that a terminal's Ctrl-C reaches only the parent, and ends
with its standard input: when the parent stops it or ends itself.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from gremlink.proxy.config import Upstream, child_environment
from gremlink.proxy.embedded import configuration
from gremlink.proxy.embedded.certificates import ClientFiles, write_certificates
from gremlink.proxy.embedded.directory import lock_directory, prepare_directory
from gremlink.proxy.embedded.errors import (
    EmbeddedServerError,
    GraphNotSaved,
    GraphUnreadable,
    NotEnoughMemory,
    PortInUse,
    ServerFailed,
)
from gremlink.proxy.embedded.jars import COORDINATES, resolve_jars
from gremlink.proxy.embedded.java import find_java
from gremlink.proxy.messages.system_errors import reason_of

START_TIMEOUT = 120.0
"""Seconds for the server to start; loading a graph of some gigabytes takes most of it."""
STOP_TIMEOUT = 600.0
"""Seconds for the server to write its graph before it is killed."""
QUICK_TO_START = ("-XX:TieredStopAtLevel=1",)
"""No optimising compiler: a third less work until the server is ready, slower queries later."""
_POLL = 0.05
_MAIN = "org.apache.tinkerpop.gremlin.server.GremlinServer"


class EmbeddedServer:
    """A Gremlin Server; `start` and `stop` it, or use it as a context manager.

    `data_dir` keeps the graph between runs; without it the server uses a temporary directory and
    forgets. `port=0` picks a free one. `memory` is the JVM's largest heap (`512m`, `2g`). `java` is
    a `java` program or a Java home. `progress` is called with a message at each step. `settings`
    replace top-level entries of the server's settings file (`authentication`, `ssl`,
    `evaluationTimeout` in milliseconds, ...). `jvm_options` are passed to Java; those in
    `QUICK_TO_START` suit a server that lives for minutes. `coordinates` are Maven coordinates of
    another version of the server. With `mutual_tls` it answers only clients with the certificate in
    `upstream`; without, everything that reaches the port, including web pages in a browser on this
    machine.
    """

    def __init__(
        self,
        *,
        port: int = 8183,
        host: str = "127.0.0.1",
        data_dir: Path | None = None,
        memory: str = "1g",
        java: str | None = None,
        progress: Callable[[str], None] | None = None,
        settings: Mapping[str, Any] | None = None,
        jvm_options: Sequence[str] = (),
        coordinates: tuple[str, ...] = COORDINATES,
        mutual_tls: bool = False,
    ) -> None:
        self.host = host
        self._asked_port = port
        self._port = port
        self._data_dir = data_dir
        self._memory = memory
        self._java = java
        self._progress = progress or (lambda message: None)
        self._settings = dict(settings or {})
        self._jvm_options = tuple(jvm_options)
        self._mutual_tls = mutual_tls
        self._coordinates = coordinates
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def port(self) -> int:
        """The requested port or, once started, the one in use."""
        return self._port

    @property
    def url(self) -> str:
        """Address for Gremlin clients."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self._mutual_tls else 'ws'}://{host}:{self._port}/gremlin"

    @property
    def upstream(self) -> Upstream:
        """Client settings for the started server."""
        if not self._mutual_tls:
            return Upstream(url=self.url)
        return ClientFiles.within(self._started_in()).upstream(self.url)

    @property
    def pid(self) -> int | None:
        """The process id of the server while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def log_path(self) -> Path:
        """The server's log."""
        return self._started_in() / configuration.SERVER_LOG

    @property
    def running(self) -> bool:
        """True while the server process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and return when it answers. Raises `EmbeddedServerError`."""
        if self._process is not None:
            raise RuntimeError("the server has been started already")
        java = find_java(self._java)
        jars = resolve_jars(self._coordinates, progress=self._progress)
        self._directory = prepare_directory(self._data_dir)
        try:
            self._start_in(self._directory, java, jars)
        except BaseException as error:
            self._abandon()
            # The log of an unexpected failure is worth keeping.
            if self._data_dir is None and not isinstance(error, ServerFailed):
                shutil.rmtree(self._directory, ignore_errors=True)
            raise

    def stop(self) -> None:
        """Let the server write its graph and end; do nothing if it was not started.

        Raises `GraphNotSaved`.
        """
        process, self._process = self._process, None
        if process is None or self._directory is None:
            return
        self._end(process)
        if self._data_dir is None:
            shutil.rmtree(self._directory, ignore_errors=True)
        elif configuration.NOT_SAVED in (logged := self._logged()):
            raise GraphNotSaved(
                self._directory / configuration.GRAPH_FILE,
                self._directory / configuration.PREVIOUS_GRAPH_FILE,
                _last_cause(logged) or f"see {self.log_path}",
            )

    def __enter__(self) -> EmbeddedServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _started_in(self) -> Path:
        if self._directory is None:
            raise RuntimeError("the server has not been started")
        return self._directory

    def _start_in(self, directory: Path, java: Path, jars: list[Path]) -> None:
        lock = lock_directory(directory, self._progress)
        try:
            self._port = self._asked_port or _free_port(self.host)
            _require_free(self.host, self._port)
            closed: dict[str, Any] = (
                {"ssl": write_certificates(directory, self.host)} if self._mutual_tls else {}
            )
            configuration.write_configuration(
                directory,
                host=self.host,
                port=self._port,
                keep=self._data_dir is not None,
                settings={**closed, **self._settings},
            )
            self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
            self._progress("starting Gremlin Server")
            with (directory / configuration.CONSOLE_LOG).open("wb") as console:
                self._process = subprocess.Popen(
                    self._command(java, jars),
                    cwd=directory,
                    env=child_environment(),
                    stdin=subprocess.PIPE,
                    stdout=console,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    # The child shares the lock and so holds it until it has written its graph,
                    # also when this process is gone.
                    pass_fds=[lock],
                )
        finally:
            os.close(lock)
        self._wait_until_ready(self._process, directory)
        _keep_previous(directory)

    def _command(self, java: Path, jars: list[Path]) -> list[str]:
        return [
            str(java),
            f"-Xmx{self._memory}",
            # Scripts are parsed recursively; a line of 15 kB overflows the default of 1 MB.
            "-Xss16m",
            # Gryo, the format of the graph file, reads the fields of these by reflection.
            "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            *self._jvm_options,
            f"-Dlogback.configurationFile={configuration.LOGGING_FILE}",
            "-cp",
            os.pathsep.join(str(jar) for jar in jars),
            _MAIN,
            configuration.SETTINGS_FILE,
        ]

    def _wait_until_ready(self, process: subprocess.Popen[bytes], directory: Path) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while process.poll() is None:
            if configuration.READY in _read(directory / configuration.CONSOLE_LOG):
                self._progress(f"Gremlin Server listens at {self.url}")
                return
            if time.monotonic() > deadline:
                reason = f"Gremlin Server did not answer within {START_TIMEOUT:.0f} seconds"
                raise ServerFailed(reason, self.log_path, self._excerpt(directory))
            time.sleep(_POLL)
        raise self._failure(process.returncode, directory)

    def _failure(self, code: int, directory: Path) -> EmbeddedServerError:
        output = _read(directory / configuration.CONSOLE_LOG)
        logged = self._logged()
        if code == configuration.NO_GRAPH_EXIT:
            previous = directory / configuration.PREVIOUS_GRAPH_FILE
            reason = _last_cause(logged) or "it is not a Gryo file"
            return GraphUnreadable(
                directory / configuration.GRAPH_FILE,
                previous if previous.exists() else None,
                reason,
            )
        for line in output.splitlines():
            if "heap" in line or "memory" in line.lower():
                return NotEnoughMemory(
                    self._memory, line.removeprefix("Error: ").strip().rstrip(".")
                )
        if "Address already in use" in logged + output:
            return PortInUse(self.host, self._port, "Address already in use")
        reason = f"Gremlin Server ended with exit code {code}"
        return ServerFailed(reason, self.log_path, self._excerpt(directory))

    def _logged(self) -> str:
        """Return the log of this run; all of it if the log was rolled over meanwhile."""
        text = _read(self.log_path)
        return text[self._log_start :] if len(text) >= self._log_start else text

    def _excerpt(self, directory: Path, lines: int = 8) -> str:
        text = _read(directory / configuration.CONSOLE_LOG) + self._logged()
        return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _abandon(self) -> None:
        """Kill the process of a failed start."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()


def _free_port(host: str) -> int:
    with socket.socket(_family(host)) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _require_free(host: str, port: int) -> None:
    """Raise `PortInUse` before there is anything to clean up."""
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise PortInUse(host, port, reason_of(error)) from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _keep_previous(directory: Path) -> None:
    """Keep the graph file, which has just been loaded, under a second name.

    TinkerGraph deletes its file before it writes the new one; a power cut in between would leave
    nothing.
    """
    graph = directory / configuration.GRAPH_FILE
    previous = directory / configuration.PREVIOUS_GRAPH_FILE
    if graph.exists() and graph.stat().st_size > 0:
        previous.unlink(missing_ok=True)
        previous.hardlink_to(graph)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _last_cause(log: str) -> str:
    causes = [line for line in log.splitlines() if line.startswith("Caused by:")]
    return causes[-1].removeprefix("Caused by:").strip() if causes else ""
