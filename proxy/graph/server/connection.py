"""One WebSocket connection to a Gremlin server, for reading and writing whole graphs.

gremlinpython's transport does the wire work. Its client is not used: that reads
answers into an unbounded queue as fast as they come, while here the next frame is read when the
caller has dealt with the last one, so that a large graph waits in the server and not in memory.
"""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import aiohttp
from gremlin_python.driver.request import RequestMessage
from gremlin_python.process.traversal import Bytecode, CardinalityValue

from gremlink.proxy.graph.errors import (
    ConnectionFailed,
    MessageTooBig,
    NoCommonFormat,
    ServerRefused,
)
from gremlink.proxy.graph.limits import limits
from gremlink.proxy.graph.server.formats import FORMATS, NOT_UNDERSTOOD
from gremlink.proxy.graph.server.results import Answer, Unreadable, read_answer
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.graph.server.transport import TooBig, Transport
from gremlink.proxy.messages.addresses import without_credentials
from gremlink.proxy.messages.system_errors import reason_of

EVALUATION_TIMEOUT_MS = 24 * 60 * 60 * 1000
"""Time limit of a request, unless the server caps it: reading a graph takes its time."""
_AUTHENTICATE = 407
_PARTIAL = 206
_SUCCESS = (200, 204, _PARTIAL)


@dataclass(frozen=True, slots=True)
class Server:
    """A Gremlin server: its address, and for `wss` how its certificate is judged.

    Without `tls` the machine's authorities decide.
    """

    url: str = field(repr=False)
    tls: ssl.SSLContext | None = None


class GraphConnection:
    """A connection to a server at `ws://[user:password@]host:port/gremlin`.

    `traversal_source` is the server's name of the graph's traversal source. Use it from one
    thread, outside of any running event loop, and close it (it is a context manager).
    """

    def __init__(self, server: str | Server, traversal_source: str = "g") -> None:
        if isinstance(server, str):
            server = Server(server)
        self.url = without_credentials(server.url)
        if not self.url.startswith(("ws://", "wss://")):
            raise ConnectionFailed(self.url, "the address must look like ws://host:port/gremlin")
        parts = urlsplit(server.url)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._aliases = {"g": traversal_source}
        self._trust = {} if server.tls is None else {"ssl_options": server.tls}
        self._formats = iter(FORMATS)
        self._format = next(self._formats)
        self._settled = False
        """`True` when the server has shown that it knows the format."""
        self._pending: str | None = None
        self._request: RequestMessage | None = None
        self._connect()

    def _connect(self) -> None:
        self._transport = Transport(max_content_length=limits().answer, **self._trust)
        try:
            self._transport.connect(self.url)
        except (OSError, aiohttp.ClientError, ssl.SSLError) as error:
            self._transport.close()
            raise ConnectionFailed(self.url, reason_of(error)) from None

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
        self,
        gremlin: Bytecode | str,
        *,
        batch: int = 1000,
        language: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Send a traversal or a script; its answer must be read before the next one.

        `batch` is the number of results in one frame of the answer. `language` is the script
        engine, if not the server's default. After so many `seconds` the server stops.
        """
        if self._pending is not None:
            raise RuntimeError("the answer to the last request has not been read to its end")
        arguments: dict[str, Any] = {
            "gremlin": gremlin,
            "aliases": self._aliases,
            "batchSize": batch,
            "evaluationTimeout": EVALUATION_TIMEOUT_MS
            if seconds is None
            else max(1, round(seconds * 1000)),
        }
        if isinstance(gremlin, str):
            if language is not None:
                arguments["language"] = language
            message = RequestMessage("", "eval", arguments)
        else:
            message = RequestMessage("traversal", "bytecode", arguments)
        self._pending = str(uuid4())
        self._request = message
        self._write(message)

    def receive(self) -> Iterator[Any]:
        """Yield the results of the last request, as they arrive.

        Raises `ServerRefused`, after which the connection goes on, or `ConnectionFailed`.
        """
        while self._pending is not None:
            answer = self._read()
            if answer.request_id not in (self._pending, None):
                continue
            if answer.code == _AUTHENTICATE:
                self._authenticate()
                continue
            if answer.code != _PARTIAL:
                self._pending = None
            if answer.code not in _SUCCESS:
                raise ServerRefused(answer.code, _words(answer.message))
            yield from answer.each()

    def submit(
        self,
        gremlin: Bytecode | str,
        *,
        batch: int = 1000,
        language: str | None = None,
        seconds: float | None = None,
    ) -> Iterator[Any]:
        """Send and receive."""
        self.send(gremlin, batch=batch, language=language, seconds=seconds)
        return self.receive()

    def require_bytecode(self) -> None:
        """Raise `ServerRefused` where values cannot be sent with their types and cardinalities."""
        rows = [{"p": {"k": CardinalityValue.single(0)}}]
        refused: ServerRefused | None = None
        try:
            for _ in self.submit(g.inject(rows).limit(0).bytecode):
                pass
        except ServerRefused as error:
            refused = error
        if not (self._format.bytecode or isinstance(refused, NoCommonFormat)):
            raise ServerRefused(
                NOT_UNDERSTOOD[0],
                f"it takes {self._format.name} alone",
                doing="a graph cannot be loaded into a server that knows neither GraphSON 3 nor "
                "GraphBinary, which values need to keep their types",
            )
        if refused is not None:
            raise refused

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
            self._transport.write(self._format.write(str(self._pending), message))
        except (OSError, RuntimeError, aiohttp.ClientError) as error:
            raise self._broken(error) from None

    def _read(self) -> Answer:
        while True:
            data = self._take()
            try:
                answer = read_answer(data)
            except Unreadable as error:
                raise self._broken(error) from None
            if self._settled or self._understood(data, answer):
                self._settled = True
                return answer
            self._ask_otherwise(answer)

    def _take(self) -> bytes | bytearray:
        try:
            data = self._transport.read()
        except (OSError, RuntimeError, aiohttp.ClientError) as error:
            raise self._broken(error) from None
        if not isinstance(data, bytes | bytearray):
            raise self._broken(RuntimeError("the server closed it"))
        return data

    def _understood(self, data: bytes | bytearray, answer: Answer) -> bool:
        """Return `True` if the server has read the request of which this is the first answer."""
        if answer.code in NOT_UNDERSTOOD and answer.request_id != self._pending:
            return False
        return self._format.is_answer(data)

    def _ask_otherwise(self, answer: Answer) -> None:
        """Send the request again in the next format, on a connection that knows of nothing."""
        self._transport.close()
        format = next(self._formats, None)
        if format is None or self._request is None:
            self._pending = None
            raise NoCommonFormat(
                self.url, [each.name for each in FORMATS], answer.code, _words(answer.message)
            )
        self._format = format
        self._connect()
        self._write(self._request)

    def _broken(self, error: Exception) -> ConnectionFailed:
        self._pending = None
        self._transport.close()
        kind = MessageTooBig if isinstance(error, TooBig) else ConnectionFailed
        return kind(self.url, reason_of(error))


def _words(message: str) -> str:
    # JanusGraph and Neptune put a JSON document where the message goes.
    if message.startswith("{"):
        try:
            document = json.loads(message)
        except ValueError:
            return message
        return str(document.get("detailedMessage", message))
    return message
