"""The embedded RDF store as a process: SPARQL for whom has its token, gone with its parent."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gremlink.grammar.sparql.terms import Iri, RdfLiteral
from gremlink.proxy.config import Embedded
from gremlink.proxy.embedded import (
    DataInUse,
    EmbeddedRdfStore,
    EmbeddedServerError,
    PortInUse,
    RdfUnreadable,
    embedded_sparql,
    running_sparql,
)
from gremlink.proxy.embedded import directory as directories
from gremlink.proxy.embedded.rdf.names import ADMISSION, DATA
from gremlink.proxy.graph.rdf.client import RdfStore, StoreRefused

LIMIT = 5
"""Seconds of a query."""

SETUP = """
INSERT DATA {
  <http://e/d> <http://e/p> 1 .
  GRAPH <http://e/g1> { <http://e/a> <http://e/p> 1 . <http://e/x> <http://e/p> 9 }
  GRAPH <http://e/g2> { <http://e/b> <http://e/p> 1 . <http://e/x> <http://e/p> 9 }
}
"""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRdfStore]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GREMLINK_ACCESS_TOKEN", "hunter2-hunter2-hunter2")
        server = EmbeddedRdfStore(data_dir=tmp_path_factory.mktemp("rdf"), time_limit=LIMIT)
        server.start()
    yield server
    server.stop()


@pytest.fixture
def store(embedded: EmbeddedRdfStore) -> RdfStore:
    found = client(embedded)
    found.update("CLEAR ALL;" + SETUP)
    return found


def client(embedded: EmbeddedRdfStore) -> RdfStore:
    token = embedded.settings.token
    assert token is not None
    return RdfStore(embedded.settings.addresses(), token=token.get_secret_value())


def send(
    embedded: EmbeddedRdfStore,
    path: str,
    data: bytes | None = None,
    *,
    method: str | None = None,
    token: str | None = "own",
    **headers: str,
) -> tuple[int, str, bytes]:
    """Status, media type and body of an answer."""
    if token == "own":
        secret = embedded.settings.token
        assert secret is not None
        token = secret.get_secret_value()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        named["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(embedded.url + path, data=data, headers=named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Content-Type", ""), error.read()


def subjects(store: RdfStore, query: str = "SELECT ?s { ?s ?p ?o }") -> list[str]:
    return sorted(row[0].value[-1] for row in store.select(query) if isinstance(row[0], Iri))


def gone(pid: int, seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_the_default_graph_is_the_union(store: RdfStore) -> None:
    assert set(subjects(store)) == {"a", "b", "d", "x"}
    assert subjects(store, "SELECT ?s FROM <http://e/g1> { ?s ?p ?o }") == ["a", "x"]
    named = "SELECT ?s FROM NAMED <http://e/g2> { GRAPH ?g { ?s ?p ?o } }"
    assert subjects(store, named) == ["b", "x"]
    rows = store.select("SELECT ?s { ?s ?p ?o }", default_graphs=["http://e/g1"])
    assert len(list(rows)) == 2


UPDATES = {
    "DELETE WHERE { ?s ?p 9 }": "abd",
    "DELETE DATA { <http://e/x> <http://e/p> 9 }": "abd",
    "DELETE { ?s ?p ?o } INSERT { ?s ?p 2 } WHERE { ?s ?p ?o FILTER(?o > 5) }": "abdx",
    "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }": "d",
    "WITH <http://e/g1> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }": "bdx",
    "PREFIX e: <http://e/> # {\n"
    "INSERT { e:n e:p ?s } WHERE { ?s e:p 9 }; DELETE WHERE { ?s ?p 1 }": "nx",
    "DROP GRAPH <http://e/g1>; DELETE WHERE { ?s ?p 9 }": "bd",
    "CLEAR ALL; INSERT DATA { <http://e/z> <http://e/p> '};{' }": "z",
}
"""Updates, and the subjects that are left."""


@pytest.mark.parametrize("update", UPDATES)
def test_updates_find_and_delete_in_all_graphs(store: RdfStore, update: str) -> None:
    store.update(update)
    assert "".join(sorted({*subjects(store)})) == UPDATES[update]


def test_relative_iris_are_relative_to_the_address(
    embedded: EmbeddedRdfStore, store: RdfStore
) -> None:
    store.update("INSERT DATA { GRAPH <g> { <a> <p> 1 } }; DELETE WHERE { <x> ?p ?o }")
    address = f"{embedded.url}/update"
    query = f"SELECT ?g {{ GRAPH ?g {{ ?s <{embedded.url}/p> 1 }} }}"
    assert list(store.select(query)) == [(Iri(f"{embedded.url}/g"),)]
    assert store.ask(f"BASE <{address}> ASK {{ <a> <p> 1 }}")
    assert list(store.select("SELECT ?x { BIND(<x> AS ?x) }")) == [(Iri(f"{embedded.url}/x"),)]


def test_an_update_that_is_wrong_later_changes_nothing(store: RdfStore) -> None:
    before = subjects(store)
    with pytest.raises(StoreRefused, match="answered 400"):
        store.update("DELETE WHERE { ?s ?p ?o }; nonsense")
    assert subjects(store) == before


def test_datasets_of_an_update_are_parameters(embedded: EmbeddedRdfStore, store: RdfStore) -> None:
    update = "INSERT { <http://e/n> <http://e/p> ?s } WHERE { ?s <http://e/p> 1 }"
    form = urlencode({"update": update, "using-graph-uri": "http://e/g2"}).encode()
    assert send(embedded, "/update", form)[0] == 204
    rows = list(store.select("SELECT ?o { <http://e/n> <http://e/p> ?o }"))
    assert rows == [(Iri("http://e/b"),)]
    form = urlencode({"update": f"WITH <http://e/g1> {update}", "using-graph-uri": "http://e/g"})
    assert send(embedded, "/update", form.encode())[0] == 400


FORMATS = [
    ("application/sparql-results+json", b'{"head"'),
    ("application/sparql-results+xml", b"<?xml"),
    ("text/csv", b"s\r\n"),
    ("text/tab-separated-values", b"?s\n"),
    ("*/*", b'{"head"'),
    ("text/turtle, application/sparql-results+xml;q=0.3, text/csv;q=0.9", b"s\r\n"),
    ("", b'{"head"'),
]


@pytest.mark.parametrize(("accept", "begin"), FORMATS, ids=[each for each, _ in FORMATS])
@pytest.mark.parametrize("way", ["GET", "form", "direct", "sparql"])
@pytest.mark.usefixtures("store")
def test_queries_by_every_way_in_every_format(
    embedded: EmbeddedRdfStore, way: str, accept: str, begin: bytes
) -> None:
    query = "SELECT ?s { ?s <http://e/p> 1 }"
    path = "/sparql" if way == "sparql" else "/query"
    if way == "GET":
        status, kind, body = send(embedded, f"{path}?{urlencode({'query': query})}", Accept=accept)
    elif way == "direct":
        content = "application/sparql-query; charset=utf-8"
        status, kind, body = send(
            embedded, path, query.encode(), Accept=accept, Content_Type=content
        )
    else:
        form = urlencode({"query": query}).encode()
        status, kind, body = send(embedded, path, form, Accept=accept)
    assert status == 200
    assert body.startswith(begin)
    if accept in kind:
        assert kind.partition(";")[0] == (accept or kind.partition(";")[0])


@pytest.mark.parametrize(
    ("accept", "begin"),
    [
        ("text/turtle", b"<"),
        ("application/n-triples", b"<"),
        ("application/rdf+xml", b"<?xml"),
        ("*/*", b"<"),
    ],
)
@pytest.mark.usefixtures("store")
def test_graphs_in_every_format(embedded: EmbeddedRdfStore, accept: str, begin: bytes) -> None:
    for query in ("CONSTRUCT WHERE { ?s ?p 1 }", "DESCRIBE <http://e/a>"):
        form = urlencode({"query": query}).encode()
        status, kind, body = send(embedded, "/query", form, Accept=accept)
        assert (status, body[: len(begin)]) == (200, begin)
        assert accept in (kind.partition(";")[0], "*/*")


WRONG = [
    ("no query", "/query", None, {}, 400),
    ("two", "/query", urlencode([("query", "ASK {}"), ("query", "ASK {}")]).encode(), {}, 400),
    ("both", "/query", urlencode({"query": "ASK {}", "update": "CLEAR ALL"}).encode(), {}, 400),
    ("no SPARQL", "/query", urlencode({"query": "SELECT"}).encode(), {}, 400),
    ("no format", "/query", urlencode({"query": "ASK {}"}).encode(), {"Accept": "image/png"}, 406),
    ("kind", "/query", b"ASK {}", {"Content_Type": "text/plain"}, 415),
    ("no UTF-8", "/query", b"ASK {} #\xff", {"Content_Type": "application/sparql-query"}, 400),
    ("update by GET", f"/update?{urlencode({'update': 'CLEAR ALL'})}", None, {}, 405),
    ("no IRI", "/query?default-graph-uri=a%20b", b"query=ASK%20%7B%7D", {}, 400),
    ("path", "/elsewhere", None, {}, 404),
    ("no graph", "/store?graph=http://e/none", None, {}, 404),
]


@pytest.mark.parametrize(
    ("path", "data", "headers", "status"), [each[1:] for each in WRONG], ids=[e[0] for e in WRONG]
)
def test_wrong_requests(
    embedded: EmbeddedRdfStore,
    store: RdfStore,
    path: str,
    data: bytes | None,
    headers: dict[str, str],
    status: int,
) -> None:
    before = subjects(store)
    found, _, body = send(embedded, path, data, **headers)
    assert found == status
    assert body.strip()
    assert subjects(store) == before


def test_graphs_are_read_added_replaced_and_deleted(
    embedded: EmbeddedRdfStore, store: RdfStore
) -> None:
    turtle = {"Content_Type": "text/turtle"}
    assert send(embedded, "/store?graph=http://e/n", b"<#a> <#p> 1 .", **turtle)[0] == 201
    assert send(embedded, "/store?graph=http://e/n", b"<#b> <#p> 1 .", **turtle)[0] == 204
    body = send(embedded, "/store?graph=http://e/n", Accept="application/n-triples")[2]
    assert len(body.splitlines()) == 2
    status = send(embedded, "/store?graph=http://e/n", b"<#b> wrong", method="PUT", **turtle)[0]
    assert status == 400
    assert len(send(embedded, "/store?graph=http://e/n")[2].splitlines()) == 2
    send(embedded, "/store?graph=http://e/n", b"<#c> <#p> 1 .", method="PUT", **turtle)
    assert subjects(store, "SELECT ?s { GRAPH <http://e/n> { ?s ?p ?o } }") == ["c"]
    # The default graph is the union, also here.
    union = send(embedded, "/store?default", Accept="application/n-triples")[2]
    assert b"<http://e/n#c>" in union
    assert send(embedded, "/store", Accept="application/n-quads")[2].count(b"\n") == 6
    assert send(embedded, "/store?graph=http://e/n", method="DELETE")[0] == 204
    assert send(embedded, "/store?graph=http://e/n", method="DELETE")[0] == 404
    assert send(embedded, "/store?default", method="PATCH")[0] == 405


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Host": "evil.example"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
    ],
    ids=str,
)
@pytest.mark.parametrize("token", [None, "wrong", "ü"])
def test_nothing_is_answered_without_the_token(
    embedded: EmbeddedRdfStore, store: RdfStore, token: str | None, headers: dict[str, str]
) -> None:
    """A form is what a page of any origin can send without asking (CORS)."""
    before = subjects(store)
    given = None if token is None or token == "ü" else token
    for path, data in (
        ("/update", urlencode({"update": "CLEAR ALL"}).encode()),
        ("/query", urlencode({"query": "ASK {}"}).encode()),
        ("/store?default", None),
        ("/elsewhere", None),
    ):
        status, _, body = send(embedded, path, data, token=given, **headers)
        assert status == 401
        assert b"token" in body
    assert subjects(store) == before


def test_only_its_user_reads_the_token(embedded: EmbeddedRdfStore) -> None:
    file = embedded.log_path.with_name(ADMISSION)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = embedded.settings.token
    assert token is not None
    command = Path(f"/proc/{embedded.pid}/cmdline").read_bytes()
    environment = Path(f"/proc/{embedded.pid}/environ").read_bytes()
    assert token.get_secret_value().encode() not in command + environment
    assert b"hunter2" not in environment


def test_it_listens_on_this_machine_alone(embedded: EmbeddedRdfStore) -> None:
    lines = Path("/proc/net/tcp").read_text().splitlines()
    port = f":{embedded.port:04X}"
    listening = " 00000000:0000 0A "
    (line,) = [line for line in lines if port in line.partition(listening)[0] and listening in line]
    assert f"0100007F{port}" in line


def many(store: RdfStore, count: int = 300) -> None:
    rows = "".join(f"<http://e/{n}> <http://e/q> <http://e/{n % 7}> .\n" for n in range(count))
    store.add(rows.encode(), None)


ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o }"


def test_queries_run_beside_each_other_and_slow_ones_end(
    embedded: EmbeddedRdfStore, store: RdfStore
) -> None:
    many(store)
    slow: list[Exception] = []

    def ask_slowly() -> None:
        try:
            list(store.select(ENDLESS))
        except StoreRefused as refused:
            slow.append(refused)

    threads = [threading.Thread(target=ask_slowly) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    begun = time.monotonic()
    assert store.ask("ASK { <http://e/d> ?p ?o }")
    assert time.monotonic() - begun < 1.5
    for thread in threads:
        thread.join(30)
    assert [str(each) for each in slow] == [str(slow[0])] * 3
    assert f"503: the query has given nothing for {LIMIT} seconds" in str(slow[0])
    # Their threads cannot be ended: the process begins anew in its place, with what was written.
    deadline = time.monotonic() + 30
    pid = embedded.pid
    while time.monotonic() < deadline and _cpu(pid) > 0.5:
        time.sleep(0.2)
    assert _cpu(pid) < 0.5
    assert embedded.running
    assert embedded.pid == pid
    assert len(subjects(store)) == 306 - 1


def _cpu(pid: int | None) -> float:
    """Processors that a process uses."""

    def ticks() -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    first = ticks()
    time.sleep(0.5)
    return (ticks() - first) / os.sysconf("SC_CLK_TCK") / 0.5


def test_a_long_result_is_streamed(embedded: EmbeddedRdfStore, store: RdfStore) -> None:
    many(store)
    rows = store.select("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }")
    first = next(rows)
    assert len(first) == 12
    rows.close()  # type: ignore[attr-defined]
    assert store.ask("ASK {}")


def test_large_graphs_are_loaded_in_bulk_or_not_at_all(store: RdfStore) -> None:
    store.update("CLEAR ALL")
    store.add(b"", "http://e/g")
    rows = [f'<http://e/{n}> <http://e/long/{n % 50}> "{n:60}" .\n'.encode() for n in range(6_000)]
    with pytest.raises(StoreRefused, match="answered 400"):
        store.add(b"".join(rows) + b"rubbish", "http://e/g")
    assert not store.ask("ASK { ?s ?p ?o }")
    for _ in range(2):
        store.add(b"".join(rows), "http://e/g")
        assert len(list(store.select("SELECT ?s { GRAPH <http://e/g> { ?s ?p ?o } }"))) == 6_000


def test_data_outlives_a_restart_and_a_kill(tmp_path: Path) -> None:
    with EmbeddedRdfStore(data_dir=tmp_path) as running:
        client(running).update("INSERT DATA { <http://e/a> <http://e/p> 'kept' }")
        token = running.settings.token
    with EmbeddedRdfStore(data_dir=tmp_path) as running:
        assert running.settings.token == token
        found = client(running)
        assert list(found.select("SELECT ?o { ?s ?p ?o }")) == [(RdfLiteral("kept"),)]
        found.update("INSERT DATA { <http://e/b> <http://e/p> 'too' }")
        assert running.pid is not None
        os.kill(running.pid, signal.SIGKILL)
    with EmbeddedRdfStore(data_dir=tmp_path) as running:
        assert len(list(client(running).select("SELECT ?o { ?s ?p ?o }"))) == 2


PARENT = """
import sys
from pathlib import Path
from gremlink.proxy.embedded import EmbeddedRdfStore
server = EmbeddedRdfStore(data_dir=Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.send_signal(number)
    parent.communicate(timeout=30)
    assert gone(pid)
    with EmbeddedRdfStore(data_dir=tmp_path) as running:
        assert running.running


def test_one_store_for_one_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directories, "LOCK_TIMEOUT", 0.2)
    with (
        EmbeddedRdfStore(data_dir=tmp_path),
        pytest.raises(DataInUse, match="another RDF store works on"),
    ):
        EmbeddedRdfStore(data_dir=tmp_path).start()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=r"embedded\.sparql_port"):
            EmbeddedRdfStore(data_dir=tmp_path, port=port).start()


