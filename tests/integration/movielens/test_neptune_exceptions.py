"""Every exception that Neptune ML documents for Gremlin queries, in every way to ask for it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from gremlin_python.process.graph_traversal import __
from movielens_graph import NARROW_ROLE, ROLE
from neptune_queries import CLASSES, ENDPOINT, IAM_ROLE, LINKS, NUMBERS, SCORE
from ways import WAYS, Refused, Speakers, Write

INDUCTIVE = "Neptune#ml.inductiveInference"


@dataclass(frozen=True)
class Refusal:
    """A query that is refused, of the proxy of this name; `code` is Neptune's class."""

    name: str
    code: str
    message: str
    script: str
    write: Write
    proxy: str = "plain"


def g(endpoint: str, role: str = ROLE) -> str:
    return f'g.with("{ENDPOINT}","{endpoint}").with("{IAM_ROLE}","{role}")'


UNKNOWN_ROLE = "arn:aws:iam::123456789012:role/Nobody"

ROLES = [
    Refusal(
        "credentials of the role",
        "BadRequestException",
        f"Unable to load credentials for role: {UNKNOWN_ROLE}.",
        f'{g("genre", UNKNOWN_ROLE)}.V("movie_1").properties("genre").with("{CLASSES}")',
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .with_(IAM_ROLE, UNKNOWN_ROLE)
            .V("movie_1")
            .properties("genre")
            .with_(CLASSES)
        ),
        proxy="strict",
    ),
    Refusal(
        "a role that may not",
        "BadRequestException",
        f"User: {NARROW_ROLE} is not authorized to perform: sagemaker:InvokeEndpoint"
        " on resource: year.",
        f'{g("year", NARROW_ROLE)}.V("movie_1").properties("year").with("{NUMBERS}")',
        lambda g: (
            g.with_(ENDPOINT, "year")
            .with_(IAM_ROLE, NARROW_ROLE)
            .V("movie_1")
            .properties("year")
            .with_(NUMBERS)
        ),
        proxy="strict",
    ),
    Refusal(
        "a role that is no role",
        "InvalidParameterException",
        "Invalid IAM role ARN provided for external service query.",
        f'{g("genre", "NeptuneML")}.V("movie_1").properties("genre").with("{CLASSES}")',
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .with_(IAM_ROLE, "NeptuneML")
            .V("movie_1")
            .properties("genre")
            .with_(CLASSES)
        ),
    ),
    Refusal(
        "no role",
        "MissingParameterException",
        "No IAM role ARN provided for external service query.",
        f'g.with("{ENDPOINT}","genre").V("movie_1").properties("genre").with("{CLASSES}")',
        lambda g: g.with_(ENDPOINT, "genre").V("movie_1").properties("genre").with_(CLASSES),
        proxy="strict",
    ),
]

ENDPOINTS = [
    Refusal(
        "an endpoint that nobody made",
        "BadRequestException",
        "Endpoint nobody not found.",
        f'{g("nobody")}.V("movie_1").properties("genre").with("{CLASSES}")',
        lambda g: g.with_(ENDPOINT, "nobody").V("movie_1").properties("genre").with_(CLASSES),
    ),
    Refusal(
        "an endpoint that is no name",
        "InvalidParameterException",
        "Invalid endpoint provided for external service query.",
        f'{g("https://example.org/genre")}.V("movie_1").properties("genre").with("{CLASSES}")',
        lambda g: (
            g.with_(ENDPOINT, "https://example.org/genre")
            .V("movie_1")
            .properties("genre")
            .with_(CLASSES)
        ),
    ),
    Refusal(
        "no endpoint",
        "MissingParameterException",
        "No endpoint provided for external service query.",
        f'g.V("movie_1").properties("genre").with("{CLASSES}")',
        lambda g: g.V("movie_1").properties("genre").with_(CLASSES),
    ),
]

