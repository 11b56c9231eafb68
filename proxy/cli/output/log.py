"""The log on standard error: lines for people or for programs, without the contents of queries."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremlink.proxy.cli.output import json_lines
from gremlink.proxy.messages.addresses import without_passwords
from gremlink.proxy.messages.controls import cut, json_text, safe_line
from gremlink.proxy.messages.tracebacks import traceback_lines

if TYPE_CHECKING:
    from gremlink.proxy.config.sections import Log


def to_standard_error(settings: Log) -> None:
    """Set up the log, in this process."""
    handler = logging.StreamHandler()
    made = JsonLines if settings.format == "json" else Lines
    handler.setFormatter(made(literals=settings.literals))
    logging.basicConfig(level=settings.level.upper(), handlers=[handler])
    if settings.format == "json":
        # Otherwise `only_json` would split them, and their words may quote a query.
        logging.captureWarnings(True)
        sys.excepthook = _unexpected
        threading.excepthook = _unexpected_in
        sys.unraisablehook = _unexpected_in


def announce(message: str, settings: Log) -> None:
    """Print a message outside the log, independent of its level, in the log's form."""
    if settings.format == "json":
        record = logging.makeLogRecord(
            {"name": "gremlink", "levelno": logging.INFO, "levelname": "INFO", "msg": message}
        )
        message = JsonLines(literals=settings.literals).format(record)
    # At once: `print` writes the end of the line by a second call, and threads write between.
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def json_is_asked_for(words: Sequence[str]) -> bool:
    """Return True if the log will be JSON, as far as unchecked flags and settings say."""
    from gremlink.proxy import config

    def value_of(option: str) -> str | None:
        for word, following in zip(words, (*words[1:], ""), strict=False):
            if word == option:
                return following
            if word.startswith(f"{option}="):
                return word.partition("=")[2]
        return None

    file = value_of("--config")
    asked = value_of("--log-format") or config.glance(
        "log.format", None if not file else Path(file)
    )
    return asked == "json"


def only_json() -> None:
    """Turn everything on standard error of this process and its children into lines of JSON.

    This holds for warnings, tracebacks and libraries, until the process ends.
    """
    sys.stderr.flush()
    behind = os.dup(2)
    program = subprocess.Popen(
        [sys.executable, "-I", "-S", json_lines.__file__],
        stdin=subprocess.PIPE,
        stdout=behind,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that Ctrl-C in a terminal does not reach it
    )
    assert program.stdin is not None
    os.dup2(program.stdin.fileno(), 2)
    program.stdin.close()

    def end() -> None:
        """Wait until the last line has been written."""
        sys.stderr.flush()
        os.dup2(behind, 2)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(_LAST_LINES)

    atexit.register(end)


_LAST_LINES = 5.0
"""Seconds for the last lines to be written."""


def _unexpected_in(failed: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
    """Log an exception that ended a thread, or that a finalizer raised."""
    _unexpected(failed.exc_type, failed.exc_value, failed.exc_traceback)


def _unexpected(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    """Log an uncaught exception."""
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    logging.getLogger("gremlink").critical(
        "unexpected %s", kind.__name__, exc_info=(kind, error or kind(), trace)
    )


class Lines(logging.Formatter):
    """Time, severity, part and message.

    Unexpected exceptions are logged by their place. Their words may quote a query, and with it
    private data: they are left out unless `literals` is set.
    """

    def __init__(self, *, literals: bool) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._literals = literals

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line, escaped and without passwords."""
        record.message = safe_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: logging._SysExcInfoType) -> str:  # noqa: N802
        """Return the frames, innermost last, and the exception's class."""
        if ei[1] is None:
            return ""
        return "\n".join(traceback_lines(ei[1], words=self._literals))


class JsonLines(Lines):
    """One object per line: `time` (UTC), `level`, `logger`, `message`.

    `request` is the id of a request, and `exception` a traceback, if there are any.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        document = {
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": cut(without_passwords(record.getMessage())),
        }
        if (request := getattr(record, "request", None)) is not None:
            document["request"] = str(request)
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json_text(document)
