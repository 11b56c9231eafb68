"""The server of the embedded RDF store: SPARQL 1.1 Protocol and Graph Store HTTP Protocol.

It is a process of its own, which ends with its standard input. Every request has to have the token
in the server's directory: a web page has none, nor has another user of the machine. The listening
socket and the lock of the directory come from the parent, so both stay with it.

A query cannot be ended inside the engine. One that gives nothing for too long, or whose client has
gone, keeps a thread; when the threads of such queries are too many, the process begins anew in its
place (`os.execv`), which loses nothing that was written.
"""

from __future__ import annotations

import asyncio
import hmac
import io
import logging
import os
import signal
import socket
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pyoxigraph as ox
from aiohttp import web

from gremlink.proxy.embedded.rdf.names import ADMISSION, DATA, READY, UNREADABLE_EXIT
from gremlink.proxy.embedded.rdf.results import (
    BOOLEANS,
    QUADS,
    SOLUTIONS,
    TRIPLES,
    NotAcceptable,
    Stream,
    TooSlow,
    chosen,
    start,
)
from gremlink.proxy.embedded.rdf.updates import BadDataset, Dataset, ask, change
from gremlink.proxy.messages.system_errors import reason_of

log = logging.getLogger(__name__)

MOST_BODY_BYTES = 256 * 1024 * 1024
"""Largest body of a request; a load sends many smaller ones."""
LARGE_BYTES = 512 * 1024
"""Size of triples that are loaded in bulk."""
READERS = 16
"""Queries that run at the same time."""
GRACE = 5.0
"""Seconds for the thread of a query to end when its client waits no more."""
MOST_LEFT = max(1, (os.cpu_count() or 2) // 2)
"""Threads of such queries that may go on; with one more the process begins anew."""

_FORM = "application/x-www-form-urlencoded"
_QUERY, _UPDATE = "application/sparql-query", "application/sparql-update"
_DATASET = {
    "query": ("default-graph-uri", "named-graph-uri"),
    "update": ("using-graph-uri", "using-named-graph-uri"),
}
_TOO_LONG = 413


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class RdfServer:
    """The handlers; `time_limit` is the time, in seconds, that a query may give nothing."""

    def __init__(self, store: ox.Store, token: str, time_limit: float) -> None:
        self._store = store
        self._authorization = f"Bearer {token}".encode()
        self._time_limit = time_limit
        self._readers = ThreadPoolExecutor(READERS)
        self._writer = ThreadPoolExecutor(1)
        self._left = 0
        self.begin_anew = asyncio.Event()

    def application(self) -> web.Application:
        """Return the routes."""
        application = web.Application(middlewares=[self._admitted], client_max_size=MOST_BODY_BYTES)
        for path in ("/query", "/update", "/sparql", "/"):
            application.router.add_route("GET", path, self.operation)
            application.router.add_route("POST", path, self.operation)
        application.router.add_route("*", "/store", self.graph)
        return application

    @web.middleware
    async def _admitted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._authorization):
            return web.Response(
                status=401,
                headers={"WWW-Authenticate": "Bearer"},
                text="This RDF store answers the proxy that has its token, and nobody else.\n",
            )
        try:
            response: web.StreamResponse = await handler(request)
        except Refused as refused:
            return _error(refused.status, str(refused))
        except NotAcceptable as error:
            return _error(406, str(error))
        except BadDataset as error:
            return _error(400, str(error))
        except web.HTTPException as error:
            return _error(error.status, error.reason)
        return response

    async def operation(self, request: web.Request) -> web.StreamResponse:
        """Answer a query or an update."""
        kind, text, dataset = await _asked(request)
        if kind == "update":
            return await self._update(text, dataset)
        return await self._query(request, text, dataset)

    async def _query(self, request: web.Request, text: str, dataset: Dataset) -> web.StreamResponse:
        accept = request.headers.get("Accept")
        found: dict[str, str] = {}

        def work(stream: Stream) -> None:
            results = ask(self._store, text, dataset)
            formats = {ox.QuerySolutions: SOLUTIONS, ox.QueryBoolean: BOOLEANS}.get(
                type(results), TRIPLES
            )
            found["type"], form = chosen(accept, formats)
            results.serialize(stream, form)

        return await self._streamed(request, work, found)

    async def _streamed(
        self, request: web.Request, work: Any, found: dict[str, str]
    ) -> web.StreamResponse:
        stream, end = start(self._readers, work)
        response: web.StreamResponse | None = None
        try:
            async for piece in stream.pieces(self._time_limit):
                if response is None:
                    response = await _begun(request, found["type"])
                await response.write(piece)
            if response is None:
                response = await _begun(request, found["type"])
            await response.write_eof()
        except NotAcceptable as error:
            return _broken(request, response, 406, str(error))
        except (SyntaxError, ValueError, RuntimeError) as error:
            return _broken(request, response, 400, _words(error))
        except TooSlow:
            reason = f"the query has given nothing for {self._time_limit:.0f} seconds"
            return _broken(request, response, 503, reason)
        except ConnectionError:
            return response or _error(500, "the client has gone")
        except OSError as error:
            return _broken(request, response, 500, _words(error))
        finally:
            stream.stop()
            self._watch(end)
        return response

    async def _update(self, text: str, dataset: Dataset) -> web.Response:
        await self._written(lambda: change(self._store, text, dataset))
        return web.Response(status=204)

    async def _written(self, work: Any) -> Any:
        """Run work that writes; such works run one after the other."""
        end = self._writer.submit(work)
        try:
            return await asyncio.wait_for(
                asyncio.shield(asyncio.wrap_future(end)), self._time_limit
            )
        except asyncio.TimeoutError:
            self._watch(end)
            raise Refused(
                503, f"the update has not ended within {self._time_limit:.0f} seconds"
            ) from None
        except (SyntaxError, RuntimeError) as error:
            raise Refused(400, _words(error)) from None
        except BadDataset:
            raise
        except ValueError as error:
            raise Refused(400, _words(error)) from None
        except OSError as error:
            raise Refused(500, _words(error)) from None

    def _watch(self, end: Future[Any]) -> None:
        """See to it that threads without a client are few."""
        if not end.done() and not end.cancel():
            asyncio.get_running_loop().call_later(GRACE, self._count, end)

    def _count(self, end: Future[Any]) -> None:
        if end.done():
            return
        self._left += 1
        loop = asyncio.get_running_loop()
        end.add_done_callback(lambda _: loop.call_soon_threadsafe(self._forget))
        if self._left > MOST_LEFT:
            log.warning("%d queries go on though nobody waits: the store begins anew", self._left)
            self.begin_anew.set()

    def _forget(self) -> None:
        self._left -= 1

    async def graph(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the graph store protocol."""
        graph = _graph_of(request)
        method = request.method
        if method in ("GET", "HEAD"):
            return await self._read_graph(request, graph)
        if method == "DELETE":
            await self._written(lambda: self._delete(graph))
            return web.Response(status=204)
        if method not in ("PUT", "POST"):
            raise Refused(405, f"the method {method} is not allowed")
        data = await _body(request)
        form = TRIPLES.get(request.content_type)
        if form is None:
            raise Refused(415, f"{request.content_type} is none of {', '.join(TRIPLES)}")
        created = await self._written(
            lambda: self._write(data, form, graph, replace=method == "PUT")
        )
        return web.Response(status=201 if created else 204)

    async def _read_graph(self, request: web.Request, graph: Any) -> web.StreamResponse:
        accept = request.headers.get("Accept")
        if graph is None:
            media, form = chosen(accept, QUADS)
        else:
            media, form = chosen(accept, TRIPLES)
        if isinstance(graph, ox.NamedNode) and not self._store.contains_named_graph(graph):
            raise Refused(404, f"there is no graph {graph.value}")

        def work(stream: Stream) -> None:
            if graph is None:
                self._store.dump(stream, form)  # type: ignore[arg-type]
            elif isinstance(graph, ox.DefaultGraph):
                # The default graph is the union of all.
                ask(self._store, "CONSTRUCT WHERE { ?s ?p ?o }", Dataset()).serialize(stream, form)
            else:
                self._store.dump(stream, form, from_graph=graph)  # type: ignore[arg-type]

        return await self._streamed(request, work, {"type": media})

    def _delete(self, graph: Any) -> None:
        if graph is None:
            self._store.clear()
        elif isinstance(graph, ox.DefaultGraph):
            self._store.clear_graph(graph)
        elif not self._store.contains_named_graph(graph):
            raise Refused(404, f"there is no graph {graph.value}")
        else:
            self._store.remove_graph(graph)

    def _write(self, data: bytes, form: Any, graph: Any, *, replace: bool) -> bool:
        """Add or replace; return True if the graph is new."""
        new = isinstance(graph, ox.NamedNode) and not self._store.contains_named_graph(graph)
        base = getattr(graph, "value", None)
        is_large = len(data) >= LARGE_BYTES
        if replace or is_large:
            # What is wrong is known before anything is changed.
            for _ in ox.parse(io.BytesIO(data), format=form, base_iri=base):
                pass
        if replace:
            if graph is None:
                self._store.clear()
            else:
                self._store.clear_graph(graph)
        # In bulk is three times as fast, but no transaction, and has files for each.
        load = self._store.bulk_load if is_large else self._store.load
        load(io.BytesIO(data), format=form, base_iri=base, to_graph=graph)
        if new:
            self._store.add_graph(graph)
        return new

    def close(self) -> None:
        """Write what is in memory only."""
        with suppress(OSError):
            self._store.flush()


async def _asked(request: web.Request) -> tuple[str, str, Dataset]:
    """Return query or update, its text and its dataset. Raises `Refused`."""
    fields = parse_qsl(request.query_string, keep_blank_values=True)
    text: tuple[str, str] | None = None
    if request.method == "POST":
        body = await _body(request)
        match request.content_type:
            case "application/x-www-form-urlencoded":
                try:
                    fields += parse_qsl(
                        body.decode("utf-8"), keep_blank_values=True, errors="strict"
                    )
                except ValueError:
                    raise Refused(400, "the form is not UTF-8") from None
            case "application/sparql-query":
                text = "query", _decoded(body)
            case "application/sparql-update":
                text = "update", _decoded(body)
            case other:
                raise Refused(415, f"{other} is none of {_FORM}, {_QUERY}, {_UPDATE}")
    found = [(name, value) for name, value in fields if name in ("query", "update")]
    if text is not None:
        found.append(text)
    if len(found) != 1:
        reason = "more than one" if found else "neither"
        raise Refused(400, f"there is {reason} of query and update in the request")
    kind, content = found[0]
    if kind == "update" and request.method == "GET":
        raise Refused(405, "an update is sent by POST")
    default, named = (
        tuple(value for name, value in fields if name == wanted) for wanted in _DATASET[kind]
    )
    base = f"http://{request.host}{request.path}"  # as every stock store has it
    return kind, content, Dataset(default, named, base)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except ValueError:
        raise Refused(400, "the text is not UTF-8") from None


async def _body(request: web.Request) -> bytes:
    """Return the unpacked body. Raises `Refused`."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(
            _TOO_LONG, f"the request has more than {MOST_BODY_BYTES:,} bytes: divide it"
        ) from None
    except web.RequestPayloadError as error:
        raise Refused(400, f"the body cannot be read: {reason_of(error)}") from None