PROPERTIES = [
    Refusal(
        "two property keys",
        "InvalidParameterException",
        "ML inference queries are currently supported for one property key.",
        f'{g("genre")}.V("movie_1","movie_2","movie_3").properties("genre","other_label")'
        f'.with("{CLASSES}")',
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V("movie_1", "movie_2", "movie_3")
            .properties("genre", "other_label")
            .with_(CLASSES)
        ),
    ),
    Refusal(
        "two property keys beside the score",
        "InvalidParameterException",
        "Neptune ML inference queries are currently supported for one property key and one"
        " Neptune#ml.score property key.",
        f'{g("genre")}.V("movie_1").properties("genre","other_label","{SCORE}").with("{CLASSES}")',
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V("movie_1")
            .properties("genre", "other_label", SCORE)
            .with_(CLASSES)
        ),
    ),
    Refusal(
        "no property key",
        "MissingParameterException",
        "Property key needs to be specified using properties() step for ML inference queries.",
        f'{g("genre")}.V("movie_1").properties().with("{CLASSES}")',
        lambda g: g.with_(ENDPOINT, "genre").V("movie_1").properties().with_(CLASSES),
    ),
    Refusal(
        "the score alone",
        "MissingParameterException",
        "Property key needs to be specified along with Neptune#ml.score property key while using"
        " the properties() step for Neptune ML inference queries.",
        f'{g("genre")}.V("movie_1").properties("{SCORE}").with("{CLASSES}")',
        lambda g: g.with_(ENDPOINT, "genre").V("movie_1").properties(SCORE).with_(CLASSES),
    ),
    Refusal(
        "classification and regression",
        "InvalidParameterException",
        "Both regression and classification ML predicates cannot be specified in the query.",
        f'{g("genre")}.V("movie_1").properties("genre").with("{CLASSES}").with("{NUMBERS}")',
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V("movie_1")
            .properties("genre")
            .with_(CLASSES)
            .with_(NUMBERS)
        ),
    ),
]

LINK_PREDICTION = [
    Refusal(
        "two edge labels, in",
        "InvalidParameterException",
        "ML inference are currently supported only with one edge label.",
        f'{g("rated")}.V("movie_1").in("rated","wrote").with("{LINKS}").hasLabel("user")',
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .V("movie_1")
            .in_("rated", "wrote")
            .with_(LINKS)
            .has_label("user")
        ),
    ),
    Refusal(
        "two edge labels, out",
        "InvalidParameterException",
        "ML inference are currently supported only with one edge label.",
        f'{g("rated")}.V("user_1").out("rated","wrote").with("{LINKS}").hasLabel("movie")',
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .V("user_1")
            .out("rated", "wrote")
            .with_(LINKS)
            .has_label("movie")
        ),
    ),
    Refusal(
        "two vertex labels",
        "InvalidParameterException",
        "ML inference are currently supported only with one vertex label constraint.",
        f'{g("rated")}.V("user_1").out("rated").with("{LINKS}").hasLabel("movie","genre")',
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .has_label("movie", "genre")
        ),
    ),
    Refusal(
        "no edge label",
        "MissingParameterException",
        "Edge label needs to be specified while using in() or out() step for ML inference queries.",
        f'{g("rated")}.V("user_1").out().with("{LINKS}").hasLabel("movie")',
        lambda g: g.with_(ENDPOINT, "rated").V("user_1").out().with_(LINKS).has_label("movie"),
    ),
    Refusal(
        "both",
        "UnsupportedOperationException",
        "ML inference queries are currently not supported with both() step.",
        f'{g("rated")}.V("user_1").both("rated").with("{LINKS}").hasLabel("movie")',
        lambda g: (
            g.with_(ENDPOINT, "rated").V("user_1").both("rated").with_(LINKS).has_label("movie")
        ),
    ),
    Refusal(
        "no vertex label",
        "UnsupportedOperationException",
        "Predicted vertex label needs to be specified using has() step for ML inference queries.",
        f'{g("rated")}.V("user_1").out("rated").with("{LINKS}")',
        lambda g: g.with_(ENDPOINT, "rated").V("user_1").out("rated").with_(LINKS),
    ),
]

