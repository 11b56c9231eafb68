"""The sample graph: 20 people, 25 friendships, no other facts."""

from __future__ import annotations

import pyoxigraph as ox

from gremlink.proxy.embedded.sample import FRIENDS, FRIENDS_RDF
from gremlink.proxy.graph.files.bulk_csv import EdgeRow, VertexRow, open_bulk_file


def vertices() -> dict[str, VertexRow]:
    rows = list(open_bulk_file(FRIENDS / "users.csv").rows())
    return {row.id: row for row in rows if isinstance(row, VertexRow)}


def test_people() -> None:
    people = vertices()
    assert len(people) == 20
    assert {row.label for row in people.values()} == {"User"}
    assert people["user_19"].sets == {"name": ["Henry"], "interests": ["arts", "comics", "games"]}


def test_friendships() -> None:
    people = vertices().keys()
    rows = list(open_bulk_file(FRIENDS / "friends.csv").rows())
    edges = [row for row in rows if isinstance(row, EdgeRow)]
    assert edges == rows
    assert len({row.id for row in edges}) == 25
    assert {row.label for row in edges} == {"FRIEND"}
    assert {row.source for row in edges} | {row.dest for row in edges} <= people
    # All of Henry's friendships point to him.
    assert not [row for row in edges if row.source == "user_19"]


def test_the_rdf_is_the_same_graph() -> None:
    """Ids, labels, keys and edge labels become IRIs; the rest stays."""
    start, kind = "http://example.org/friends/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

    def iri(name: str) -> str:
        return f"<{start}{name}>"

    wanted = set()
    for id, row in vertices().items():
        wanted.add((iri(id), f"<{kind}>", iri(row.label or "")))
        wanted |= {(iri(id), iri("name"), f'"{name}"') for name in row.sets["name"]}
        wanted |= {(iri(id), iri("interest"), f'"{each}"') for each in row.sets["interests"]}
    for edge in open_bulk_file(FRIENDS / "friends.csv").rows():
        assert isinstance(edge, EdgeRow)
        wanted.add((iri(str(edge.source)), iri("friend"), iri(str(edge.dest))))
    (file,) = FRIENDS_RDF.iterdir()
    found = ox.parse(path=file)
    assert {(str(t.subject), str(t.predicate), str(t.object)) for t in found} == wanted
