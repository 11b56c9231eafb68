"""The options of an inference: what they may be, and in which words anything else is refused."""

from decimal import Decimal

import pytest

from gremlink.grammar.traversal import Items, Kind, Literal
from gremlink.proxy.inference.analysis import options
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.errors import InvalidParameter, MissingParameter

URL = "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/friends-1/invocations"


@pytest.mark.parametrize(
    ("named", "name"),
    [("friends", "friends"), ("a.b_c-9", "a.b_c-9"), (URL, "friends-1"), ("x" * 128, "x" * 128)],
)
def test_an_endpoint_is_named_or_addressed(named, name):
    given = {options.ENDPOINT: Literal.string(named)}
    assert options.endpoint_name(given, Settings("other")) == name


@pytest.mark.parametrize(
    "named",
    [
        "",
        "-x",
        "a b",
        "a/b",
        "../x",
        "x" * 129,
        "https://example.org/endpoints/x",
        URL + "/x",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/friends",
        "http" + URL[5:],
    ],
)
def test_what_can_name_no_endpoint_is_refused(named):
    with pytest.raises(InvalidParameter, match="Invalid endpoint provided for external service"):
        options.endpoint_name({options.ENDPOINT: Literal.string(named)}, Settings())


def test_a_number_names_no_endpoint():
    with pytest.raises(InvalidParameter, match="Invalid endpoint"):
        options.endpoint_name({options.ENDPOINT: Literal(Kind.INT, 1)}, Settings())


def test_the_endpoint_may_be_that_of_the_deployment():
    assert options.endpoint_name({}, Settings(default_endpoint="friends")) == "friends"
    with pytest.raises(MissingParameter, match="No endpoint provided for external service query"):
        options.endpoint_name({}, Settings())


@pytest.mark.parametrize("kind", [Kind.BYTE, Kind.SHORT, Kind.INT, Kind.LONG])
def test_a_limit_is_a_whole_number(kind):
    assert options.result_limit({options.LIMIT: Literal(kind, 100)}, Settings()) == 100


def test_the_limit_is_one_unless_asked_and_has_a_cap():
    assert options.result_limit({}, Settings()) == 1
    given = {options.LIMIT: Literal(Kind.INT, 500)}
    assert options.result_limit(given, Settings(limit_cap=500)) == 500


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (Literal(Kind.INT, 0), "found 0"),
        (Literal(Kind.INT, -1), "found -1"),
        (Literal(Kind.LONG, 101), "found 101"),
        (Literal(Kind.DOUBLE, 5.0), "found 5.0"),
        (Literal.string("5"), "found '5'"),
        (Literal(Kind.BOOLEAN, True), "found True"),
        (Items("list", ()), "found items"),
    ],
)
def test_other_limits_are_refused(value, found):
    with pytest.raises(InvalidParameter, match=found) as caught:
        options.result_limit({options.LIMIT: value}, Settings())
    assert "from 1 to 100" in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        Literal(Kind.DOUBLE, 0.5),
        Literal(Kind.FLOAT, 0.5),
        Literal(Kind.BIG_DECIMAL, Decimal("0.5")),
    ],
)
def test_a_threshold_is_a_number(value):
    assert options.score_threshold({options.THRESHOLD: value}) == 0.5


def test_there_need_be_no_threshold():
    assert options.score_threshold({}) is None
    assert options.score_threshold({options.THRESHOLD: Literal(Kind.INT, 0)}) == 0.0


@pytest.mark.parametrize(
    "value", [Literal.string("0.5"), Literal(Kind.DOUBLE, float("nan")), Literal(Kind.NULL, None)]
)
def test_other_thresholds_are_refused(value):
    with pytest.raises(InvalidParameter, match=r"a number such as 0\.5D"):
        options.score_threshold({options.THRESHOLD: value})


@pytest.mark.parametrize(
    ("given", "hidden"),
    [
        ({}, "in"),
        ({options.FILTER_EXISTING: Literal(Kind.BOOLEAN, True)}, "both"),
        ({options.FILTER_EXISTING: Literal(Kind.BOOLEAN, False)}, None),
    ],
)
def test_known_links_are_hidden_in_the_asked_direction_unless_said(given, hidden):
    assert options.existing_filter(given, "in") == hidden


def test_another_filter_is_refused():
    with pytest.raises(InvalidParameter, match="takes nothing, true or false, found 'no'"):
        options.existing_filter({options.FILTER_EXISTING: Literal.string("no")}, "out")
