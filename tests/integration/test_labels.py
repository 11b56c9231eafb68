"""Vertices of several labels: loaded, exported, learned, and found by what the database's own
`hasLabel` finds them by. TinkerGraph has one label `Admin::Person`."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from gremlin_python.driver.client import Client
from ways import WAYS, Refused, Speakers

from gremlink.proxy.graph import ExportParameters, export_graph, load_csv
from gremlink.proxy.graph.errors import BadParameters
from gremlink.proxy.graph.server.counts import count_graph
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.management.statistics.property_graph import graph_summary
from gremlink.proxy.store.records import Store
from tests.support.served import served

KINDS = {"m": "Admin;Person", "p": "Person", "r": "Person;Admin", "x": "Owner;Admin;Person"}
"""Labels by the first letter of ids, as the files have them."""
EACH = 8
ODD = "A;B"
"""A label of Gremlin's with what stands between labels in files."""
QUICK = TrainingSettings(epochs=2, networks=1, folds=2, width=8)


def write_files(directory: Path) -> None:
    """Vertices of each kind, and edges from each to each."""
    directory.mkdir()
    ids = [f"{kind}{number}" for kind in KINDS for number in range(EACH)]
    (directory / "vertices.csv").write_text(
        "~id,~label,group:String\n"
        + "".join(f"{id},{KINDS[id[0]]},{'ab'[int(id[1:]) % 2]}\n" for id in ids)
    )
    draw = random.Random(7)
    pairs = {(draw.choice(ids), draw.choice(ids)) for _ in range(240)}
    pairs |= {("p0", target) for target in ("p1", "m1")}
    (directory / "edges.csv").write_text(
        "~id,~from,~to,~label\n"
        + "".join(
            f"e{number},{head},{tail},KNOWS\n"
            for number, (head, tail) in enumerate(sorted(pairs))
            if head != tail
        )
    )


@pytest.fixture(scope="module")
def direct(graph_url: str) -> Iterator[Client]:
    with closing(Client(graph_url, "g")) as client:
        yield client


def ask(client: Client, query: str) -> list[Any]:
    found: list[Any] = client.submit(query).all().result()
    return found


