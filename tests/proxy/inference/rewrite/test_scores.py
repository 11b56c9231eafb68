"""Reading the scores of predicted links in the query."""

from __future__ import annotations

import pytest
from answering import as_bytecode, as_script, drive, known, row

from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.commands import ExplainLinks
from gremlink.proxy.inference.errors import UnsupportedOperation

P = 'g.with("Neptune#ml.endpoint","ep").with("Neptune#ml.limit",2).'
LINK = 'out("knows").with("Neptune#ml.prediction").hasLabel("p")'
SCORE = 'values("Neptune#ml.score")'
EXPLAIN = 'values("Neptune#ml.explain")'
HENRY = [row(v="henry", n=known())]
LANG = {"language": Literal.string("gremlin-lang")}
TWO = [row(v="henry", n=known()), row(v="eve", n=known())]
LINKS = {"henry": {"bill": 0.75, "colin": 0.5}, "eve": {"bill": 0.25}}


def test_the_sack_carries_the_scores_of_the_input():
    query = f'{P}V("henry").{LINK}.project("n","s").by("name").by({SCORE})'
    answered = drive(as_script(query, **LANG), [HENRY], links=LINKS)
    assert (
        ".option('henry', __.sack(Operator.assign)"
        ".by(__.constant(['bill': 0.75D, 'colin': 0.5D])).V('bill', 'colin'))" in answered.text
    )
    assert answered.text.endswith(
        '.project("n","s").by("name")'
        ".by(__.map(__.sack().select(__.select('gremlink_target_0').id())))"
    )
    assert "Neptune#ml" not in answered.text


@pytest.mark.parametrize(
    "query",
    [
        f'g.withSack(1).with("Neptune#ml.endpoint","ep").V("henry").{LINK}.{SCORE}',
        f'{P}V("henry").sack(assign).by("age").{LINK}.{SCORE}',
    ],
)
def test_a_sack_of_the_query_stays_its_own(query):
    text = drive(as_script(query), [HENRY], links=LINKS).text
    assert "__.sack" not in text
    assert "choose(__.select('gremlink_input_0').id())" in text


def test_scores_of_two_inferences_do_not_share_the_sack():
    query = f'{P}V("henry").{LINK}.where({SCORE}.is(gt(0.1))).{LINK}.{SCORE}'
    rows = [HENRY, [row(v="bill", n=known())]]
    text = drive(as_script(query), rows, links={**LINKS, "bill": {"eve": 0.5}}).text
    assert "choose(__.select('gremlink_input_0').id())" in text  # the sack is not used for it
    assert "sack().select(__.select('gremlink_target_1').id())" in text


def test_select_by_sees_the_vertex_alone():
    query = f'{P}V("henry").{LINK}.as("a").select("a").by({SCORE})'
    text = drive(as_script(query), [HENRY], links=LINKS).text
    assert ".by(__.map(__.identity().as('gremlink_target_0').constant(" in text


def test_select_by_is_refused_where_a_vertex_has_two_scores():
    query = f'{P}V().{LINK}.as("a").select("a").by({SCORE})'
    with pytest.raises(UnsupportedOperation, match=r"inside select\(\.\.\.\)\.by"):
        drive(as_script(query), [TWO], links=LINKS)


@pytest.mark.parametrize("make", [as_script, as_bytecode])
@pytest.mark.parametrize(
    "rest",
    [
        f'path().by("name").by({SCORE})',
        f'tree().by("name").by({SCORE})',
        f"simplePath().by({SCORE})",
        f"fold().unfold().{SCORE}",
        f"fold().map(__.unfold().{SCORE}.fold())",
        f"fold().order(local).by({SCORE})",
        f'as("a").math("a * 2").by({SCORE})',
        f'as("a").where("a", eq("a")).by({SCORE})',
        f'aggregate("x").cap("x").unfold().{SCORE}',
        f'group().by("name").select(values).unfold().unfold().{SCORE}',
    ],
)
def test_where_the_way_to_the_vertex_is_lost_the_vertex_alone_tells_its_score(rest, make):
    text = drive(make(f'{P}V("henry").{LINK}.{rest}'), [HENRY], links=LINKS).text
    assert "map(__.identity().as('gremlink_target_0').constant(" in text
    with pytest.raises(UnsupportedOperation, match="one vertex different answers"):
        drive(make(f"{P}V().{LINK}.{rest}"), [TWO], links=LINKS)


