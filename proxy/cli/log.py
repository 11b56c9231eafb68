"""The log on standard error: lines for people or for programs, without what stood in queries."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING

from proxy.messages.addresses import without_passwords
from proxy.messages.controls import LINES, cut, escaped, json_text

if TYPE_CHECKING:
    from proxy.config.sections import Log


def to_standard_error(settings: Log) -> None:
    """Set up the log, in this process."""
    handler = logging.StreamHandler()
    made = JsonLines if settings.format == "json" else Lines
    handler.setFormatter(made(literals=settings.literals))
    logging.basicConfig(level=settings.level.upper(), handlers=[handler])


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
        if self._literals or ei[1] is None:
            return escaped(without_passwords(super().formatException(ei)), LINES)
        return escaped("\n".join(_places(ei[1])), LINES)


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


def _places(error: BaseException) -> Iterator[str]:
    """A traceback without the words of its exceptions; what caused one comes before it."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _places(cause)
        yield "which led to"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield f"{type(error).__module__}.{type(error).__qualname__}"