@pytest.fixture(scope="module")
def directory(graph_url: str, direct: Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files, an export, and endpoints for links and for a property."""
    directory = tmp_path_factory.mktemp("labels")
    write_files(directory / "csv")
    ask(direct, "g.V().drop().iterate()")
    load_csv(graph_url, directory / "csv")
    for number in range(EACH):
        ask(direct, f"g.addV('{ODD}').property(T.id, 'o{number}').iterate()")
    for number in range(EACH):
        for step in (1, 3):
            ask(
                direct,
                f"g.V('o{number}').addE('KNOWS').to(__.V('o{(number + step) % EACH}')).iterate()",
            )
    target = {"node": "Person::Admin", "property": "group", "type": "classification"}
    parameters = ExportParameters.parse(
        {
            "additionalParams": {
                "neptune_ml": {
                    "jobs": [
                        {"name": "links", "targets": []},
                        {"name": "group", "targets": [target]},
                    ]
                }
            }
        }
    )
    export_graph(graph_url, directory / "export", parameters=parameters)
    store = Store(directory / "store")
    for name, model in (("links", "auto"), ("group", "auto")):
        train(
            directory / "export",
            directory / name,
            model=model,
            settings=QUICK,
            configuration=f"{name}.json",
        )
        store.create_endpoint(name, directory / name)
    return directory


@pytest.fixture(scope="module")
def speakers(graph_url: str, directory: Path) -> Iterator[Speakers]:
    with served(graph_url, directory / "store") as url, closing(Speakers(url)) as speakers:
        yield speakers


LIMIT = 5
SPELLINGS = ("Admin::Person", "Person::Admin", "Person", "Owner::Admin::Person", ODD)
NOWHERE = ("Admin;Person", "Person;Admin", "Admin", "Owner", "Admin::Owner::Person", "A::B", "A")


def query(label: str, has: str = 'hasLabel("{}")', more: str = "", start: str = "p0") -> str:
    return (
        f'g.with("Neptune#ml.endpoint", "links").with("Neptune#ml.limit", {LIMIT})'
        f'.V("{start}").out("KNOWS").with("Neptune#ml.prediction"){more}.{has.format(label)}.id()'
    )


def start_of(label: str) -> str:
    return "o0" if label == ODD else "p0"


@pytest.mark.parametrize(
    ("label", "way"),
    [(label, way) for label in SPELLINGS for way in (WAYS if label == "Person" else WAYS[::3])],
)
def test_what_the_database_finds_is_predicted_up_to_the_limit(
    label: str, way: str, speakers: Speakers, direct: Client
) -> None:
    start = start_of(label)
    found = speakers.ask(
        way,
        query(label, start=start),
        lambda g: (
            g.with_("Neptune#ml.endpoint", "links")
            .with_("Neptune#ml.limit", LIMIT)
            .V(start)
            .out("KNOWS")
            .with_("Neptune#ml.prediction")
            .has_label(label)
            .id_()
        ),
    )
    open_ = ask(
        direct,
        f"g.V().hasLabel('{label}').where(__.not(__.hasId('{start}')))"
        f".where(__.not(__.in('KNOWS').hasId('{start}'))).id()",
    )
    assert len(found) == len(set(found)) == min(LIMIT, len(open_)) > 0
    assert set(found) <= set(open_)


@pytest.mark.parametrize(
    "has",
    [
        'has(T.label, "{}")',
        'hasLabel(P.eq("{}"))',
        'has(T.label, P.eq("{}"))',
        'has("{}", "group", "a")',
    ],
)
@pytest.mark.parametrize("label", SPELLINGS[:3])
def test_however_the_label_is_asked_for(label: str, has: str, speakers: Speakers) -> None:
    found = speakers.ask("script, graphbinary", query(label, has))
    every = speakers.ask("script, graphbinary", query(label))
    assert set(found) <= set(every)
    assert found == every or "group" in has


@pytest.mark.parametrize(
    "more",
    ['.with("Neptune#ml.filterFirst")', '.with("Neptune#ml.inductiveInference")'],
)
@pytest.mark.parametrize("label", SPELLINGS[:3])
def test_with_other_options(label: str, more: str, speakers: Speakers) -> None:
    assert len(speakers.ask("bytecode, graphson-3", *asked(label, more))) == LIMIT


def asked(label: str, more: str) -> tuple[str, Any]:
    key = more.split('"')[1]
    return (
        query(label, more=more),
        lambda g: (
            g.with_("Neptune#ml.endpoint", "links")
            .with_("Neptune#ml.limit", LIMIT)
            .V("p0")
            .out("KNOWS")
            .with_("Neptune#ml.prediction")
            .with_(key)
            .has_label(label)
            .id_()
        ),
    )


@pytest.mark.parametrize(
    "way", ["script, graphbinary", "script, graphson-2", "http, application/vnd.gremlin-v2.0+json"]
)
@pytest.mark.parametrize("label", NOWHERE)
def test_what_finds_nothing_is_refused_with_the_labels_that_there_are(
    label: str, way: str, speakers: Speakers, direct: Client
) -> None:
    assert ask(direct, f"g.V().hasLabel('{label}').count()") == [0]
    with pytest.raises(Refused) as refused:
        speakers.ask(way, query(label))
    message = refused.value.document["detailedMessage"]
    assert f"hasLabel('{label}') finds none" in message
    right = f"'{ODD}'" if label in ("A::B", "A") else "::"
    assert right in message.partition("labelled")[2]


def test_before_anything_is_written(speakers: Speakers, direct: Client) -> None:
    writes = query("Admin").replace('.V("p0")', '.V("p0").property("asked", "yes")')
    with pytest.raises(Refused, match="finds none"):
        speakers.ask("script, graphbinary", writes)
    assert ask(direct, "g.V().has('asked').count()") == [0]


def test_a_new_vertex_is_among_those_of_its_labels(speakers: Speakers, direct: Client) -> None:
    ask(
        direct,
        "g.addV('Admin::Person').property(T.id, 'new').as('n').V('p0').addE('KNOWS').from('n')"
        ".V('p1').addE('KNOWS').to('n').iterate()",
    )
    try:
        wide = query("Admin::Person", more='.with("Neptune#ml.inductiveInference")', start="p1")
        found = speakers.ask("script, graphbinary", wide.replace(f"{LIMIT})", "100)"))
        assert len(found) > 1
        assert "new" not in found  # is linked
        hidden = wide.replace(
            ".hasLabel", '.with("Neptune#ml.filterExistingEdges", false).hasLabel'
        )
        assert "new" in speakers.ask("script, graphbinary", hidden.replace(f"{LIMIT})", "100)"))
    finally:
        ask(direct, "g.V('new').drop().iterate()")


def test_a_property_of_vertices_of_several_labels(speakers: Speakers) -> None:
    found = speakers.ask(
        "script, graphbinary",
        'g.with("Neptune#ml.endpoint", "group").V("m0", "r1").properties("group")'
        '.with("Neptune#ml.classification").value()',
    )
    assert len(found) == 2
    assert set(found) <= {"a", "b"}


def labels_of(folder: Path) -> dict[str, set[str]]:
    """The cells of `~label` by the first letter of ids; one file has all of a type."""
    found: dict[str, set[str]] = {}
    for path in (folder / "nodes").iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["~id"][0], set()).add(row["~label"])
    return found


def test_an_export_has_the_labels_as_they_were_loaded(directory: Path) -> None:
    assert labels_of(directory / "export") == {
        **{kind: {labels} for kind, labels in KINDS.items()},
        "o": {ODD},
    }
    assert len(list((directory / "export" / "nodes").iterdir())) == 4  # in both orders in one


def test_a_target_may_be_spelt_as_gremlin_does(directory: Path) -> None:
    group = json.loads((directory / "export" / "group.json").read_text())
    (labelled,) = [node for node in group["graph"]["nodes"] if node.get("labels")]
    assert labelled["node"][1] == "Admin;Person"


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("Admin;Person", "m"),
        ("Person;Admin", "r"),
        ("Person::Admin", "r"),
        ("Person", "p"),
        (ODD, "o"),
    ],
)
def test_an_export_of_some_labels(
    asked: str, kind: str, graph_url: str, tmp_path: Path, directory: Path
) -> None:
    parameters = ExportParameters.parse({"params": {"nodeLabels": [asked]}})
    export_graph(graph_url, tmp_path / "some", parameters=parameters)
    assert set(labels_of(tmp_path / "some")) == {kind}


def test_the_summary_has_the_labels_that_find_vertices(graph_url: str, direct: Client) -> None:
    labels = graph_summary(count_graph(graph_url))["nodeLabels"]
    assert labels == sorted(set(ask(direct, "g.V().label().dedup()")))
    for label in labels:
        assert ask(direct, f"g.V().hasLabel('{label}').count()") != [0]


def test_an_export_of_labels_that_nothing_has(
    graph_url: str, tmp_path: Path, directory: Path
) -> None:
    parameters = ExportParameters.parse({"params": {"nodeLabels": ["Admin;Nobody"]}})
    with pytest.raises(BadParameters, match="no vertex with the label 'Admin;Nobody'"):
        export_graph(graph_url, tmp_path / "some", parameters=parameters)
