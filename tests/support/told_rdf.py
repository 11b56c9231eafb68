"""A small RDF graph, models whose answers are told beforehand, and an engine's own endpoint with
the same answers: what a query with an inference has to give, evaluated as a federation."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

from gremlink.grammar.sparql.terms import from_ntriples, to_ntriples
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.inference.commands import (
    Describe,
    Inspect,
    Inspected,
    KnownLinks,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
    Reply,
    Work,
)
from gremlink.proxy.inference.errors import ENDPOINT_NOT_FOUND, BadRequest

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = f"PREFIX ex: <{EX}>\nPREFIX xsd: <{XSD}>\n"

_USERS = "u1 u2 u3 u4 u5 u6 nobody".split()
_FILMS = "f1 f2 f3 f4 f5 f6".split()
_LIKES = {"u1": "f1 f2", "u2": "f2 f3", "u3": "f1", "u4": "f4 f5 f1", "u6": "f6"}
_KNOWS = "u1-u2 u2-u3 u3-u1 u4-u1 u1-u4 u5-u6 u6-u2 nobody-u1".split()
_GENRES = {"f1": ["Drama"], "f2": ["War", "Drama"], "f3": ["Crime"], "f5": ["War"]}

LIKED = {
    "u1": "f3 f5 f4 f6".split(),
    "u2": "f1 f6".split(),
    "u3": "f2 f5 f4 f3".split(),
    "u4": ["f6"],
    "u5": "f1 f2 f3 f4 f5 f6".split(),
}
LIKERS = {"f1": "u2 u5 u6".split(), "f2": "u3 u4".split(), "f4": "u1 u2 u3 u5".split()}
GENRE = {
    "f1": ['"Drama"', '"Crime"', '"War"'],
    "f2": ['"War"'],
    "f3": ['"Crime"', '"drama"@en', '"Drama"'],
    "f4": ['"Drama"'],
    "f6": ['"Horror"', '"Drama"'],
}
YEAR = {"f1": 1994.0, "f2": 2001.0, "f4": 1994.0, "f5": 1980.0}
"""What models tell, best first. Nothing of it is stored: what is linked is not asked for."""


def quads(*, blank_nodes: bool = True) -> bytes:
    """The graph: people in one named graph, films in another, and all of it in the default one."""
    maker = "[ ex:name 'somebody' ]" if blank_nodes else "ex:somebody"
    lines: list[tuple[str, str, str, str]] = []
    for number, user in enumerate(_USERS):
        about = [
            ("a", "ex:User"),
            ("ex:name", f'"User {user}"' + ("", "@en", "@de-CH")[number % 3]),
            ("ex:age", f'"{20 + 7 * number}"^^xsd:integer'),
        ]
        about += [("ex:admin", "true")] if number % 3 == 0 else []
        about += [("ex:likes", f"ex:{film}") for film in _LIKES.get(user, "").split()]
        lines += [(f"ex:{user}", *each, "ex:people") for each in about]
    for pair in _KNOWS:
        one, other = pair.split("-")
        lines.append((f"ex:{one}", "ex:knows", f"ex:{other}", "ex:people"))
    for number, film in enumerate(_FILMS):
        about = [("a", "ex:Film"), ("ex:title", f'"Film {film}"')]
        about += [("ex:year", f'"{1980 + 7 * number}"^^xsd:integer')] if number % 2 == 0 else []
        about += [("ex:genre", f'"{genre}"') for genre in _GENRES.get(film, ())]
        about += [("ex:madeBy", maker)] if number == 2 else []
        lines += [(f"ex:{film}", *each, "ex:films") for each in about]
    text = PREFIXES.replace("PREFIX", "@prefix").replace(">\n", "> .\n")
    for graph in ("ex:people", "ex:films"):
        part = "\n".join(f"{s} {p} {o} ." for s, p, o, g in lines if g == graph)
        text += f"{graph} {{ {part} }}\n{part}\n"
    found = ox.serialize(ox.parse(text, format=ox.RdfFormat.TRIG), format=ox.RdfFormat.N_QUADS)
    assert found is not None
    return found


def _score(rank: int) -> float:
    return 0.5**rank


def table(endpoint: str) -> Mapping[str, Sequence[str]]:
    """What an endpoint tells of each input, as N-Triples, best first."""
    match endpoint:
        case "liked":
            return {_iri(key): [_iri(each) for each in found] for key, found in LIKED.items()}
        case "likers":
            return {_iri(key): [_iri(each) for each in found] for key, found in LIKERS.items()}
        case "genre":
            return {_iri(key): found for key, found in GENRE.items()}
        case _:
            return {_iri(key): [f'"{found!r}"^^<{XSD}double>'] for key, found in YEAR.items()}


def _iri(name: str) -> str:
    return f"<{EX}{name}>"


class ToldModels:
    """The models behind a proxy: `liked` has both directions; `calls` keeps what was asked."""

    def __init__(self) -> None:
        self.calls: list[Work] = []

    async def __call__(self, work: Work) -> Reply:
        """The reply to one command of an inference."""
        self.calls.append(work)
        match work:
            case PrepareLinks(endpoint=endpoint):
                if endpoint != "liked":
                    raise BadRequest(ENDPOINT_NOT_FOUND.format(endpoint))
                return None
            case PrepareProperty(endpoint=endpoint):
                if endpoint not in ("genre", "year"):
                    raise BadRequest(ENDPOINT_NOT_FOUND.format(endpoint))
                return "node"
            case Inspect(endpoint=endpoint, spellings=spellings):
                task = {"liked": "link_prediction", "genre": "classification"}
                return Inspected(
                    task.get(endpoint, "regression"),
                    endpoint,
                    [each[0] for each in spellings],
                    element=None if endpoint == "liked" else "node",
                    key=None if endpoint == "liked" else EX + endpoint,
                    rdf=True,
                    datatype=XSD + {"genre": "string", "year": "double"}.get(endpoint, "string"),
                )
            case PredictLinks(model=model, inputs=inputs, known=known):
                rows = table("liked" if model.direction == "out" else "likers")
                return [
                    self._cut(
                        [
                            Literal(Kind.STRING, each[1:-1])
                            for each in rows.get(to_ntriples_of(vertex), ())
                        ],
                        hidden,
                        work.limit,
                        work.threshold,
                    )
                    for vertex, hidden in zip(inputs, known, strict=True)
                ]
            case PredictProperty(model=model, inputs=inputs):
                rows = table(model.endpoint)
                values: list[list[tuple[Literal, float]]] = []
                for vertex in inputs:
                    assert isinstance(vertex, Literal)
                    found = rows.get(to_ntriples_of(vertex), ())
                    if model.task == "regression":
                        values.append(
                            [
                                (Literal(Kind.DOUBLE, float(each.split('"')[1])), 1.0)
                                for each in found
                            ]
                        )
                    else:
                        told = [Literal(Kind.STRING, each) for each in found]
                        values.append(self._cut(told, frozenset(), work.limit, work.threshold))
                return values
            case KnownLinks(inputs=inputs):
                return [frozenset() for _ in inputs]
            case Describe():
                return "told"
        raise AssertionError(work)

    @staticmethod
    def _cut(
        found: Sequence[Literal], hidden: frozenset[Literal], limit: int, threshold: float | None
    ) -> list[tuple[Literal, float]]:
        shown = [each for each in found if each not in hidden]
        pairs = [(each, _score(rank)) for rank, each in enumerate(shown)]
        return [pair for pair in pairs if threshold is None or pair[1] >= threshold][:limit]


def to_ntriples_of(vertex: Literal) -> str:
    """The spelling of a vertex of a model."""
    return f"<{vertex.value}>"


@dataclass(frozen=True)
class Asked:
    """What is asked of an endpoint: `liked`, `likers`, `genre` or `year`."""

    endpoint: str
    limit: int = 1
    threshold: float | None = None

    @property
    def name(self) -> str:
        """The name of the predicates under which the federation has these answers."""
        return f"urn:{self.endpoint}:{self.limit}:{self.threshold}:"

    def rows(self) -> Iterator[tuple[str, str, float]]:
        for key, found in table(self.endpoint).items():
            for rank, value in enumerate(found[: self.limit]):
                if self.threshold is None or _score(rank) >= self.threshold:
                    yield key, value, _score(rank)


LIMITS, THRESHOLDS = (1, 2, 10), (None, 0.3)
KINDS = [
    Asked(endpoint, limit, threshold)
    for endpoint in ("liked", "likers", "genre", "year")
    for limit in LIMITS
    for threshold in THRESHOLDS
    if endpoint != "year" or (limit, threshold) == (1, None)
]


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    answers: ox.Store

    def do_GET(self) -> None:
        self._answer(parse_qs(urlsplit(self.path).query)["query"][0])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = "form" in self.headers.get("Content-Type", "")
        self._answer(parse_qs(body)["query"][0] if form else body)

    def _answer(self, query: str) -> None:
        found = self.answers.query(query)
        body = found.serialize(format=ox.QueryResultsFormat.JSON)  # type: ignore[union-attr]
        assert body is not None
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def answers_endpoint() -> Iterator[str]:
    """The address of a SPARQL endpoint that has, as a graph, what the models tell."""
    rows = [
        f"_:r{number} <{asked.name}in> {key} ; <{asked.name}out> {value} ; "
        f'<{asked.name}score> "{score!r}"^^<{XSD}double> .'
        for number, (asked, (key, value, score)) in enumerate(
            (asked, row) for asked in KINDS for row in asked.rows()
        )
    ]
    store = ox.Store()
    # Inside of GRAPH, Oxigraph asks a service for that graph.
    for graph in (None, ox.NamedNode(f"{EX}people"), ox.NamedNode(f"{EX}films")):
        store.load("\n".join(rows), format=ox.RdfFormat.TURTLE, to_graph=graph)
    handler = type("Handler", (_Endpoint,), {"answers": store})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/answers"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def term(value: Mapping[str, str]) -> str:
    """A term of a JSON result as N-Triples; blank nodes are all the same, and spellings of a
    double."""
    if value["type"] == "uri":
        return f"<{value['value']}>"
    if value["type"] == "bnode":
        return "_:b"
    lexical = value["value"]
    if value.get("datatype") == f"{XSD}double":
        lexical = repr(float(lexical))
    text = ox.Literal(
        lexical,
        language=value.get("xml:lang"),
        datatype=ox.NamedNode(value["datatype"]) if "datatype" in value else None,
    )
    return to_ntriples(from_ntriples(str(text)))
