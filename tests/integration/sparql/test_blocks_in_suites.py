"""A block in the queries of the suites, before closing braces: it is found wherever a pattern may
be, and nowhere else, and the text around it stays. An engine's parser tells where that is."""

from __future__ import annotations

import random
import re

import pyoxigraph as ox
from sparql_suites import Suites
from told_rdf import ToldModels

from gremlink.grammar.sparql.terms import Iri
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.inference.sparql.answer import answer_sparql
from gremlink.proxy.inference.sparql.commands import (
    AskSparql,
    Solutions,
    SparqlReply,
    SparqlRequest,
)

ML = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
BLOCK = f"""SERVICE <{ML}inference> {{ <{ML}config> <{ML}endpoint> "genre" ;
  <{ML}modelType> "OBJECT_CLASSIFICATION" ; <{ML}input> <http://example.org/f1> ;
  <{ML}predicate> <http://example.org/genre> ; <{ML}output> ?gremlink_told }}"""
HIDDEN = f"SERVICE <{ML}inference> {{ ?a ?b ?c }}"
"""A block that a string may hold."""
STAND_IN = "OPTIONAL { VALUES ?gremlink_told { 'Drama' } }"
"""What may be where a block may be."""
JUNK = ") 1 ("
"""What may be in a comment or a string alone."""
PLACES = 4


def is_valid(query: str) -> bool:
    try:
        ox.Store().query(query)
    except SyntaxError:
        return False
    except RuntimeError:  # a function that nobody knows
        return True
    return True


async def rewritten(query: str) -> str | None:
    """The text with told answers. Raises `InferenceError`."""
    models = ToldModels()
    answering = answer_sparql(SparqlRequest(query), Settings())
    reply: SparqlReply = None
    while True:
        try:
            command = answering.send(reply)
        except StopIteration as stop:
            found: str | None = stop.value
            return found
        if isinstance(command, AskSparql):
            reply = Solutions(("x",), [(Iri("http://example.org/f1"),)])
        else:
            reply = await models(command)


async def test_blocks_are_found_wherever_a_pattern_may_be() -> None:
    rng = random.Random(1)
    found = hidden = refused = 0
    wrong = []
    for case in Suites().cases:
        if case.is_update or re.search("(?i)service", case.text) or not is_valid(case.text):
            continue
        braces = [match.start() for match in re.finditer("}", case.text)]
        for at in rng.sample(braces, min(PLACES, len(braces))):
            before, behind = f"{case.text[:at]} ", f" {case.text[at:]}"
            in_a_pattern = is_valid(f"{before}{STAND_IN}{behind}")
            in_a_comment = is_valid(f"{before}{JUNK}{behind}")
            query = f"{before}{HIDDEN if in_a_comment else BLOCK}{behind}"
            try:
                text = await rewritten(query)
            except InferenceError as error:
                refused += 1
                if in_a_pattern or in_a_comment:
                    wrong.append((case.name, at, "refused", str(error)))
                continue
            if in_a_comment:
                hidden += 1
                if text is not None:
                    wrong.append((case.name, at, "changed in a comment or a string", text))
                continue
            found += 1
            if text is None:
                if in_a_pattern:
                    wrong.append((case.name, at, "overlooked", query))
            elif not (text.startswith(before) and text.endswith(behind)):
                wrong.append((case.name, at, "changed elsewhere", text))
            elif not is_valid(text):
                wrong.append((case.name, at, "invalid", text))
    print(found, hidden, refused)
    assert not wrong, f"{len(wrong)}\n" + "\n\n".join(map(str, wrong[:8]))
    assert found > 800
