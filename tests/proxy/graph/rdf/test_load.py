"""Files of RDF into a store: every format, plain and packed, files and folders, mistakes."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from oxigraph_server import StoreAddresses

from gremlink.grammar.sparql.terms import Iri, RdfLiteral, Term
from gremlink.proxy.graph import FileProblem
from gremlink.proxy.graph.limits import limits, use_limits
from gremlink.proxy.graph.rdf import load as loading
from gremlink.proxy.graph.rdf.client import RdfStore, StoreRefused, StoreUnreachable
from gremlink.proxy.graph.rdf.formats import FORMATS, SKOLEM, format_of
from gremlink.proxy.graph.rdf.load import NEPTUNE_GRAPH, load_rdf

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TEXTS = {
    "ntriples": '<http://e/a> <http://e/p> <http://e/b> .\n<http://e/a> <http://e/q> "x"@en .\n',
    "nquads": '<http://e/a> <http://e/p> <http://e/b> .\n<http://e/a> <http://e/q> "x"@en .\n',
    "turtle": '@prefix e: <http://e/> .\ne:a e:p e:b ; e:q "x"@en .\n',
    "trig": '@prefix e: <http://e/> .\n{ e:a e:p e:b ; e:q "x"@en . }\n',
    "rdfxml": f"""<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="{RDF}" xmlns:e="http://e/">
  <rdf:Description rdf:about="http://e/a">
    <e:p rdf:resource="http://e/b"/><e:q xml:lang="en">x</e:q>
  </rdf:Description>
