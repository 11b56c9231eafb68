"""One WebSocket connection to a Gremlin server, for reading and writing whole graphs.

gremlinpython's serializer and transport do the wire work. Its client is not used: that reads
answers into an unbounded queue as fast as they come, while here the next frame is read when the
caller has dealt with the last one, so that a large graph waits in the server and not in memory.
"""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit
from uuid import uuid4

import aiohttp
from gremlin_python.driver.request import RequestMessage
from gremlin_python.driver.serializer import GraphSONMessageSerializer
from gremlin_python.process.traversal import Bytecode, Traverser
from gremlin_python.structure.io.graphsonV3d0 import FloatIO, GraphSONWriter

from proxy.graph.errors import ConnectionFailed, ServerRefused
from proxy.graph.transport import Transport

EVALUATION_TIMEOUT_MS = 24 * 60 * 60 * 1000
"""What a request may take on the server, unless it caps it: reading a graph takes its time."""
_AUTHENTICATE = 407
_PARTIAL = 206
_SUCCESS = (200, 204, _PARTIAL)


class Float32(float):
    """A number to be written as Gremlin's Float; a `float` is written as Double."""


class _Float32IO(FloatIO):  # type: ignore[misc]
    python_type = None
    graphson_type = None
    graphson_base_type = "Float"


@dataclass(frozen=True, slots=True)
class Server:
    """A Gremlin server: its address, and for `wss` how its certificate is judged.

    Without `tls` the machine's authorities decide.
    """

    url: str
    tls: ssl.SSLContext | None = None


class GraphConnection:
    """A connection to a server at `ws://[user:password@]host:port/gremlin`.

    `traversal_source` is the server's name of the graph's traversal source. Use it from one
    thread, outside of any running event loop, and close it (it is a context manager).
    """

    def __init__(self, server: str | Server, traversal_source: str = "g") -> None:
        if isinstance(server, str):
            server = Server(server)
        parts = urlsplit(server.url)
        self.url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise ConnectionFailed(self.url, "the address must look like ws://host:port/gremlin")
        self._aliases = {"g": traversal_source}
        self._serializer = GraphSONMessageSerializer(writer=GraphSONWriter({Float32: _Float32IO}))
        trust = {} if server.tls is None else {"ssl_options": server.tls}
        self._transport = Transport(max_content_length=0, **trust)
        self._pending: str | None = None
        try:
            self._transport.connect(self.url)
        except (OSError, aiohttp.ClientError, ssl.SSLError) as error:
            self._transport.close()
            reason = getattr(error, "os_error", error)
            raise ConnectionFailed(self.url, str(reason) or type(error).__name__) from None

    def __enter__(self) -> GraphConnection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; what the server still evaluates for it is thrown away."""
        self._transport.close()

    def send(
        self, gremlin: Bytecode | str, *, batch: int = 1000, language: str | None = None
    ) -> None:
        """Send a traversal or a script; its answer must be read before the next one.

        `batch` is the number of results in one frame of the answer. `language` is the script
        engine, if not the server's default.
        """
        if self._pending is not None:
            raise RuntimeError("the answer to the last request has not been read to its end")
        arguments: dict[str, Any] = {
            "gremlin": gremlin,
            "aliases": self._aliases,
            "batchSize": batch,
            "evaluationTimeout": EVALUATION_TIMEOUT_MS,
        }
        if isinstance(gremlin, str):
            if language is not None:
                arguments["language"] = language
            message = RequestMessage("", "eval", arguments)
        else:
            message = RequestMessage("traversal", "bytecode", arguments)
        self._pending = str(uuid4())
        self._write(message)

    def receive(self) -> Iterator[Any]:
        """The results of the last request, as they arrive.

        Raises `ServerRefused`, after which the connection goes on, or `ConnectionFailed`.
        """
        while self._pending is not None:
            message = self._read()
            if message["requestId"] not in (self._pending, None):
                continue
            status = message["status"]
            code: int = status["code"]
            if code == _AUTHENTICATE:
                self._authenticate()
                continue
            if code != _PARTIAL:
                self._pending = None
            if code not in _SUCCESS:
                raise ServerRefused(code, _reason(status))
            for item in message["result"]["data"] or ():
                if isinstance(item, Traverser):
                    for _ in range(item.bulk):
                        yield item.object
                else:
                    yield item

    def submit(
        self, gremlin: Bytecode | str, *, batch: int = 1000, language: str | None = None
    ) -> Iterator[Any]:
        """Send and receive."""
        self.send(gremlin, batch=batch, language=language)
        return self.receive()

    def _authenticate(self) -> None:
        if not self._user:
            raise ServerRefused(
                _AUTHENTICATE,
                "authentication is required: use ws://user:password@host:port/gremlin",
            )
        sasl = base64.b64encode(f"\0{self._user}\0{self._password}".encode()).decode()
        self._write(RequestMessage("traversal", "authentication", {"sasl": sasl}))

    def _write(self, message: RequestMessage) -> None:
        try:
            self._transport.write(self._serializer.serialize_message(self._pending, message))
        except (OSError, RuntimeError, aiohttp.ClientError) as error:
            raise self._broken(error) from None

    def _read(self) -> dict[str, Any]:
        try:
            data = self._transport.read()
        except (OSError, RuntimeError, aiohttp.ClientError) as error:
            raise self._broken(error) from None
        if not isinstance(data, bytes | bytearray):
            raise self._broken(RuntimeError("the server closed it"))
        message: dict[str, Any] = self._serializer.deserialize_message(data)
        return message

    def _broken(self, error: Exception) -> ConnectionFailed:
        self._pending = None
        self._transport.close()
        return ConnectionFailed(self.url, str(error) or type(error).__name__)


def _reason(status: Mapping[str, Any]) -> str:
    message = status.get("message") or ""
    # JanusGraph and Neptune put a JSON document where the message goes.
    if message.startswith("{"):
        try:
            document = json.loads(message)
        except ValueError:
            return str(message)
        return str(document.get("detailedMessage", message))
    return str(message)
