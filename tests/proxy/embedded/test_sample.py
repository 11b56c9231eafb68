"""The sample graph: 20 people, 25 friendships, no other facts."""

from __future__ import annotations

from gremlink.proxy.embedded.sample import FRIENDS
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
