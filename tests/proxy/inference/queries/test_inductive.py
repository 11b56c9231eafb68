"""What is read of the live graph for an inductive inference, and what is made of it."""

from __future__ import annotations

import pytest
from answering import Answered, as_script, drive, known, row

from gremlink.grammar import script
from gremlink.grammar.traversal import Argument, Entries, Items, Kind, Literal
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import (
    Edge,
    PredictLinks,
    PredictProperty,
    PrepareInductive,
    PrepareLinks,
)
from gremlink.proxy.inference.errors import InvalidParameter, UnsupportedOperation
from gremlink.proxy.inference.live_graph import Neighbourhood, ReadLinks, ReadVertex, Scope
from gremlink.proxy.inference.queries import neighbourhood
from gremlink.proxy.wire.mime import GRAPHBINARY
from gremlink.proxy.wire.request import RequestMessage

SCOPE = Scope(2, (2, 1), ("KNOWS",), ("age",))
LINKS = 'g.with("Neptune#ml.endpoint", "e").V().out("KNOWS").with("Neptune#ml.prediction")'
INDUCTIVE = '.with("Neptune#ml.inductiveInference")'
GRAPH = [
    [row(v="a", n=known("b"))],
    [row(v="a", l="P", p=row(age=known("30")), o0=known("b", "c", "d"), i0=known())],
    [
        row(v="b", l="P", p=row(), o0=known(), i0=known("a")),
        row(v="c", l="P", p=row(), o0=known("x"), i0=known("a", "y")),
    ],
    [row(v="x", l="Q", p=row())],
]
"""Of vertex a, its neighbours, and theirs, what the queries find in their order."""


def answered(more: str = INDUCTIVE, scope: Scope = SCOPE, text: str = LINKS) -> Answered:
    return drive(as_script(f'{text}{more}.hasLabel("P")'), GRAPH, scope=scope)


def prediction(found: Answered) -> PredictLinks:
    (command,) = [each for each in found.commands if isinstance(each, PredictLinks)]
    return command


def test_neighbours_are_read_distance_by_distance() -> None:
    read = prediction(answered()).neighbourhood
    assert read == Neighbourhood(
        (
            ReadVertex(string("a"), "P", {"age": ("30",)}),
            ReadVertex(string("b"), "P", {}),
            ReadVertex(string("c"), "P", {}),
            ReadVertex(string("x"), "Q", {}),
        ),
        (
            links("a", "out", "b", "c", complete=False),
            links("a", "in"),
            links("b", "out"),
            links("b", "in", "a"),
            links("c", "out", "x"),
            links("c", "in", "a", complete=False),
        ),
        size=4 + 4 + 2 + 5,
    )
    assert str(read) == "4 vertices, 5 links, 15 bytes"


def string(text: str) -> Literal:
    return Literal.string(text)


def links(vertex: str, direction: str, *others: str, complete: bool = True) -> ReadLinks:
    ends = tuple(map(string, others))
    return ReadLinks(string(vertex), "KNOWS", direction, ends, complete)  # type: ignore[arg-type]


def texts(found: Answered) -> list[str]:
    """Our queries, with the quotes that read better in Python."""
    return [text.replace("'", '"') for text in found.asked]


def test_the_queries() -> None:
    _, first, second, last = texts(answered())
    start = 'g.V(gremlink_vertices).project("v", "l", "p"'
    ways = '.by(__.id()).by(__.label()).by(__.valueMap("age"))'
    assert first == (
        f'{start}, "o0", "i0"){ways}'
        '.by(__.out("KNOWS").dedup().sample(3).id().fold())'
        '.by(__.in("KNOWS").dedup().sample(3).id().fold())'
    )
    assert second == first.replace("sample(3)", "sample(2)")
    assert last == f"{start}){ways}"


def test_deterministic_takes_the_first() -> None:
    found = answered(INDUCTIVE + '.with("Neptune#ml.deterministic")')
    assert "dedup().order().by(T.id).limit(3).id().fold()" in texts(found)[1]
    assert "sample" not in texts(found)[1]


@pytest.mark.parametrize(
    "more",
    [
        "",
        '.with("Neptune#ml.deterministic")',
        '.with("Neptune#ml.inductiveInference", false)',
        '.with("Neptune#ml.disableInductiveInferenceMetadataCache")',
    ],
)
def test_nothing_is_read_if_it_is_not_asked_for(more: str) -> None:
    found = answered(more)
    assert len(found.asked) == 1
    assert prediction(found).neighbourhood is None
    assert not [each for each in found.commands if isinstance(each, PrepareInductive)]


def test_the_metadata_come_before_the_model() -> None:
    """What cannot be read of them has an error of its own, which the model's would hide."""
    kinds = [type(each) for each in answered().commands]
    assert kinds.index(PrepareInductive) < kinds.index(PrepareLinks)


def test_the_metadata_may_have_to_be_read_again() -> None:
    def fresh(text: str) -> bool:
        found = drive(as_script(f'{text}{INDUCTIVE}.hasLabel("P")'), GRAPH, scope=SCOPE)
        (command,) = [each for each in found.commands if isinstance(each, PrepareInductive)]
        return command.fresh

    assert not fresh(LINKS)
    option = 'with("Neptune#ml.disableInductiveInferenceMetadataCache")'
    assert fresh(LINKS.replace("g.", f"g.{option}."))


