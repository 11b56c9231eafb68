"""Which inferences are tried in one query, and with which."""

from __future__ import annotations

from dataclasses import field, fields, make_dataclass

import pytest
from answering import as_bytecode, as_script, text_of

from gremlink.grammar.traversal import Entries, Items, Kind, Literal
from gremlink.proxy.inference.analysed_request import analyse
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.analysis.plan import LinkPlan
from gremlink.proxy.inference.answer import answer_analysed
from gremlink.proxy.inference.commands import (
    CheckAccess,
    Guess,
    GuessLinks,
    PrepareLinks,
    RunSpeculatively,
)
from gremlink.proxy.inference.rewrite.speculative import speculate
from gremlink.proxy.wire.request import RequestMessage

FRIENDS = 'out("FRIEND").with("Neptune#ml.prediction").hasLabel("User")'
B, C, K = map(Literal.string, "bck")


def tried(
    request: RequestMessage, guess: Guess | None
) -> tuple[GuessLinks | None, RequestMessage | None]:
    """What is asked of the model, and the query that is tried, if there is one."""
    analysed = analyse(request, Settings())
    assert analysed is not None
    answering = answer_analysed(analysed, Settings(), speculative=True)
    assert isinstance(next(answering), CheckAccess)
    command = answering.send(None)
    asked = attempt = None
    if isinstance(command, GuessLinks):
        asked, command = command, answering.send(guess)
    if isinstance(command, RunSpeculatively):
        attempt, command = command.request, answering.send(None)
        assert attempt.request_id != request.request_id
    assert isinstance(command, PrepareLinks)  # the way of two queries goes on from here
    return asked, attempt


def query(start: str = 'V("a")', behind: str = '.values("name")', options: str = "") -> str:
    return f'g.with("Neptune#ml.endpoint", "friends"){options}.{start}.{FRIENDS}{behind}'


def test_the_answers_go_out_under_the_condition_that_they_are_no_known_links() -> None:
    _, attempt = tried(as_bytecode(query()), Guess((B, C), ()))
    assert attempt is not None
    assert text_of(attempt) == (
        "g.V('a').filter(__.id().is('a')).not(__.out('FRIEND').hasId('b', 'c')).V('b', 'c')"
        ".hasLabel('User').values('name')"
    )


def test_links_that_were_left_out_have_to_be_there_still() -> None:
    _, attempt = tried(as_bytecode(query()), Guess((B,), (C, K)))
    assert attempt is not None
    assert text_of(attempt) == (
        "g.V('a').filter(__.id().is('a')).not(__.out('FRIEND').hasId('b'))"
        ".filter(__.out('FRIEND').id().is(P.within('c', 'k')).dedup().count().is(2))"
        ".V('b').hasLabel('User').values('name')"
    )


def test_without_known_links_to_hide_the_vertex_only_has_to_be_there() -> None:
    options = '.with("Neptune#ml.filterExistingEdges", false)'
    asked, attempt = tried(as_bytecode(query(options=options)), Guess((B,), ()))
    assert asked is not None
    assert not asked.hides
    assert attempt is not None
    assert text_of(attempt) == (
        "g.V('a').filter(__.id().is('a')).V('b').hasLabel('User').values('name')"
    )


def test_what_the_model_is_asked() -> None:
    options = '.with("Neptune#ml.limit", 7).with("Neptune#ml.threshold", 0.5d)'
    asked, _ = tried(as_bytecode(query("V(5L)", options=options)), None)
    model = PrepareLinks("friends", "FRIEND", "out", "User")
    assert asked == GuessLinks(model, Literal(Kind.LONG, 5), 7, 0.5, True)


