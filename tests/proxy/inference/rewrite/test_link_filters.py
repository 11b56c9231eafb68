"""The steps behind a link prediction that say which vertices may be its targets."""

from __future__ import annotations

import pytest
from answering import as_bytecode, as_script, drive, known, row

from gremlink.proxy.inference.commands import PrepareLinks

P = 'g.with("Neptune#ml.endpoint","ep").'
ML = '.with("Neptune#ml.prediction")'
ANN = [row(v="a", n=known())]
LINKS = {"a": {"b": 0.5}}


@pytest.mark.parametrize("make", [as_script, as_bytecode])
@pytest.mark.parametrize(
    "written",
    [
        'hasLabel("U")',
        'hasLabel(eq("U"))',
        'has(T.label, "U")',
        'has(T.label, eq("U"))',
        'has("U", "name", "Ann")',
        'has("U", "age", gt(30))',
    ],
)
def test_the_label_of_the_targets_may_be_written_as(written, make):
    answered = drive(make(f'{P}V("a").out("F"){ML}.{written}'), [ANN], links=LINKS)
    (prepared,) = [each for each in answered.commands if isinstance(each, PrepareLinks)]
    assert prepared.target_label == "U"
    plain = answered.text.replace("'", '"').replace("P.", "")
    assert plain.endswith(f").{written}")


@pytest.mark.parametrize(
    ("option", "first"), [("", True), (", true", True), (", false", False), (None, False)]
)
def test_filters_first_may_be_switched(option, first):
    asked = "" if option is None else f'.with("Neptune#ml.filterFirst"{option})'
    query = f'{P}V("a").out("F"){ML}{asked}.hasLabel("U").has("age", 7)'
    answered = drive(as_script(query), [ANN, []], links=LINKS)
    assert (len(answered.asked) == 2) == first


def test_a_filter_by_the_score_cannot_come_first():
    query = f'{P}V("a").out("F"){ML}.with("Neptune#ml.filterFirst").hasLabel("U").has("age", 7)'
    query += '.has("Neptune#ml.score", gt(0.5)).has("name")'
    answered = drive(as_script(query), [ANN, []], links=LINKS)
    assert 'hasLabel("U").has("age", 7)' in answered.asked[1]
    assert "score" not in answered.asked[1]
