"""The options of an inference: what they may be, and in which words anything else is refused."""

from decimal import Decimal

import pytest

from gremlink.grammar.traversal import Items, Kind, Literal
from gremlink.proxy.inference import predicates
from gremlink.proxy.inference.errors import InvalidParameter, MissingParameter
from gremlink.proxy.inference.predicates import Settings

URL = "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/friends-1/invocations"


@pytest.mark.parametrize(
    ("named", "name"),
    [("friends", "friends"), ("a.b_c-9", "a.b_c-9"), (URL, "friends-1"), ("x" * 128, "x" * 128)],
)
def test_an_endpoint_is_named_or_addressed(named, name):
    options = {predicates.ENDPOINT: Literal.string(named)}
    assert predicates.endpoint_name(options, Settings("other")) == name


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
        predicates.endpoint_name({predicates.ENDPOINT: Literal.string(named)}, Settings())


def test_a_number_names_no_endpoint():
    with pytest.raises(InvalidParameter, match="Invalid endpoint"):
        predicates.endpoint_name({predicates.ENDPOINT: Literal(Kind.INT, 1)}, Settings())


def test_the_endpoint_may_be_that_of_the_deployment():
    assert predicates.endpoint_name({}, Settings(default_endpoint="friends")) == "friends"
    with pytest.raises(MissingParameter, match="No endpoint provided for external service query"):
        predicates.endpoint_name({}, Settings())


@pytest.mark.parametrize("kind", [Kind.BYTE, Kind.SHORT, Kind.INT, Kind.LONG])
def test_a_limit_is_a_whole_number(kind):
    assert predicates.result_limit({predicates.LIMIT: Literal(kind, 100)}, Settings()) == 100


def test_the_limit_is_one_unless_asked_and_has_a_cap():
    assert predicates.result_limit({}, Settings()) == 1
    options = {predicates.LIMIT: Literal(Kind.INT, 500)}
    assert predicates.result_limit(options, Settings(limit_cap=500)) == 500


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
        predicates.result_limit({predicates.LIMIT: value}, Settings())
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
    assert predicates.score_threshold({predicates.THRESHOLD: value}) == 0.5


def test_there_need_be_no_threshold():
    assert predicates.score_threshold({}) is None
    assert predicates.score_threshold({predicates.THRESHOLD: Literal(Kind.INT, 0)}) == 0.0


@pytest.mark.parametrize(
    "value", [Literal.string("0.5"), Literal(Kind.DOUBLE, float("nan")), Literal(Kind.NULL, None)]
)
def test_other_thresholds_are_refused(value):
    with pytest.raises(InvalidParameter, match=r"a number such as 0\.5D"):
        predicates.score_threshold({predicates.THRESHOLD: value})


@pytest.mark.parametrize(
    ("options", "hidden"),
    [
        ({}, "in"),
        ({predicates.FILTER_EXISTING: Literal(Kind.BOOLEAN, True)}, "both"),
        ({predicates.FILTER_EXISTING: Literal(Kind.BOOLEAN, False)}, None),
    ],
)
def test_known_links_are_hidden_in_the_asked_direction_unless_said(options, hidden):
    assert predicates.existing_filter(options, "in") == hidden


def test_another_filter_is_refused():
    with pytest.raises(InvalidParameter, match="takes nothing, true or false, found 'no'"):
        predicates.existing_filter({predicates.FILTER_EXISTING: Literal.string("no")}, "out")