@pytest.mark.parametrize(
    "query",
    [
        f"V().fold().unfold().{LINK}.{SCORE}",
        f'V().aggregate("x").cap("x").unfold().{LINK}.order().by({SCORE})',
        f'V().fold().project("s").by(__.unfold().{LINK}.{SCORE}.fold())',
        f"V().fold().unfold().local(__.{LINK}).{SCORE}",
        f'V().as("x").select("x").by({LINK}.{SCORE}.fold())',
        f"V().path().by({LINK}.order().by({SCORE}).fold())",
    ],
)
def test_a_way_that_ended_before_the_prediction_begins_again(query):
    text = drive(as_script(f"{P}{query}"), [TWO], links=LINKS).text
    assert "__.sack().select(__.select('gremlink_target_0').id())" in text


@pytest.mark.parametrize(
    "rest",
    [
        f'math("ceil(_) * 2").by({SCORE})',
        f"order().by({SCORE})",
        f"where({SCORE}.is(gt(0.1)))",
        f'group("x").by("name").{SCORE}',
        f'project("n").by({SCORE}.fold()).select("n")',
    ],
)
def test_elsewhere_several_inputs_may_have_given_it_different_ones(rest):
    text = drive(as_script(f"{P}V().{LINK}.{rest}"), [TWO], links=LINKS).text
    assert "__.sack().select(__.select('gremlink_target_0').id())" in text


@pytest.mark.parametrize("make", [as_script, as_bytecode])
@pytest.mark.parametrize(
    ("inside", "found"),
    [
        (f"local(__.{LINK})", "sack().select"),
        (f"union(__.{LINK}, __.out())", "sack().select"),
        (f"optional(__.local(__.{LINK}.dedup()))", "sack().select"),
        (f"local(__.{LINK}.fold()).unfold()", "identity().as('gremlink_target_0').constant("),
    ],
)
def test_a_step_may_hold_the_prediction_that_it_lets_through(inside, found, make):
    text = drive(make(f'{P}V("henry").{inside}.{SCORE}'), [HENRY], links=LINKS).text
    assert f"map(__.{found}" in text


@pytest.mark.parametrize(
    "asking",
    [
        f'select("a").{SCORE}',
        f'project("s").by(select("a").{SCORE})',
        f'select("b").select("a").map({SCORE})',
    ],
)
def test_a_label_means_the_prediction_whose_target_has_it(asking):
    query = f'{P}V("henry").{LINK}.as("a").{LINK}.as("b").{asking}'
    rows = [HENRY, [row(v="bill", n=known())]]
    text = drive(as_script(query), rows, links={**LINKS, "bill": {"eve": 0.5}}).text
    assert "select('gremlink_target_0').id()" in text
    assert "gremlink_target_1" not in text


def test_each_by_of_select_means_the_prediction_of_its_label():
    query = f'{P}V("henry").{LINK}.as("a").{LINK}.as("b").select("a","b").by({SCORE})'
    query += f".by({SCORE})"
    rows = [HENRY, [row(v="bill", n=known())]]
    text = drive(as_script(query, **LANG), rows, links={**LINKS, "bill": {"eve": 0.5}}).text
    first, second = text.split(".by(")[-2:]
    assert "'bill': 0.75D" in first
    assert "'eve': 0.5D" in second


@pytest.mark.parametrize("make", [as_script, as_bytecode])
def test_short_forms_are_scores_too(make):
    short = 'has("Neptune#ml.score",gt(0.1)).order().by("Neptune#ml.score")'
    long = f"filter(__.{SCORE}.is(gt(0.1))).order().by(__.{SCORE})"
    texts = [
        drive(make(f"{P}V().{LINK}.{rest}"), [TWO], links=LINKS).text for rest in (short, long)
    ]
    assert texts[0].replace(" ", "") == texts[1].replace(" ", "")