def test_without_properties_and_without_links() -> None:
    scope = Scope(0, (), (), ())
    rows = [GRAPH[0], [row(v="a", l="P")]]
    found = drive(as_script(f'{LINKS}{INDUCTIVE}.hasLabel("P")'), rows, scope=scope)
    assert texts(found)[1] == 'g.V(gremlink_vertices).project("v", "l").by(__.id()).by(__.label())'
    read = prediction(found).neighbourhood
    assert read == Neighbourhood((ReadVertex(string("a"), "P", {}),), (), 2)


def test_nobody_is_read_around_nobody() -> None:
    found = drive(as_script(f'{LINKS}{INDUCTIVE}.hasLabel("P")'), [[]], scope=SCOPE)
    assert len(found.asked) == 1


def test_bytecode_carries_the_ids_as_arguments() -> None:
    traversal = script.parse(f'{LINKS}{INDUCTIVE}.hasLabel("P")').single
    assert traversal is not None
    request = RequestMessage(
        GRAPHBINARY, as_script("").request_id, "bytecode", "traversal", {"gremlin": traversal}
    )
    found = drive(request, GRAPH, scope=SCOPE)
    assert texts(found)[1].startswith('g.V("a").project(')
    assert texts(found)[2].startswith('g.V("b", "c").project(')


def test_many_vertices_are_asked_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = prediction(answered()).neighbourhood
    monkeypatch.setattr(neighbourhood, "TOGETHER", 1)
    rows = [*GRAPH[:2], [GRAPH[2][0]], [GRAPH[2][1]], GRAPH[3]]
    found = drive(as_script(f'{LINKS}{INDUCTIVE}.hasLabel("P")'), rows, scope=SCOPE)
    assert len(found.asked) == 5
    assert prediction(found).neighbourhood == expected


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbourhood, "PAYLOAD_LIMIT", 9)
    with pytest.raises(UnsupportedOperation, match=r"more than 9 bytes \(3 vertices"):
        answered()
    monkeypatch.setattr(neighbourhood, "PAYLOAD_LIMIT", 15)
    answered()


def test_a_switch_is_no_number() -> None:
    with pytest.raises(InvalidParameter, match="takes nothing, true or false, found 1"):
        answered('.with("Neptune#ml.inductiveInference", 1)')


def test_steps_that_a_deployment_holds_for_unoptimised() -> None:
    settings = Settings(unoptimised=frozenset(("hasNot", "coin")))
    query = LINKS.replace(".V()", ".V().hasNot('age')")
    with pytest.raises(UnsupportedOperation) as caught:
        drive(as_script(f'{query}{INDUCTIVE}.hasLabel("P")'), [], settings=settings)
    assert str(caught.value) == (
        "Neptune ML - Real-Time Inductive Inference queries are currently not supported with"
        " Gremlin steps which are not optimized for Neptune. Check the Neptune User Guide for a"
        " list of Neptune-optimized steps."
    )
    for text, more in ((query, ""), (LINKS, INDUCTIVE)):
        drive(as_script(f'{text}{more}.hasLabel("P")'), GRAPH, settings=settings, scope=SCOPE)


def test_edges_are_read_with_their_ends_and_their_properties() -> None:
    scope = Scope(1, (2,), ("rated", "knows"), (), ("when",), ("rated", "stars"))
    rows: list[list[Argument]] = [
        [row(v="e", s="u", t="f", l="rated", p=row(when="noon"))],
        [
            row(
                v="u", l="U", o0=Items("list", (rated("f"), rated("g", 4))), i0=known(), o1=known()
            ),
            row(v="f", l="F", o0=known(), i0=Items("list", (rated("u"),)), i1=known()),
        ],
        [row(v="g", l="F")],
    ]
    text = 'g.with("Neptune#ml.endpoint", "e").E("e").properties("stars")'
    request = as_script(f'{text}.with("Neptune#ml.regression"){INDUCTIVE}')
    found = drive(request, rows, scope=scope, element="edge", values=lambda _: [])
    inputs, first, _ = texts(found)
    assert inputs.endswith('.by(__.label()).by(__.valueMap("when"))')
    valued = '.by(__.outE("rated").sample(3).project("v", "p").by(__.inV().id())'
    assert f'{valued}.by(__.values("stars").fold()).fold())' in first
    assert '.by(__.out("knows").dedup().sample(3).id().fold())' in first
    (command,) = [each for each in found.commands if isinstance(each, PredictProperty)]
    (edge,) = command.inputs
    assert edge == Edge(string("e"), "rated", string("u"), string("f"), {"when": ("noon",)})
    assert command.neighbourhood is not None
    out, *_ = command.neighbourhood.links
    assert out == ReadLinks(
        string("u"), "rated", "out", (string("f"), string("g")), True, ((), ("4",))
    )


def rated(film: str, *stars: int) -> Entries:
    values = Items("list", tuple(Literal(Kind.INT, number) for number in stars))
    return row(v=film, p=values)