@pytest.mark.parametrize(("linked", "texts"), [((), 1), ((C,), 1), ((C, K), 1)])
def test_the_text_of_a_script_does_not_depend_on_the_answers(
    linked: tuple[Literal, ...], texts: int
) -> None:
    request = as_script(
        query("V(who)"), bindings=Entries(((Literal.string("who"), Literal.string("a")),))
    )
    written = set()
    for targets in ((B,), (B, K)):
        _, attempt = tried(request, Guess(targets, linked))
        assert attempt is not None
        written.add(text_of(attempt))
        assert attempt.bindings["who"] == Literal.string("a")
        lists = [value for value in attempt.bindings.values() if isinstance(value, Items)]
        assert lists == [Items("list", each) for each in (targets, linked) if each]
    assert len(written) == texts
    (text,) = written
    assert text.startswith("g.V(who).filter(__.id().is(who))")
    if linked:
        assert (
            ".is(P.within(gremlink_answers_1)).dedup().count().is(gremlink_answers_1.size())"
            in text
        )


@pytest.mark.parametrize(
    "text",
    [
        query('V("a", "b")'),
        query("V()"),
        query('V("a").hasLabel("User")'),
        query('E("a").inV()'),
        query('V("a").out("FRIEND")'),
        query(behind=".count()"),
        query(behind=".fold()"),
        query(behind=".values('name').fold()"),
        query(behind=".group().by('age')"),
        query(behind=".path()"),
        query(behind=".has('age', gt(30))"),
        query(behind=".inject('x')"),
        query(behind=".union(values('name'), count())"),
        query(behind=".property('seen', 1)"),
        query(behind=".addE('SEEN').from(V('a'))"),
        query(behind=".drop()"),
        query(behind=".as('x').out('FRIEND').select('x')"),
        query(behind='.values("Neptune#ml.score")'),
        query(behind='.project("s").by(values("Neptune#ml.score"))'),
        query(behind=f".{FRIENDS}"),
        query(options='.with("Neptune#ml.filterExistingEdges")'),
        query(options='.with("Neptune#ml.filterFirst")'),
        query(options='.with("Neptune#ml.inductiveInference")'),
    ],
)
@pytest.mark.parametrize("written", [as_bytecode, as_script])
def test_what_is_not_tried(text: str, written) -> None:
    asked = None
    analysed = analyse(written(text), Settings())
    assert analysed is not None
    answering = answer_analysed(analysed, Settings(), speculative=True)
    next(answering)
    asked = answering.send(None)
    assert not isinstance(asked, GuessLinks | RunSpeculatively)


def test_an_option_that_a_plan_gets_some_day_is_not_left_out() -> None:
    """Only a plan with the default of such an option is tried: nothing here knows what it means."""
    extended = make_dataclass(
        "Extended",
        [("diversify", bool, field(default=False))],
        bases=(LinkPlan,),
        frozen=True,
    )
    analysed = analyse(as_bytecode(query()), Settings())
    assert analysed is not None
    ((plan,),) = analysed.planned.values()
    known = {each.name: getattr(plan, each.name) for each in fields(plan)}
    asked = []
    for diversify in (False, True):
        planned = {0: [extended(**known, diversify=diversify)]}
        asked.append([type(each) for each in speculate(analysed.query, planned)])
    assert asked == [[GuessLinks], []]


@pytest.mark.parametrize(
    "text",
    [
        query() + ".hasNext()",
        query() + ".count().next()",
        "x = 1; " + query(),
        query() + "; 7",
        f"[{query()}.next()]",
        f"{query()}.toList().size()",
    ],
)
def test_scripts_that_have_a_result_without_results_are_not_tried(text: str) -> None:
    assert tried(as_script(text), Guess((B,), ())) == (None, None)


@pytest.mark.parametrize("tail", ["", ".toList()", ".next()", " ", ";", ".toList() ;"])
def test_scripts_that_are_tried(tail: str) -> None:
    _, attempt = tried(as_script(query() + tail), Guess((B,), ()))
    assert attempt is not None
    assert text_of(attempt).endswith('values("name")' + tail)


def test_numbers_that_a_server_takes_for_each_other_are_no_condition() -> None:
    linked = (Literal(Kind.LONG, 1),)
    _, attempt = tried(as_bytecode(query()), Guess((B,), linked))
    assert attempt is None


def test_only_who_can_let_results_pass_is_offered_an_attempt() -> None:
    analysed = analyse(as_bytecode(query()), Settings())
    assert analysed is not None
    answering = answer_analysed(analysed, Settings())
    next(answering)
    assert isinstance(answering.send(None), PrepareLinks)
