"""Formats of results by the `Accept` of a request, and results as a stream of bytes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

import pyoxigraph as ox

SOLUTIONS: Mapping[str, Any] = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "application/xml": ox.QueryResultsFormat.XML,
    "text/xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
"""Formats of solutions by media type; the first is the default."""
BOOLEANS = {name: form for name, form in SOLUTIONS.items() if not name.endswith("csv")}
"""Formats of an answer of yes or no."""
TRIPLES: Mapping[str, Any] = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/x-turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/xml": ox.RdfFormat.RDF_XML,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/trig": ox.RdfFormat.TRIG,
    "text/n3": ox.RdfFormat.TURTLE,
}
"""Formats of graphs by media type; the first is the default."""
QUADS = {
    name: form
    for name, form in TRIPLES.items()
    if form in (ox.RdfFormat.N_QUADS, ox.RdfFormat.TRIG, ox.RdfFormat.JSON_LD)
}
"""Formats of graphs with their names."""

PIECE = 64 * 1024
"""Bytes that are sent together."""
AHEAD = 8
"""Pieces that wait for a reader before the writing does."""


class NotAcceptable(ValueError):
    """A request that takes none of the formats."""


class TooSlow(Exception):
    """A query that has given nothing for longer than it may."""


def chosen(accept: str | None, formats: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the media type and the format that a request wants most. Raises `NotAcceptable`."""
    default = next(iter(formats))
    if not accept or not accept.strip():
        return default, formats[default]
    weights: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        weights[name] = max(weight, weights.get(name, 0.0))
    best, best_weight = None, 0.0
    for name in formats:
        major = name.partition("/")[0]
        weight = next(
            (weights[key] for key in (name, f"{major}/*", "*/*", "*") if key in weights), 0.0
        )
        if weight > best_weight:
            best, best_weight = name, weight
    if best is None:
        raise NotAcceptable(f"none of {', '.join(formats)} is acceptable")
    return best, formats[best]


class Stream:
    """Bytes that a thread writes and the event loop reads, the thread no faster than the loop.

    `write` and `flush` are the file that the engine writes to; it ends with an OSError when
    the reader has gone.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._room = threading.Semaphore(AHEAD)
        self._buffer = bytearray()
        self._stopped = threading.Event()
        self._sent_at = time.monotonic()

    def write(self, data: bytes) -> int:
        """Take bytes of the result."""
        self._buffer += data
        if len(self._buffer) >= PIECE:
            self._send()
        return len(data)

    def flush(self) -> None:
        """Do nothing: pieces are sent when they are large, and at the end."""

    def run(self, work: Callable[[Stream], None]) -> None:
        """Do the work of the thread."""
        try:
            work(self)
            self._send()
            self._put(None)
        except Exception as error:
            self._put(error)
        except BaseException as error:  # the engine's own crash
            self._put(RuntimeError(f"the engine failed: {error}"))

    def stop(self) -> None:
        """Let the thread end at its next piece."""
        self._stopped.set()
        self._room.release()

    def _send(self) -> None:
        if not self._buffer:
            self._require_reader()
            return
        self._room.acquire()
        self._require_reader()
        self._put(bytes(self._buffer))
        self._buffer.clear()

    def _require_reader(self) -> None:
        if self._stopped.is_set():
            raise OSError("the reader has gone")

    def _put(self, piece: bytes | Exception | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)

    async def pieces(self, seconds: float) -> AsyncIterator[bytes]:
        """Yield the pieces; each may take so many seconds. Raises `TooSlow` and errors of the
        work."""
        while True:
            try:
                piece = await asyncio.wait_for(self._pieces.get(), seconds)
            except asyncio.TimeoutError:
                raise TooSlow from None
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise piece
            yield piece
            self._room.release()


def start(executor: Executor, work: Callable[[Stream], None]) -> tuple[Stream, Future[None]]:
    """Start work in a thread; return its stream, and the end of it."""
    stream = Stream()
    return stream, executor.submit(stream.run, work)
