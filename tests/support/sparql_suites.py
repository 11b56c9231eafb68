"""The W3C's SPARQL 1.0 and 1.1 test suites, and RDF4J's beside them, as one jar carries them."""

from __future__ import annotations

import functools
import posixpath
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from gremlink.proxy.embedded.jars import resolve_jars

JAR = "org.eclipse.rdf4j:rdf4j-sparql-testsuite:5.1.3"
_BASE = "http://suites.example/"
_TESTS = """
PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#>
PREFIX qt: <http://www.w3.org/2001/sw/DataAccess/tests/test-query#>
PREFIX ut: <http://www.w3.org/2009/sparql/tests/test-update#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?request ?data ?graph ?label WHERE {
  ?test mf:action ?action .
  { ?action qt:query|ut:request ?request }
  UNION { BIND(?action AS ?request) FILTER(isIRI(?action)) }
  OPTIONAL { ?action qt:data|ut:data ?data }
  OPTIONAL {
    ?action qt:graphData|ut:graphData ?given
    OPTIONAL { ?given qt:graph|ut:graph ?file ; rdfs:label ?name }
    BIND(COALESCE(?file, ?given) AS ?graph) BIND(COALESCE(?name, STR(?given)) AS ?label)
  } }"""
_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".trig": ox.RdfFormat.TRIG,
}


@dataclass(frozen=True)
class Case:
    """A request of the suites and the graph that it is asked of.

    `name` is its path in the jar, `data` the files of the default graph, `graphs` pairs of a
    named graph and its file.
    """

    name: str
    text: str
    data: tuple[str, ...] = ()
    graphs: tuple[tuple[str, str], ...] = ()

    @property
    def is_update(self) -> bool:
        return self.name.endswith(".ru")


class Suites:
    """All requests; the jar is fetched once."""

    def __init__(self) -> None:
        (jar,) = resolve_jars((JAR,), alone=True)
        self._archive = zipfile.ZipFile(jar)
        self._names = set(self._archive.namelist())

    @functools.cached_property
    def cases(self) -> Sequence[Case]:
        """The cases in the order of their names: one for each graph that a request is asked of."""
        found: dict[str, set[Case]] = {
            name: set() for name in self._names if name.endswith((".rq", ".ru"))
        }
        for manifest in sorted(self._names):
            if manifest.endswith(".ttl") and "manifest" in manifest.rpartition("/")[2]:
                for case in self._read(manifest):
                    found[case.name].add(case)
        for name, cases in found.items():
            if not cases:
                cases.add(Case(name, self._text(name)))
        return [
            case
            for _, cases in sorted(found.items())
            for case in sorted(cases, key=lambda each: (each.data, each.graphs))
        ]

    @functools.cache  # noqa: B019
    def quads(self, case: Case) -> bytes:
        """The graph of a case as N-Quads; files that cannot be read are left out."""
        found: list[ox.Quad] = []
        for file in case.data:
            found += self._quads(file, ox.DefaultGraph())
        for graph, file in case.graphs:
            found += self._quads(file, ox.NamedNode(graph))
        quads = ox.serialize(found, format=ox.RdfFormat.N_QUADS)
        assert quads is not None
        return quads

    def _quads(self, file: str, graph: ox.NamedNode | ox.DefaultGraph) -> list[ox.Quad]:
        kind = _FORMATS.get(posixpath.splitext(file)[1])
        if file not in self._names or kind is None:
            return []
        try:
            read = ox.parse(self._archive.read(file), format=kind, base_iri=_BASE + file)
            return [ox.Quad(q.subject, q.predicate, q.object, graph) for q in read]
        except SyntaxError:
            return []

    def _text(self, name: str) -> str:
        return self._archive.read(name).decode("utf-8", "surrogateescape")

    def _read(self, manifest: str) -> list[Case]:
        store = ox.Store()
        try:
            store.load(
                self._archive.read(manifest),
                format=ox.RdfFormat.TURTLE,
                base_iri=_BASE + manifest,
            )
        except SyntaxError:
            return []
        rows = store.query(_TESTS)
        assert isinstance(rows, ox.QuerySolutions)
        grouped: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for row in rows:
            request = _path(row["request"])
            if request not in self._names:
                continue
            file = _path(row["data"]) if row["data"] is not None else ""
            graph = grouped.setdefault((request, file), set())
            if row["graph"] is not None:
                graph.add((_iri(row["label"]), _path(row["graph"])))
        return [
            Case(request, self._text(request), (file,) if file else (), tuple(sorted(named)))
            for (request, file), named in grouped.items()
        ]


def _path(term: object) -> str:
    return str(getattr(term, "value", "")).removeprefix(_BASE)


def _iri(term: object) -> str:
    return str(getattr(term, "value", ""))
