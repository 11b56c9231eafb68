"""RDF exported from a store, and Neptune's parameters of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from oxigraph_server import StoreAddresses, oxigraph_server
from rdf_export import EX, iri, line, literal

from gremlink.proxy.graph import BadParameters, ConnectionFailed, ExportFailed, read_export
from gremlink.proxy.graph.rdf.client import RdfStore, StoreUnreachable
from gremlink.proxy.graph.rdf.export import STATEMENTS, export_rdf
from gremlink.proxy.graph.rdf.parameters import IllegalTarget, RdfExportParameters

MOVIES = [
    *(line(f"m{number}", "a", iri("Movie")) for number in range(8)),
    *(line(f"m{number}", "genre", literal(f"G{number % 2}")) for number in range(8)),
    line("u", "a", iri("User")),
]
LIKES = [line("u", "likes", iri("m1")), line("u", "likes", iri("m2"))]
NODE = {"node": EX + "Movie", "predicate": EX + "genre", "type": "classification"}
LINK = {
    "subject": EX + "User",
    "predicate": EX + "likes",
    "object": EX + "Movie",
    "type": "link_prediction",
}


def lines(statements: list[str]) -> bytes:
    return "".join(f"{each}\n" for each in statements).encode()


@pytest.fixture
def movies(store: RdfStore) -> RdfStore:
    """A store with two graphs."""
    store.add(lines(MOVIES), EX + "g1")
    store.add(lines(LIKES), EX + "g2")
    return store


def exported(store: RdfStore, directory: Path, request: Mapping[str, Any]) -> set[str]:
    export_rdf(store, directory, parameters=RdfExportParameters.parse(dict(request)))
    return set((directory / STATEMENTS).read_text().splitlines())


def configuration(directory: Path) -> Any:
    return json.loads((directory / "training-data-configuration.json").read_text())


def test_everything_is_exported_and_can_be_read(movies: RdfStore, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    report = export_rdf(movies, tmp_path / "e", progress=lambda *all_: told.append(all_))
    assert report.statements == len(MOVIES + LIKES)
    assert not report.warnings
    assert told[-1] == ("statements", report.statements, report.statements)
    assert {file.name for file in tmp_path.iterdir()} == {"e"}
    assert configuration(tmp_path / "e") == {
        "version": "v2.0",
        "query_engine": "sparql",
        "graph": {
            "rdfs": [
                {
                    "file_name": "statements/statements-0.nt",
                    "label": {
                        "task_type": "link_prediction",
                        "targets": [{"split_rate": [0.9, 0.1, 0.0]}],
                    },
                }
            ]
        },
        "warnings": [],
    }
    found = read_export(tmp_path / "e")
    assert [file.type for file in found.nodes] == [EX + "Movie", EX + "User"]
    assert found.edges[0].targets


def test_targets_are_in_the_configuration(movies: RdfStore, tmp_path: Path) -> None:
    rate = [0.7, 0.1, 0.2]
    asked = {"targets": [{**NODE, "split_rate": rate, "property": "x"}, LINK]}
    exported(movies, tmp_path / "e", asked)
    assert configuration(tmp_path / "e")["graph"]["rdfs"] == [
        {
            "file_name": STATEMENTS,
            "label": {
                "task_type": "classification",
                "targets": [{"node": EX + "Movie", "predicate": EX + "genre", "split_rate": rate}],
            },
        },
        {
            "file_name": STATEMENTS,
            "label": {
                "task_type": "link_prediction",
                "targets": [
                    {
                        "subject": EX + "User",
                        "predicate": EX + "likes",
                        "object": EX + "Movie",
                        "split_rate": [0.9, 0.1, 0.0],
                    }
                ],
            },
        },
    ]


def test_a_link_target_exports_literals_too(movies: RdfStore, tmp_path: Path) -> None:
    found = exported(movies, tmp_path / "e", {"command": "export-rdf", "targets": [LINK]})
    assert any('"G1"' in each for each in found), "features: Neptune's own models have none"


@pytest.mark.parametrize(
    ("params", "statements"),
    [
        ({"rdfExportScope": "graph"}, [*MOVIES, *LIKES]),
        ({"scope": "all", "format": "turtle"}, [*MOVIES, *LIKES]),
        ({"rdf-export-scope": "edges"}, [each for each in MOVIES + LIKES if '"' not in each]),
        ({"namedGraph": EX + "g2"}, LIKES),
        ({"namedGraph": f"<{EX}g2>", "rdfExportScope": "graph"}, LIKES),
        ({"rdfExportScope": "query", "sparql": f"CONSTRUCT WHERE {{ ?s <{EX}likes> ?o }}"}, LIKES),
        ({"sparql": "# all\nPREFIX a: <b:>\nselect * { ?s ?p ?o filter(isIRI(?o)) }"},
         [each for each in MOVIES + LIKES if '"' not in each]),
    ],
)  # fmt: skip
def test_scopes(
    movies: RdfStore, tmp_path: Path, params: Mapping[str, Any], statements: list[str]
) -> None:
    assert exported(movies, tmp_path / "e", {"params": params}) == set(statements)


def test_a_store_without_a_union_is_read_as_a_whole(tmp_path: Path) -> None:
    with oxigraph_server() as found:
        plain = RdfStore(found)
        plain.add(lines(MOVIES), EX + "g1")
        plain.add(lines(LIKES), None)
        assert exported(plain, tmp_path / "union", {}) == {*MOVIES, *LIKES}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"targets": [{**NODE, "type": "clustering"}]},
         "Invalid 'type' value for RDF target: 'clustering'. Valid values are: 'classification', "
         "'regression', 'link_prediction'."),
        ({"targets": [{key: value for key, value in NODE.items() if key != "type"}]},
         "Error parsing 'type' field for RDF target. Expected one of the following values: "
         "'classification', 'regression', 'link_prediction'."),
        ({"targets": [{"predicate": EX + "genre", "type": "regression"}]},
         "Illegal target element. Expected 'node' field."),
        ({"targets": [{**LINK, "subject": 1}]},
         "Error parsing 'subject' field for edge. Expected a text value."),
        ({"targets": [{**LINK, "object": [1]}]},
         "Error parsing 'object' field for edge. Expected a text value."),
    ],
)  # fmt: skip
def test_targets_that_neptune_refuses(asked: Any, message: str) -> None:
    with pytest.raises(IllegalTarget) as refused:
        RdfExportParameters.parse(asked)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"params": {"rdfExportScope": "query"}},
         "You must supply a SPARQL query if exporting from a query"),
        ({"params": {"rdfExportScope": "egdes"}}, "did you mean 'edges'?"),
        ({"params": {"sparql": "ASK {}"}}, "begins with 'ASK'"),
        ({"params": {"sparql": "CONSTRUCT WHERE {}", "rdfExportScope": "edges"}}, "'query' only"),
        ({"params": {"namedGraph": "x", "rdfExportScope": "edges"}}, "'graph' only"),
        ({"params": {"namedGraph": "no iri"}}, "no absolute IRI"),
        ({"params": {"nodeLabels": ["a"]}}, "for property graphs"),
        ({"params": {"namedGrap": "x"}}, "did you mean 'namedGraph'?"),
        ({"command": "export-pg"}, "is not export-rdf"),
        ({"targets": [{**NODE, "predicat": "x"}]}, "did you mean 'predicate'?"),
        ({"targets": [{**NODE, "split_rate": [1]}]}, "three shares"),
        ({"jobs": [{"name": "a"}, {"name": "a"}]}, "must be unique"),
    ],
)  # fmt: skip
def test_parameters_that_mean_nothing(asked: Any, message: str) -> None:
    with pytest.raises(BadParameters) as refused:
        RdfExportParameters.parse(asked)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("target", "warnings"),
    [
        ({"node": EX + "Movie", "type": "classification"},
         ["'predicate' field is missing for classification task. If the target nodes have more "
          "than one predicate defining the target node feature, the training task will fail with "
          "an error."]),
        ({**NODE, "predicate": 1, "type": "regression"},
         ["'predicate' field is missing for regression task. If the target nodes have more than "
          "one predicate defining the target node feature, the training task will fail with an "
          "error."]),
        ({"type": "link_prediction", "predicate": EX + "likes"},
         [f"'{key}' field is missing for link_prediction task, so all edges will be treated as "
          "the training target." for key in ("subject", "object")]),
    ],
)  # fmt: skip
def test_warnings_of_what_is_missing(
    movies: RdfStore, tmp_path: Path, target: Any, warnings: list[str]
) -> None:
    exported(movies, tmp_path / "e", {"targets": [target]})
    assert configuration(tmp_path / "e")["warnings"] == warnings


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"targets": [{**NODE, "node": EX + "Movies"}]}, f"did you mean '{EX}Movie'?"),
        ({"targets": [{**NODE, "predicate": EX + "genres"}]}, f"did you mean '{EX}genre'?"),
        ({"targets": [{**LINK, "object": EX + "Users"}]}, f"did you mean '{EX}User'?"),
        ({"targets": [{**NODE, "node": "Movie"}]}, "is no IRI"),
        ({"targets": [NODE], "params": {"namedGraph": EX + "g2"}}, "no resource has the class"),
        ({"params": {"namedGraph": EX + "g3"}}, "did you mean"),
        ({"targets": [NODE], "params": {"rdfExportScope": "edges"}}, "no literal is exported"),
        ({"params": {"sparql": "SELECT ?a { ?a ?b ?c }"}}, "the variables s, p and o"),
    ],
)
def test_names_that_nothing_has_leave_nothing_behind(
    movies: RdfStore, tmp_path: Path, asked: Any, message: str
) -> None:
    with pytest.raises(BadParameters) as refused:
        exported(movies, tmp_path / "e", asked)
    assert message in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_nothing_to_export_is_a_warning(store: RdfStore, tmp_path: Path) -> None:
    assert export_rdf(store, tmp_path / "e").warnings == ("the store has no statement to export",)


def test_a_directory_in_use_is_refused(store: RdfStore, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportFailed, match="is not empty"):
        export_rdf(store, tmp_path)


class _BreaksOff(BaseHTTPRequestHandler):
    """A store whose answer to a CONSTRUCT ends too early."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        is_ask = b"ASK" in body
        self.send_header(
            "Content-Type", "application/sparql-results+json" if is_ask else "application/n-triples"
        )
        found = b'{"head": {}, "boolean": false}' if is_ask else lines(MOVIES)
        self.send_header("Content-Length", str(len(found) + (0 if is_ask else 100)))
        self.end_headers()
        self.wfile.write(found)

    def log_message(self, format: str, *args: Any) -> None:
        """Be silent."""


def test_an_answer_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), _BreaksOff)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/query"
        with pytest.raises(ConnectionFailed):
            export_rdf(RdfStore(StoreAddresses(address, None, None)), tmp_path / "e")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert not list(tmp_path.iterdir())


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    store = RdfStore(StoreAddresses("http://127.0.0.1:1/query", None, None))
    with pytest.raises(StoreUnreachable):
        export_rdf(store, tmp_path / "e")
    assert not list(tmp_path.iterdir())