</rdf:RDF>
""",
}
"""The same two statements in every format."""
STATEMENTS: set[tuple[Term | None, ...]] = {
    (Iri("http://e/a"), Iri("http://e/p"), Iri("http://e/b")),
    (Iri("http://e/a"), Iri("http://e/q"), RdfLiteral("x", language="en")),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
}


def stored(store: RdfStore) -> set[tuple[Term | None, ...]]:
    return set(store.select("SELECT ?s ?p ?o { ?s ?p ?o }"))


def graphs(store: RdfStore) -> set[str]:
    rows = store.select("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }")
    return {row[0].value for row in rows if isinstance(row[0], Iri)}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("says", ["suffix", "format"])
def test_every_format_is_loaded(
    store: RdfStore, tmp_path: Path, name: str, packed: str, says: str
) -> None:
    suffix = FORMATS[name].suffixes[0] if says == "suffix" else ".data"
    file = tmp_path / f"file{suffix}{packed}"
    file.write_bytes(PACKED[packed](TEXTS[name].encode()))
    form = name if says == "format" else None
    report = load_rdf(store, file, form=form)
    assert (report.statements, report.files, report.warnings) == (2, 1, ())
    assert stored(store) == STATEMENTS
    assert graphs(store) == set()
    load_rdf(store, tmp_path, form=form, graph=NEPTUNE_GRAPH)
    assert graphs(store) == {NEPTUNE_GRAPH}


@pytest.mark.parametrize("name", FORMATS)
def test_the_first_bytes_tell_a_format(tmp_path: Path, name: str) -> None:
    file = tmp_path / "unnamed"
    file.write_bytes(b"\xef\xbb\xbf" + TEXTS[name].encode())
    found = format_of(file)
    assert found is not None
    assert found.takes(FORMATS[name])


@pytest.mark.parametrize("suffix", [".owl", ".rdf", ".xml"])
def test_turtle_under_a_name_of_xml_is_turtle(store: RdfStore, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"ontology{suffix}"
    file.write_text("# an ontology\n" + TEXTS["turtle"])
    load_rdf(store, file)
    assert stored(store) == STATEMENTS


def test_named_graphs_are_kept(store: RdfStore, tmp_path: Path) -> None:
    lines = [f'<http://e/a> <http://e/p> "{n}" <http://e/g{n}> .' for n in range(20)]
    (tmp_path / "many.nq").write_text("\n".join([*lines, "<http://e/a> <http://e/p> 'x' ."]))
    (tmp_path / "many.nq").write_text("\n".join([*lines, '<http://e/a> <http://e/p> "x" .']))
    (tmp_path / "one.trig").write_text('<http://e/t> { <http://e/a> <http://e/p> "t" }')
    report = load_rdf(store, tmp_path, graph="http://e/others")
    assert report.statements == 22
    assert graphs(store) == {f"http://e/g{n}" for n in range(20)} | {
        "http://e/t",
        "http://e/others",
    }


BLANK = """@prefix e: <http://e/> .
e:a e:p [ e:q 1 ; e:r _:one ] , _:one , ( 1 2 ) , [] .
_:one e:q 2 .
_:0123456789abcdef0123456789abcdef e:q _:0123456789abcdef0123456789abcdef .
"""


def test_a_second_load_changes_nothing(store: RdfStore, tmp_path: Path) -> None:
    (tmp_path / "blank.ttl").write_text(BLANK)
    load_rdf(store, tmp_path)
    first = stored(store)
    assert len(first) == 12
    assert not [row for row in first if not all(isinstance(each, Iri | RdfLiteral) for each in row)]
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    (elsewhere / "copy.ttl.gz").write_bytes(gzip.compress(BLANK.encode()))
    load_rdf(store, elsewhere / "copy.ttl.gz")
    assert stored(store) == first
    # A label is another node in another document.
    (elsewhere / "other.ttl").write_text("_:one <http://e/q> 3 .")
    load_rdf(store, elsewhere / "other.ttl")
    (new,) = stored(store) - first
    assert isinstance(new[0], Iri)
    assert new[0].value.startswith(SKOLEM)
    assert new[0] not in {row[0] for row in first}


def test_relative_iris_need_a_base(store: RdfStore, tmp_path: Path) -> None:
    file = tmp_path / "relative.ttl"
    file.write_text("<a> <#p> <../b> .")
    with pytest.raises(FileProblem, match=r"relative.ttl:1:1: .*baseUri"):
        load_rdf(store, file)
    load_rdf(store, file, base="http://e/x/y")
    assert stored(store) == {(Iri("http://e/x/a"), Iri("http://e/x/y#p"), Iri("http://e/b"))}


MISTAKES = {
    "ntriples": ('<http://e/a> <http://e/p> "1" .\n<http://e/a> <b c> "2" .\n', 2, 14),
    "nquads": ('<http://e/a> <http://e/p> "1" .\n\nrubbish\n', 3, 1),
    "turtle": ("@prefix e: <http://e/> .\n\ne:a e:p e:b ;;\n  f:p e:c .\n", 4, 3),
    "trig": ("@prefix e: <http://e/> .\ne:g { e:a e:p }\n", 2, 15),
    "rdfxml": (TEXTS["rdfxml"].replace("<e:q", "<f:q").replace("</e:q", "</f:q"), 4, 55),
}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_have_a_place_and_change_nothing(
    store: RdfStore, tmp_path: Path, name: str, packed: str
) -> None:
    text, line, column = MISTAKES[name]
    (tmp_path / "a.nt").write_text(TEXTS["ntriples"])
    (tmp_path / f"b{FORMATS[name].suffixes[0]}{packed}").write_bytes(PACKED[packed](text.encode()))
    with pytest.raises(FileProblem) as wrong:
        load_rdf(store, tmp_path)
    assert (wrong.value.line, wrong.value.column) == (line, column), str(wrong.value)
    assert str(wrong.value).endswith(
        (
            "Declare it at the beginning of the file",
            "Declare it with xmlns in the first element",
            f"Correct it, or name another format if the file is no {FORMATS[name].title}",
        )
    )
    assert stored(store) == set()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'<http://e/a> <http://e/p> "\xe9" .\n', "Save the file as UTF-8"),
        (b"<http://e/a> <http://e/p> <<( <http://e/a> <http://e/b> 1 )>> .\n", "triple as a term"),
        (b'<http://e/a> <http://e/p> "x"@ar--rtl .\n', "direction"),
        (b'<http://e/a> <http://e/p> "open\n', "Correct it"),
    ],
    ids=["not UTF-8", "a triple term", "a direction", "an open string"],
)
def test_what_no_store_takes_is_found_before(
    store: RdfStore, tmp_path: Path, text: bytes, reason: str
) -> None:
    file = tmp_path / "wrong.ttl"
    file.write_bytes(b"<http://e/a> <http://e/p> 1 .\n" + text)
    with pytest.raises(FileProblem, match=reason) as wrong:
        load_rdf(store, file)
    assert wrong.value.line == 2
    assert stored(store) == set()


def test_wrong_statements_can_be_left_out(store: RdfStore, tmp_path: Path) -> None:
    lines = ["<http://e/a> <http://e/p> 1 .", "rubbish", "<http://e/a> <http://e/p> 2 ."]
    (tmp_path / "a.ttl").write_text("\n".join([*lines, "<http://e/a> <http://e/p> 3 ."]))
    problems: list[FileProblem] = []
    report = load_rdf(store, tmp_path, on_problem=problems.append)
    assert [problem.line for problem in problems] == [2]
    assert report.statements == len(stored(store)) >= 2


def test_other_files_of_a_folder_are_listed(store: RdfStore, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "good.nt").write_text(TEXTS["ntriples"])
    (tmp_path / "README.md").write_text("# Read me\n")
    (tmp_path / "people.csv").write_text("~id,~label\na,b\n")
    (tmp_path / "page.xml").write_text('<?xml version="1.0"?><html/>')
    (tmp_path / "data.jsonld").write_text("{}")
    (tmp_path / "archive.zip").write_bytes(b"PK\x03\x04rest")
    (tmp_path / ".hidden.nt").write_text("rubbish")
    (tmp_path / "empty.ttl").touch()
    report = load_rdf(store, tmp_path)
    assert stored(store) == STATEMENTS
    left = "\n".join(report.warnings)
    for name in ("README.md", "people.csv", "page.xml", "data.jsonld", "archive.zip", "empty.ttl"):
        assert name in left
    assert "JSON-LD is not read here" in left


def test_a_format_takes_its_own_files_of_a_folder(store: RdfStore, tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(TEXTS["turtle"])
    (tmp_path / "b.nq").write_text("<http://e/b> <http://e/p> <http://e/b> <http://e/g> .")
    (tmp_path / "c.nt").write_text("<http://e/c> <http://e/p> <http://e/b> .")
    report = load_rdf(store, tmp_path, form="nquads")
    assert report.files == 2
    assert "a.ttl is left out: Turtle, and not N-Quads" in report.warnings[0]


@pytest.mark.parametrize("name", ["folder", "missing", "notes.md"])
def test_nothing_to_load_is_said(store: RdfStore, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.md").write_text("words\n")
    with pytest.raises(FileProblem, match=r"there are no files|there is no such|tell a format"):
        load_rdf(store, tmp_path / name)


@pytest.mark.parametrize("graph", ["relative", "http://e/a b", "", "http://e/>"])
def test_a_graph_is_an_iri(store: RdfStore, tmp_path: Path, graph: str) -> None:
    (tmp_path / "a.nt").write_text(TEXTS["ntriples"])
    with pytest.raises(ValueError, match="is no absolute IRI"):
        load_rdf(store, tmp_path, graph=graph)


def test_a_store_that_is_away_is_known_first(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text("rubbish")
    away = "http://127.0.0.1:1/query"
    with pytest.raises(StoreUnreachable):
        load_rdf(RdfStore(StoreAddresses(away, away, away)), tmp_path)


def test_a_broken_load_says_what_is_there(
    store: RdfStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "BATCH_BYTES", 100)
    lines = "".join(f"<http://e/a> <http://e/p> <http://e/{n}> .\n" for n in range(10))
    (tmp_path / "a.nt").write_text(lines)
    add = store.add

    def refuse(data: bytes, graph: str | None) -> None:
        if b"/6>" in data:
            raise StoreRefused(store.url, 507, "disk full")
        add(data, graph)

    monkeypatch.setattr(store, "add", refuse)
    with pytest.raises(StoreRefused, match=r"disk full.*a.nt.*at least 6 of the 10 statements"):
        load_rdf(store, tmp_path)
    assert len(stored(store)) == 6


def test_an_interruption_says_what_is_there(
    store: RdfStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(data: bytes, graph: str | None) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.nt").write_text(TEXTS["ntriples"])
    monkeypatch.setattr(store, "add", interrupt)
    with pytest.raises(KeyboardInterrupt, match="at least 0 of the 2 statements"):
        load_rdf(store, tmp_path)


def test_large_files_are_loaded_in_batches(
    store: RdfStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "BATCH_BYTES", 10_000)
    file = tmp_path / "many.nt"
    with file.open("w") as out:
        out.writelines(f'<http://e/{n}> <http://e/p> "{n}" .\n' for n in range(20_000))
    told: list[tuple[str, int, int | None]] = []
    report = load_rdf(store, file, progress=lambda *each: told.append(each))
    assert report.statements == 20_000
    (row,) = store.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert isinstance(row[0], RdfLiteral)
    assert row[0].lexical == "20000"
    assert told[-1] == ("statements", 20_000, 20_000)
    assert ("statements read", 10_000, None) in told


def test_files_have_the_limits_of_all_files(store: RdfStore, tmp_path: Path) -> None:
    before = limits()
    text = "".join(f"<http://e/{n}> <http://e/p> 1 .\n" for n in range(2000))
    (tmp_path / "a.ttl.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "long.ttl").write_text(f'<http://e/a> <http://e/p> "{"x" * 70_000}" .\n')
    try:
        use_limits(replace(before, unpacked=20_000))
        with pytest.raises(FileProblem, match=r"limits\.max_unpacked_bytes"):
            load_rdf(store, tmp_path / "a.ttl.gz")
        use_limits(replace(before, cell=10_000))
        with pytest.raises(FileProblem, match=r"limits\.max_cell_characters"):
            load_rdf(store, tmp_path / "long.ttl")
    finally:
        use_limits(before)
    assert stored(store) == set()