PLACES = [
    Refusal(
        "repeat",
        "UnsupportedOperationException",
        "Neptune ML inference queries are currently not supported inside a repeat step.",
        f'{g("rated")}.V("user_1").repeat(out("rated").with("{LINKS}").hasLabel("movie")).times(2)',
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .V("user_1")
            .repeat(__.out("rated").with_(LINKS).has_label("movie"))
            .times(2)
        ),
    ),
    Refusal(
        "two inferences",
        "UnsupportedOperationException",
        "Neptune ML inference queries are currently supported only with one ML inference query per"
        " gremlin query.",
        f'{g("genre")}.V("movie_1").union(properties("genre").with("{CLASSES}"),'
        f'properties("genre").with("{CLASSES}"))',
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .with_(IAM_ROLE, ROLE)
            .V("movie_1")
            .union(
                __.properties("genre").with_(CLASSES),
                __.properties("genre").with_(CLASSES),
            )
        ),
        proxy="strict",
    ),
]

INDUCTIVE_INFERENCE = [
    Refusal(
        "a step that is not optimized",
        "UnsupportedOperationException",
        "Neptune ML - Real-Time Inductive Inference queries are currently not supported with"
        " Gremlin steps which are not optimized for Neptune. Check the Neptune User Guide for a"
        " list of Neptune-optimized steps.",
        f'{g("rated")}.V("user_1").out("rated").with("{LINKS}").with("{INDUCTIVE}")'
        '.hasLabel("movie").sack()',
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .with_(IAM_ROLE, ROLE)
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .with_(INDUCTIVE)
            .has_label("movie")
            .sack()
        ),
        proxy="strict",
    ),
    Refusal(
        "metadata that cannot be read",
        "InternalFailureException",
        "Unable to fetch Neptune ML - Real-Time Inductive Inference metadata from S3. Check the"
        " permissions of the S3 bucket or if the Neptune instance can connect to S3.",
        f'{g("rated-broken")}.V("user_1").out("rated").with("{LINKS}").with("{INDUCTIVE}")'
        '.hasLabel("movie")',
        lambda g: (
            g.with_(ENDPOINT, "rated-broken")
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .with_(INDUCTIVE)
            .has_label("movie")
        ),
    ),
    Refusal(
        "metadata that is not there",
        "InternalFailureException",
        "Neptune ML cannot find the metadata file for Real-Time Inductive Inference in S3.",
        f'{g("rated-old")}.V("user_1").out("rated").with("{LINKS}").with("{INDUCTIVE}")'
        '.hasLabel("movie")',
        lambda g: (
            g.with_(ENDPOINT, "rated-old")
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .with_(INDUCTIVE)
            .has_label("movie")
        ),
    ),
]

REFUSALS = [*ROLES, *ENDPOINTS, *PROPERTIES, *LINK_PREDICTION, *PLACES, *INDUCTIVE_INFERENCE]


def test_all_of_neptune_s_list() -> None:
    assert len(REFUSALS) == 23


@pytest.mark.parametrize(
    ("refusal", "way"),
    [
        pytest.param(refusal, way, id=f"{refusal.name}, {way}")
        for refusal in REFUSALS
        for way in WAYS
    ],
)
def test_exception(refusal: Refusal, way: str, speakers: dict[str, Speakers]) -> None:
    with pytest.raises(Refused) as caught:
        speakers[refusal.proxy].ask(way, refusal.script, refusal.write)
    failed = refusal.code == "InternalFailureException"
    if "http" in way:
        assert caught.value.status == (500 if failed else 400)
    else:
        assert caught.value.status == (500 if failed else 499)
    if way.startswith(("http script", "bytecode over http")):
        assert caught.value.text == refusal.message  # all that gremlinpython keeps of it
        return
    document = caught.value.document
    assert document.pop("requestId")
    if "http" in way:
        assert document.pop("message") == refusal.message  # which botocore prints
    assert document == {"code": refusal.code, "detailedMessage": refusal.message}
