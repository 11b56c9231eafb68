"""What aiohttp writes into the log, without what a stranger at the port could fill it with."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger


class _ServerLog(logging.LoggerAdapter):  # type: ignore[type-arg]  # has no parameters at run time
    """Bytes that are no HTTP are their sender's fault, who is told. Here they are a line for
    whoever looks for them, without a traceback and without the bytes."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """One record; aiohttp hands over the exception as `exc_info`."""
        error = kwargs.get("exc_info")
        if isinstance(error, HttpProcessingError):
            self.logger.debug(f"{msg}: {type(error).__name__}", *args)
        else:
            super().log(level, msg, *args, **kwargs)


SERVER_LOG = _ServerLog(server_logger, {})
