"""A filter for aiohttp's log: malformed requests become one debug line."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger


class _ServerLog(logging.LoggerAdapter):  # type: ignore[type-arg]  # has no parameters at run time
    """aiohttp's logger. Bytes that are no HTTP are answered with an error; the log gets one debug
    line, without a traceback and without the bytes, so that clients cannot fill it.
    """

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Write one record; aiohttp hands over the exception as `exc_info`."""
        error = kwargs.get("exc_info")
        if isinstance(error, HttpProcessingError):
            self.logger.debug(f"{msg}: {type(error).__name__}", *args)
        else:
            super().log(level, msg, *args, **kwargs)


SERVER_LOG = _ServerLog(server_logger, {})
