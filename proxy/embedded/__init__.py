"""A stock Gremlin Server as a child process, and the sample graph for a first start."""

from __future__ import annotations

from gremlink.proxy.embedded.certificates import embedded_upstream
from gremlink.proxy.embedded.errors import (
    DataInUse,
    DownloadFailed,
    EmbeddedServerError,
    GraphNotSaved,
    GraphUnreadable,
    JavaNotUsable,
    NotEnoughMemory,
    PortInUse,
    ServerFailed,
)
from gremlink.proxy.embedded.server import QUICK_TO_START, EmbeddedServer

__all__ = [
    "QUICK_TO_START",
    "DataInUse",
    "DownloadFailed",
    "EmbeddedServer",
    "EmbeddedServerError",
    "GraphNotSaved",
    "GraphUnreadable",
    "JavaNotUsable",
    "NotEnoughMemory",
    "PortInUse",
    "ServerFailed",
    "embedded_upstream",
]