def test_data_that_cannot_be_kept_or_opened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServerError, match="cannot keep data in"):
        EmbeddedRdfStore(data_dir=tmp_path / "file" / "below").start()
    broken = tmp_path / "broken"
    with EmbeddedRdfStore(data_dir=broken):
        pass
    (broken / DATA / "CURRENT").write_text("nonsense")
    with pytest.raises(RdfUnreadable, match="cannot be opened"):
        EmbeddedRdfStore(data_dir=broken).start()


def test_temporary_data_is_gone_afterwards() -> None:
    with EmbeddedRdfStore() as running:
        folder = running.log_path.parent
        assert folder.is_dir()
    assert not folder.exists()


def test_the_command_is_found_by_the_others(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Embedded(sparql_directory=tmp_path / "data", sparql_port=port)
    assert embedded_sparql(settings) is None
    command = [sys.executable, "-m", "gremlink", "sparql-server", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--data", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert "listens at" in process.stdout.readline()
        found = running_sparql(settings)
        assert found is not None
        assert found == embedded_sparql(settings)
        assert found.token is not None
        store = RdfStore(found.addresses(), token=found.token.get_secret_value())
        assert store.ask("ASK {}")
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert running_sparql(settings) is None
    assert process.returncode == 0
    assert str(tmp_path / "data" / ADMISSION) in errors
    assert "Traceback" not in errors
