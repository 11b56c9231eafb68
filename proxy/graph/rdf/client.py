"""A client of an RDF store for whole graphs: queries, updates and the graph store protocol.

Results are read as they arrive, so that a large graph waits in the store and not in memory.
"""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol
from urllib.parse import quote, unquote, urlencode, urlsplit

import pyoxigraph as ox

from gremlink.grammar.sparql.terms import BlankNode, Iri, RdfLiteral, Term, to_ntriples
from gremlink.proxy.graph.errors import ConnectionFailed, GraphError, ServerRefused
from gremlink.proxy.messages.addresses import without_credentials
from gremlink.proxy.messages.system_errors import reason_of

Row = tuple[Term | None, ...]
"""Terms of one solution, in the order of the variables; None where one is unbound."""

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection."""
READ_TIMEOUT = 24 * 60 * 60.0
"""Seconds to wait for the next bytes of an answer: reading a graph takes its time."""
_PIECE = 64 * 1024
_NO_PROTOCOL = (400, 404, 405, 406, 415, 501)
"""Status codes of a store without the graph store protocol at the address that was guessed."""
_LONGEST_REASON = 2000
_RESULTS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "application/xml": ox.QueryResultsFormat.XML,
    "text/xml": ox.QueryResultsFormat.XML,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
_ACCEPT_RESULTS = "application/sparql-results+json, application/sparql-results+xml;q=0.8"
_TRIPLES = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/x-turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
_ACCEPT_TRIPLES = "application/n-triples, text/turtle;q=0.8, application/rdf+xml;q=0.5"


class Addresses(Protocol):
    """Addresses of a store: of queries, of updates, and of the graph store protocol or none."""

    @property
    def query(self) -> str:
        """Address of queries."""
        ...

    @property
    def update(self) -> str | None:
        """Address of updates."""
        ...

    @property
    def store(self) -> str | None:
        """Address of the graph store protocol."""
        ...


class StoreUnreachable(ConnectionFailed):
    """No connection to the RDF store at `url`, or it broke."""

    def __init__(self, url: str, reason: str) -> None:
        GraphError.__init__(self, f"no connection to the RDF store at {url}: {reason}")
        self.url = url
        self.reason = reason


class StoreRefused(ServerRefused):
    """The RDF store's answer was an error, or nothing that can be read."""

    def __init__(self, url: str, status: int, reason: str) -> None:
        GraphError.__init__(self, f"the RDF store at {url} answered {status}: {reason}")
        self.url = url
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Solutions:
    """Results of a SELECT: variables, and the solutions as they arrive."""

    variables: tuple[str, ...]
    rows: Iterator[Row]


