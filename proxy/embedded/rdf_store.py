"""An RDF store of our own as a child process, closed to everybody without its token.

`oxigraph serve` cannot be closed: it takes form posts of every web page, under any name. So the
engine (Oxigraph, by `pyoxigraph`) runs behind a server of ours. The child has a session of its own,
so that a terminal's Ctrl-C reaches only the parent, and ends with its standard input: when the
parent stops it or ends itself.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from pydantic import SecretStr

from gremlink.proxy.config import Embedded, Sparql, child_environment
from gremlink.proxy.embedded.directory import lock_directory, prepare_directory
from gremlink.proxy.embedded.errors import (
    EmbeddedServerError,
    PortInUse,
    RdfUnreadable,
    ServerFailed,
)
from gremlink.proxy.embedded.rdf.names import ADMISSION, READY, UNREADABLE_EXIT
from gremlink.proxy.messages.system_errors import reason_of

LOG = "server.log"
TIME_LIMIT = 300.0
"""Seconds that a query may give nothing, and that an update may take."""
STOP_TIMEOUT = 60.0
"""Seconds for the store to end before it is killed; nothing that was written is lost by that."""
_SERVER = "RDF store"
_TOKEN_BYTES = 32
_REACH = 1.0
"""Seconds for a store that runs to accept a connection."""
_PRIVATE = 0o600
_SETTING = "embedded.sparql_port"


class EmbeddedRdfStore:
    """An RDF store; `start` and `stop` it, or use it as a context manager.

    `data_dir` keeps the data between runs; without it the store forgets. `port=0` picks a free one.
    `time_limit` is the time, in seconds, that a query may give nothing, and an update may take.
    `settings` are those of its clients, with its token. Its default graph is the union of all.
    """

    def __init__(
        self,
        *,
        data_dir: Path | None = None,
        port: int = 0,
        time_limit: float = TIME_LIMIT,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._asked_port = port
        self._port = port
        self._time_limit = time_limit
        self._progress = progress or (lambda message: None)
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The requested port or, once started, the one in use."""
        return self._port

    @property
    def url(self) -> str:
        """Address of the store; `settings` has the token as well."""
        return _url(self._port)

    @property
    def settings(self) -> Sparql:
        """Settings of a client of the started store."""
        return Sparql(url=self.url, token=SecretStr(_token_in(self._started_in())))

    @property
    def log_path(self) -> Path:
        """The store's log."""
        return self._started_in() / LOG

    @property
    def pid(self) -> int | None:
        """The process id of the store while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """True while the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the store and return when it answers. Raises `EmbeddedServerError`."""
        if self._process is not None:
            raise RuntimeError("the store has been started already")
        self._directory = prepare_directory(self._data_dir)
        try:
            self._start_in(self._directory)
        except BaseException as error:
            self._end()
            if self._data_dir is None and not isinstance(error, ServerFailed):
                shutil.rmtree(self._directory, ignore_errors=True)
            raise

    def stop(self) -> None:
        """Let the store end; do nothing if it was not started."""
        self._end()
        if self._data_dir is None and self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> EmbeddedRdfStore:
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
            raise RuntimeError("the store has not been started")
        return self._directory

    def _start_in(self, directory: Path) -> None:
        lock = lock_directory(directory, self._progress, _SERVER)
        try:
            with _listening(self._asked_port) as listening:
                self._port = listening.getsockname()[1]
                _write_token(directory / ADMISSION)
                self._progress("starting the RDF store")
                with (directory / LOG).open("wb") as log:
                    self._process = subprocess.Popen(
                        [
                            sys.executable,
                            "-m",
                            "gremlink.proxy.embedded.rdf.server",
                            str(listening.fileno()),
                            str(directory),
                            str(self._time_limit),
                        ],
                        env=child_environment(),
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=log,
                        start_new_session=True,
                        # The child shares the lock, also when this process is gone.
                        pass_fds=[lock, listening.fileno()],
                    )
        except OSError as error:
            raise EmbeddedServerError(
                f"cannot keep data in {directory}: {reason_of(error)}. "
                "Choose another directory with --data"
            ) from None
        finally:
            os.close(lock)
        self._wait_until_ready(self._process, directory)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], directory: Path) -> None:
        assert process.stdout is not None
        if process.stdout.readline().decode().strip() == READY:
            self._progress(f"the RDF store listens at {self.url}")
            return
        code = process.wait()
        lines = _last_lines(directory / LOG)
        if code == UNREADABLE_EXIT:
            raise RdfUnreadable(directory, lines.rpartition("\n")[2].rstrip("."))
        raise ServerFailed(f"the RDF store ended with exit code {code}", directory / LOG, lines)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def embedded_sparql(settings: Embedded) -> Sparql | None:
    """Return client settings for the store that `gremlink sparql-server` runs.

    None if it has never run there.
    """
    try:
        token = _token_in(settings.sparql_directory)
    except OSError:
        return None
    return Sparql(url=_url(settings.sparql_port), token=SecretStr(token))


def running_sparql(settings: Embedded) -> Sparql | None:
    """Return the same if the store runs now."""
    found = embedded_sparql(settings)
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", settings.sparql_port), _REACH).close()
        return found
    return None


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _token_in(directory: Path) -> str:
    return (directory / ADMISSION).read_text(encoding="ascii").strip()


def _write_token(file: Path) -> None:
    """Write a token into a file that only its user can ever read, unless there is one.

    It stays the same, so that a running proxy has it after a new start of the store.
    """
    if file.exists() and stat.S_IMODE(file.stat().st_mode) == _PRIVATE and file.stat().st_size:
        return
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with open(descriptor, "w", encoding="ascii") as opened:  # noqa: PTH123
        opened.write(secrets.token_urlsafe(_TOKEN_BYTES))


def _listening(port: int) -> socket.socket:
    """Return a socket of this machine alone. Raises `PortInUse`."""
    found = socket.socket()
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(("127.0.0.1", port))
        found.listen(128)
    except (OSError, OverflowError) as error:
        found.close()
        raise PortInUse("127.0.0.1", port, reason_of(error), _SETTING) from None
    return found


def _last_lines(log: Path, lines: int = 8) -> str:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])
