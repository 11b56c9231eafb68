"""How long a client lets its query take, in all places where it may say so."""

import pytest
from answering import as_bytecode, as_script

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.analysis.timeouts import exceeded, with_time_left
from gremlink.proxy.inference.answer import answer
from gremlink.proxy.inference.commands import CheckAccess

ML = '.with("Neptune#ml.endpoint", "e").V("a").out("x").with("Neptune#ml.prediction").hasLabel("y")'


def told(request):
    admit = answer(request, Settings()).send(None)
    assert isinstance(admit, CheckAccess)
    return admit.timeout


def long(number):
    return Literal(Kind.LONG, number)


@pytest.mark.parametrize(
    ("script", "args", "expected"),
    [
        ("g" + ML, {}, None),
        ("g" + ML, {"evaluationTimeout": long(500)}, 500),
        ("g" + ML, {"scriptEvaluationTimeout": Literal(Kind.INT, 400)}, 400),
        ('g.with("evaluationTimeout", 70L)' + ML, {}, 70),
        ('g.with("evaluationTimeout", 70)' + ML, {"evaluationTimeout": long(500)}, 70),
        ('g.with("scriptEvaluationTimeout", 70)' + ML, {}, 70),
        ('g.with("evaluationTimeout", 0)' + ML, {"evaluationTimeout": long(500)}, 0),
        (
            f'g.with("evaluationTimeout", 70){ML}; g.with("evaluationTimeout", 30).V().count()',
            {},
            100,
        ),
        ("g" + ML, {"evaluationTimeout": Literal.string("soon")}, None),
    ],
)
def test_a_script_says_it_before_its_request(script, args, expected):
    assert told(as_script(script, **args)) == expected


def test_bytecode_says_it_in_its_request_before_its_source():
    asked = as_bytecode('g.with("evaluationTimeout", 70)' + ML)
    assert told(asked) == 70
    lifted = asked.derive(request_id=asked.request_id, args={"evaluationTimeout": long(50)})
    assert told(lifted) == 50


def test_what_goes_on_has_the_time_that_is_left():
    asked = as_script("g", evaluationTimeout=long(500))
    assert with_time_left(asked, 120.7).args["evaluationTimeout"] == long(120)
    assert with_time_left(asked, -3).args["evaluationTimeout"] == long(1)
    assert with_time_left(asked, 600) is asked
    silent = as_script("g")
    assert with_time_left(silent, 10) is silent


def test_a_long_query_is_told_in_part():
    text = str(exceeded(as_script("g." + "V()." * 1000), 30))
    assert "'evaluationTimeout' threshold of 30 ms" in text
    assert len(text) < 1300