class RdfStore:
    """A store at its addresses, which may hold user and password; else `token` is sent along.

    Without `tls` the machine's authorities judge the certificate of an `https` address. Each
    request has a connection of its own, so threads may share a store.
    """

    def __init__(
        self,
        addresses: Addresses,
        *,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self._addresses = addresses
        self._token = token
        self._tls = tls
        self._read_timeout = read_timeout
        self._takes_graphs = addresses.store is not None
        self._has_added = False

    @property
    def url(self) -> str:
        """The address of queries, without credentials."""
        return without_credentials(self._addresses.query)

    def select(
        self, query: str, *, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()
    ) -> Iterator[Row]:
        """Yield the solutions of a SELECT query. Raises `StoreUnreachable`, `StoreRefused`."""
        with self._solutions(query, default_graphs, named_graphs) as solutions:
            yield from solutions.rows

    def select_with_names(
        self, query: str, *, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()
    ) -> Iterator[dict[str, Term]]:
        """Yield the bound variables of each solution, as `select` does."""
        with self._solutions(query, default_graphs, named_graphs) as solutions:
            for row in solutions.rows:
                yield {
                    name: term
                    for name, term in zip(solutions.variables, row, strict=True)
                    if term is not None
                }

    def ask(self, query: str) -> bool:
        """Return the answer of an ASK query. Raises `StoreUnreachable`, `StoreRefused`."""
        with self._asked(query, (), (), _ACCEPT_RESULTS) as (url, answer):
            found = _parsed_results(url, answer)
            if not isinstance(found, ox.QueryBoolean):
                raise StoreRefused(url, answer.status, "solutions, and not yes or no")
            return bool(found)

    def construct_ntriples(
        self, query: str, *, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()
    ) -> Iterator[bytes]:
        """Yield the triples of a CONSTRUCT or DESCRIBE query as N-Triples, in whole lines.

        Raises `StoreUnreachable`, `StoreRefused`.
        """
        with self._asked(query, default_graphs, named_graphs, _ACCEPT_TRIPLES) as (url, answer):
            form = _TRIPLES.get(_media_type(answer))
            if form is None:
                raise StoreRefused(url, answer.status, f"its triples are {_media_type(answer)!r}")
            if form is ox.RdfFormat.N_TRIPLES:
                yield from _whole_lines(_pieces(answer))
                return
            batch: list[str] = []
            try:
                for triple in ox.parse(_Readable(answer), format=form):  # type: ignore[arg-type]
                    batch.append(f"{triple.subject} {triple.predicate} {triple.object} .\n")
                    if len(batch) == _BATCH:
                        yield "".join(batch).encode()
                        batch = []
            except SyntaxError as error:
                raise StoreRefused(url, answer.status, f"no RDF: {error.msg}") from None
            if batch:
                yield "".join(batch).encode()

    def update(self, text: str) -> None:
        """Run an update. Raises `StoreUnreachable`, `StoreRefused`."""
        address = self._addresses.update or self._addresses.query
        with self._sent(
            address,
            "POST",
            urlencode({"update": text}).encode(),
            {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        ) as answer:
            answer.read()

    def add(self, ntriples: bytes | Iterable[bytes], graph: str | None) -> None:
        """Add triples, as N-Triples, to a named graph, or to the default graph.

        The store takes them by the graph store protocol where it has that, else as an update.
        Raises `StoreUnreachable`, `StoreRefused`.
        """
        data = ntriples if isinstance(ntriples, bytes) else b"".join(ntriples)
        if self._takes_graphs:
            try:
                # N-Triples are Turtle, which every store of the protocol takes.
                with self._sent(
                    self._graph_address(graph), "POST", data, {"Content-Type": "text/turtle"}
                ) as answer:
                    answer.read()
            except StoreRefused as refused:
                if self._has_added or refused.status not in _NO_PROTOCOL:
                    raise
                self._takes_graphs = False
            else:
                self._has_added = True
                return
        self.add_all({graph: data})

    def add_all(self, graphs: Mapping[str | None, bytes]) -> None:
        """Add triples, as N-Triples, to several graphs by one update.

        Raises `StoreUnreachable`, `StoreRefused`.
        """
        blocks = [
            data.decode()
            if graph is None
            else f"GRAPH {to_ntriples(Iri(graph))} {{\n{data.decode()}}}\n"
            for graph, data in graphs.items()
        ]
        self.update("INSERT DATA {\n" + "".join(blocks) + "}")

    def _graph_address(self, graph: str | None) -> str:
        address = self._addresses.store or ""
        mark = "&" if "?" in address else "?"
        return f"{address}{mark}{'default' if graph is None else 'graph=' + quote(graph, safe='')}"

    @contextmanager
    def _solutions(
        self, query: str, default_graphs: Sequence[str], named_graphs: Sequence[str]
    ) -> Iterator[Solutions]:
        with self._asked(query, default_graphs, named_graphs, _ACCEPT_RESULTS) as (url, answer):
            found = _parsed_results(url, answer)
            if not isinstance(found, ox.QuerySolutions):
                raise StoreRefused(url, answer.status, "yes or no, and not solutions")
            names = tuple(variable.value for variable in found.variables)
            yield Solutions(names, _rows(found, len(names), url, answer))

    @contextmanager
    def _asked(
        self, query: str, default_graphs: Sequence[str], named_graphs: Sequence[str], accept: str
    ) -> Iterator[tuple[str, http.client.HTTPResponse]]:
        fields = [("query", query)]
        fields += [("default-graph-uri", graph) for graph in default_graphs]
        fields += [("named-graph-uri", graph) for graph in named_graphs]
        with self._sent(
            self._addresses.query,
            "POST",
            urlencode(fields).encode(),
            {
                "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                "Accept": accept,
            },
        ) as answer:
            yield self.url, answer

    @contextmanager
    def _sent(
        self, address: str, method: str, body: bytes, headers: dict[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request and give its answer, if that is none of an error."""
        url = without_credentials(address)
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise StoreUnreachable(url, "the address must look like http://host:port/path")
        connection = (
            http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=CONNECT_TIMEOUT, context=self._tls
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port, timeout=CONNECT_TIMEOUT)
        )
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            try:
                connection.connect()
                connection.sock.settimeout(self._read_timeout)
                connection.request(
                    method, target, body, {**headers, **self._authorization(address)}
                )
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                _raise_unreachable(url, error)
            if answer.status >= 300:
                raise StoreRefused(url, answer.status, _reason(answer))
            try:
                yield answer
            except (OSError, http.client.HTTPException) as error:
                _raise_unreachable(url, error)
        finally:
            connection.close()

    def _authorization(self, address: str) -> dict[str, str]:
        parts = urlsplit(address)
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return {} if self._token is None else {"Authorization": f"Bearer {self._token}"}


_BATCH = 1000


class _Readable:
    """An answer as the file that the parsers read."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self._answer = answer

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, as soon as there are some."""
        return _piece(self._answer, min(size, _PIECE) if size > 0 else _PIECE)


def _parsed_results(url: str, answer: http.client.HTTPResponse) -> Any:
    form = _RESULTS.get(_media_type(answer))
    if form is None:
        raise StoreRefused(url, answer.status, f"its results are {_media_type(answer)!r}")
    try:
        return ox.parse_query_results(_Readable(answer), form)  # type: ignore[arg-type]
    except SyntaxError as error:
        raise StoreRefused(url, answer.status, f"no SPARQL results: {error.msg}") from None


def _rows(
    found: ox.QuerySolutions, width: int, url: str, answer: http.client.HTTPResponse
) -> Iterator[Row]:
    numbers = range(width)
    try:
        for solution in found:
            yield tuple([term_of(solution[number]) for number in numbers])
    except SyntaxError as error:
        raise StoreRefused(url, answer.status, f"the results break off: {error.msg}") from None


def term_of(found: object) -> Term | None:
    """Return a term of `pyoxigraph` as one of ours; None for None. Raises `ValueError`."""
    if isinstance(found, ox.NamedNode):
        return Iri(found.value)
    if isinstance(found, ox.Literal):
        return RdfLiteral(found.value, found.datatype.value, found.language or "")
    if isinstance(found, ox.BlankNode):
        return BlankNode(found.value)
    if found is None:
        return None
    raise ValueError(f"{found} is a triple as a term, which has no place here")


def _media_type(answer: http.client.HTTPResponse) -> str:
    return (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()


def _pieces(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while piece := _piece(answer, _PIECE):
        yield piece


def _piece(answer: http.client.HTTPResponse, size: int) -> bytes:
    """Return the next bytes, none at the end. Raises `IncompleteRead` for an end too early."""
    found = answer.read1(size)
    if not found and answer.length:  # which `read1` does not notice
        raise http.client.IncompleteRead(b"", answer.length)
    return found


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        head, end, tail = piece.rpartition(b"\n")
        if not end:
            rest += tail
            continue
        yield rest + head + end
        rest = tail
    if rest:
        yield rest + b"\n"


def _reason(answer: http.client.HTTPResponse) -> str:
    text = answer.read(_LONGEST_REASON).decode("utf-8", "replace").strip()
    return text or answer.reason


def _raise_unreachable(url: str, error: Exception) -> NoReturn:
    raise StoreUnreachable(url, reason_of(error)) from None