def _graph_of(request: web.Request) -> Any:
    """Return the graph of a request; None for all graphs."""
    named = request.query.getall("graph", [])
    if "default" in request.query:
        if named:
            raise Refused(400, "default and graph exclude each other")
        return ox.DefaultGraph()
    if not named:
        return None
    try:
        return ox.NamedNode(named[0])
    except ValueError as error:
        raise Refused(400, f"graph is no IRI: {error}") from None


async def _begun(request: web.Request, media: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": f"{media}; charset=utf-8"})
    if "+" in media or not media.startswith("text/"):
        response.headers["Content-Type"] = media
    await response.prepare(request)
    return response


def _broken(
    request: web.Request, response: web.StreamResponse | None, status: int, reason: str
) -> web.StreamResponse:
    """Return an error, or cut the connection if a part of the result has been sent."""
    if response is None:
        return _error(status, reason)
    log.warning("a result breaks off: %s", reason)
    if request.transport is not None:
        request.transport.abort()
    return response


def _error(status: int, reason: str) -> web.Response:
    return web.Response(status=status, text=f"{reason}\n")


def _words(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return error.msg
    return reason_of(error)


def main(arguments: list[str]) -> None:
    """Serve with these arguments: the descriptor of the socket, the directory, seconds of a query.

    Lines on standard error say why it cannot.
    """
    listening, directory, seconds = arguments
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    # Ctrl-C on a terminal is the parent's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    token = (Path(directory) / ADMISSION).read_text(encoding="ascii").strip()
    try:
        store = ox.Store(Path(directory) / DATA)
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"{reason_of(error)}\n")
        sys.exit(UNREADABLE_EXIT)
    if asyncio.run(_serve(store, token, int(listening), float(seconds))):
        os.execv(sys.executable, [sys.executable, "-m", __spec__.name, *arguments])  # noqa: S606
    os._exit(0)  # threads of queries may go on


async def _serve(store: ox.Store, token: str, listening: int, seconds: float) -> bool:
    """Serve until standard input ends; return True to begin anew."""
    server = RdfServer(store, token, seconds)
    runner = web.AppRunner(
        server.application(), handler_cancellation=True, access_log=None, handle_signals=False
    )
    await runner.setup()
    await web.SockSite(runner, socket.socket(fileno=os.dup(listening))).start()
    with suppress(OSError):  # the parent of a store that begins anew does not read any more
        print(READY, flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def watch() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, daemon=True).start()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    waits = [asyncio.create_task(event.wait()) for event in (ended, server.begin_anew)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(runner.cleanup(), GRACE)
    server.close()
    return not ended.is_set()


if __name__ == "__main__":
    main(sys.argv[1:])
