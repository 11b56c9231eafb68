"""The log on standard error: lines for people or for programs, without what stood in queries."""

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
from gremlink.proxy.messages.controls import cut, escaped, json_text
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
        # What `only_json` would make objects of in pieces, and with words that may quote a query.
        logging.captureWarnings(True)
        sys.excepthook = _unexpected
        threading.excepthook = _unexpected_in
        sys.unraisablehook = _unexpected_in


def announce(message: str, settings: Log) -> None:
    """Say something that is no message of the log, whatever its level, in the log's form."""
    if settings.format == "json":
        record = logging.makeLogRecord(
            {"name": "gremlink", "levelno": logging.INFO, "levelname": "INFO", "msg": message}
        )
        message = JsonLines(literals=settings.literals).format(record)
    print(message, file=sys.stderr, flush=True)


def json_is_asked_for(words: Sequence[str]) -> bool:
    """Whether the log will be JSON, by a command line, the environment or the settings file, where
    it is not yet clear if they can be used."""
    from gremlink.proxy import config

    def said(option: str) -> str | None:
        for word, following in zip(words, (*words[1:], ""), strict=False):
            if word == option:
                return following
            if word.startswith(f"{option}="):
                return word.partition("=")[2]
        return None

    file = said("--config")
    asked = said("--log-format") or config.glance("log.format", None if not file else Path(file))
    return asked == "json"


def only_json() -> None:
    """From now on let nothing pass to standard error but lines of JSON, whoever in this process
    and its children writes: warnings, tracebacks, libraries. Until the process ends."""
    sys.stderr.flush()
    behind = os.dup(2)
    program = subprocess.Popen(
        [sys.executable, "-I", "-S", json_lines.__file__],
        stdin=subprocess.PIPE,
        stdout=behind,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in a terminal is not for it
    )
    assert program.stdin is not None
    os.dup2(program.stdin.fileno(), 2)
    program.stdin.close()

    def end() -> None:
        """Wait until the last line has gone through."""
        sys.stderr.flush()
        os.dup2(behind, 2)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(_LAST_LINES)

    atexit.register(end)


_LAST_LINES = 5.0
"""Seconds for what was written last."""


def _unexpected_in(failed: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
    """An exception that ended a thread, or that a finalizer raised."""
    _unexpected(failed.exc_type, failed.exc_value, failed.exc_traceback)


def _unexpected(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    """An exception that nobody caught, wherever it was."""
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    logging.getLogger("gremlink").critical(
        "unexpected %s", kind.__name__, exc_info=(kind, error or kind(), trace)
    )


class Lines(logging.Formatter):
    """Time, severity, part and message.

    An exception that nobody foresaw is told by its place. Its words may quote a query, and with it
    somebody's data: they come only with `literals`.
    """

    def __init__(self, *, literals: bool) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._literals = literals

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line; nothing in it is obeyed by a terminal, or tells a password."""
        record.message = _told(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: logging._SysExcInfoType) -> str:  # noqa: N802
        """The places, innermost last, and the exception's class."""
        if ei[1] is None:
            return ""
        return "\n".join(traceback_lines(ei[1], words=self._literals))


class JsonLines(Lines):
    """One object a line: `time` (UTC), `level`, `logger`, `message`; `request`, the id of the one
    that it is about, and `exception` where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
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


def _told(message: str) -> str:
    return cut(escaped(without_passwords(message)))
