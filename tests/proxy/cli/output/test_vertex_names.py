"""Names of vertices in files: the property that reads like one, by the whole id with its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gremlin_python.process.traversal import Bytecode
from gremlin_python.statics import long

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.cli.output.vertex_names import AT_ONCE, vertex_names

COUNT = AT_ONCE + 20


class Graph:
    """A database of people with names, and of things without."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def submit(self, gremlin: Bytecode, *, seconds: float) -> Iterator[Any]:
        (_, *ids), *_ = gremlin.step_instructions
        self.asked.append(len(ids))
        for id in ids:
            named = [{"key": "name", "value": f"Ann\tLee {id}"}, {"key": "code", "value": "7"}]
            yield {"id": id, "properties": named if isinstance(id, long) else []}


def test_names_of_all_vertices_of_the_types_that_have_some() -> None:
    people = [Literal(Kind.LONG, each) for each in range(COUNT)]
    things = [Literal(Kind.STRING, str(each)) for each in range(3)]
    graph = Graph()
    found = vertex_names(graph, {"Person": people, "Thing": things, "Empty": []})  # type: ignore
    assert found == {each: f"Ann Lee {each.value}" for each in people}
    assert graph.asked == [200, AT_ONCE, 20, 3]