@pytest.mark.parametrize(
    "query",
    [
        f'{P}V("henry").{SCORE}',
        f'{P}V("henry").order().by("Neptune#ml.score").{LINK}',
        f'{P}V("henry").properties("team").with("Neptune#ml.classification")'
        '.order().by("Neptune#ml.score")',
        f'{P}V("henry").{SCORE}.{LINK}',
        f'{P}V("henry").valueMap("Neptune#ml.score").{LINK}',
        f'{P}V("henry").union({LINK}, {SCORE})',
        f'{P}V("henry").union({LINK}, {LINK}).{SCORE}',
        f'{P}V("henry").flatMap({LINK}).{SCORE}',
        f'{P}V("henry").choose({LINK}, __.out()).{SCORE}',
        f'{P}V("henry").{EXPLAIN}',
        f'{P}V("henry").{LINK}.valueMap("Neptune#ml.explain")',
        f'{P}V("henry").properties("team").with("Neptune#ml.classification").{EXPLAIN}',
    ],
)
def test_a_score_of_nothing_is_refused_before_anything_is_asked(query):
    with pytest.raises(UnsupportedOperation, match="without an inference"):
        drive(as_script(query), [])


WHY_BILL = "'bill': ['score': 0.75D, 'why': 'henry-bill']"


def test_the_sack_carries_the_reasons_too():
    query = f'{P}V("henry").{LINK}.project("s","e").by({SCORE}).by({EXPLAIN})'
    answered = drive(as_script(query, **LANG), [HENRY], links=LINKS)
    (asked,) = [each for each in answered.commands if isinstance(each, ExplainLinks)]
    assert asked.prediction.inputs == [Literal.string("henry")]
    assert f"constant([{WHY_BILL}" in answered.text
    found = "__.sack().select(__.select('gremlink_target_0').id())"
    assert answered.text.endswith(f".by(__.map({found}.select('score'))).by(__.map({found}))")


def test_reasons_of_two_inferences_do_not_share_the_sack():
    query = f'{P}V("henry").{LINK}.where({SCORE}.is(gt(0.1))).{LINK}.{EXPLAIN}'
    rows = [HENRY, [row(v="bill", n=known())]]
    answered = drive(as_script(query, **LANG), rows, links={**LINKS, "bill": {"eve": 0.5}})
    (asked,) = [each for each in answered.commands if isinstance(each, ExplainLinks)]
    assert asked.prediction.inputs == [Literal.string("bill")]
    assert "'bill': 0.75D" in answered.text  # only a score is asked of the first


def test_nothing_predicted_needs_no_reasons():
    answered = drive(as_script(f'{P}V("henry").{LINK}.{EXPLAIN}'), [HENRY], links={})
    assert not any(isinstance(each, ExplainLinks) for each in answered.commands)


def test_reasons_have_a_bound():
    query = f"{P}V().{LINK}.{EXPLAIN}".replace('limit",2', 'limit",100')
    targets = {f"t{number}": 0.5 for number in range(100)}
    many = [row(v=f"v{number}", n=known()) for number in range(11)]
    with pytest.raises(UnsupportedOperation, match="asked for 1100 results, more than the 1000"):
        drive(as_script(query), [many], links={f"v{n}": targets for n in range(11)})


@pytest.mark.parametrize("make", [as_script, as_bytecode])
def test_a_modifier_is_refused_with_what_to_write(make):
    query = f'{P}V("henry").out("knows").with("Neptune#ml.prediction").with("Neptune#ml.explain")'
    with pytest.raises(UnsupportedOperation, match=r'write values\("Neptune#ml.explain"\)'):
        drive(make(query + '.hasLabel("p")'), [])


def test_long_reasons_travel_as_a_binding():
    query = f"{P}V().{LINK}.{EXPLAIN}".replace('limit",2', 'limit",100')
    targets = {f"t{number}": 0.5 for number in range(100)}
    answered = drive(as_script(query), [HENRY], links={"henry": targets})
    assert "gremlink_answers_0" in answered.text
    assert "t99" not in answered.text
