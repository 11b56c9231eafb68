"""The rewritten query has the solutions of the query joined with all predictions of the model.

The reference puts the whole table of predictions in the place of a block, for inputs that the
query comes to and for all others. The proxy asks for the inputs first. Both run on one store.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pyoxigraph as ox
import pytest
from sparql_answering import SETTINGS, Model, answered
from sparql_queries import Writer

from gremlink.grammar.sparql.structure import Element
from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.commands import PrepareLinks
from gremlink.proxy.inference.errors import BadRequest
from gremlink.proxy.inference.sparql.answer import rewritten
from gremlink.proxy.inference.sparql.plan import analyse_sparql
from gremlink.proxy.inference.sparql.values import Spelling, inline_data, rows_of

DATA = """
@prefix : <http://o/> . @prefix r: <http://r#> .
:g1 { r:m1 a :Movie ; :title "A" ; :genre "Drama", "War" ; :next r:m2 . }
:g1 { r:u1 a :User ; :likes r:m1 . r:u2 a :User ; :likes r:m2, r:m3 . }
:g2 { r:m2 a :Movie ; :title "B" ; :genre "Comedy" ; :next r:m3 . }
:g3 { r:m3 a :Movie ; :title "C" . r:m4 a :Movie ; :title "A" ; :genre "War" . r:u3 a :User . }
:g3 { _:b a :Movie ; :title "D" . r:m4 :next r:m1 . r:u3 :title "A" . }
"""


def table(**answers: str) -> dict[str, list[tuple[Literal, float]]]:
    return {
        f"http://r#{name}": [
            (Literal.string(value), round(0.9 - place / 5, 1))
            for place, value in enumerate(values.split())
        ]
        for name, values in answers.items()
    }


GENRES = table(m1='"Drama" "Horror"', m2='"Drama" "Comedy"', m3='"War"', m4='"War"', m9='"Drama"')
GENRES |= table(u1='"Drama"')
MOVIES = table(
    u1="http://r#m1 http://r#m2 http://r#m3",
    u2="http://r#m4 http://r#m3 http://r#m1",
    u3="http://r#m1 http://r#m9",
    m1="http://r#m2",
    u9="http://r#m1 http://r#m4",
)
LIKED = {"http://r#u1": {"m1"}, "http://r#u2": {"m2", "m3"}}


class Models(Model):
    """Two tables, one for values and one for links."""

    def reply(self, command: Any) -> Any:
        model = getattr(command, "model", command)
        self.predicted = MOVIES if isinstance(model, PrepareLinks) else GENRES
        return super().reply(command)


def store() -> ox.Store:
    found = ox.Store()
    found.load(DATA.encode(), format=ox.RdfFormat.TRIG)
    return found


def with_all_predictions(text: str) -> str:
    """The query with everything that the models would answer in the place of each block."""
    analysed = analyse_sparql(text, SETTINGS)
    assert analysed is not None
    parts: dict[Element, str] = {}
    for block in analysed.blocks:
        links = isinstance(block.model, PrepareLinks)
        rows: list[str] = []
        for iri, answers in (MOVIES if links else GENRES).items():
            if block.input is None and iri not in block.constants:
                continue
            hidden = LIKED.get(iri, set()) if links else set()
            kept = [
                each for each in answers if each[0].value.removeprefix("http://r#") not in hidden
            ]
            spelled = Spelling(rdf=True, datatype=None, resources=links)
            rows += rows_of(
                None if block.input is None else iri,
                kept[: block.limit],
                spelled,
                scored=block.score is not None,
            )
        parts[block.element] = inline_data(block.variables, rows)
    return rewritten(analysed, parts)


def outcome(data: ox.Store, text: str) -> Any:
    found = data.query(text, use_default_graph_as_union=True)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    assert isinstance(found, ox.QuerySolutions)
    names = [name.value for name in found.variables]
    return Counter(frozenset(zip(names, map(str, row), strict=True)) for row in found)


def check(data: ox.Store, text: str) -> str:
    """Compare both ways. Returns what became of the query."""
    reference = with_all_predictions(text)
    try:
        expected = outcome(data, reference)
    except SyntaxError:
        return "no query"
    try:
        found = answered(text, Models(), data)
    except BadRequest as error:
        return "unbound" if "to be bound, found" in str(error) else str(error)
    assert found.text is not None
    assert outcome(data, found.text) == expected, f"{text}\n--\n{found.questions}\n--\n{found.text}"
    return "answered"


@pytest.mark.parametrize("part", range(6))
def test_solutions_are_the_same(part: int) -> None:
    data = store()
    became = Counter(
        check(data, Writer(Random(seed)).query()) for seed in range(50 * part, 50 * part + 50)
    )
    assert became["answered"] > 20
    assert became.keys() <= {"answered", "unbound", "no query"}


@pytest.mark.slow
def test_solutions_of_many_are_the_same() -> None:
    data = store()
    became = Counter(check(data, Writer(Random(seed)).query()) for seed in range(300, 3300))
    assert became["answered"] > 1500
    assert became.keys() <= {"answered", "unbound", "no query"}
