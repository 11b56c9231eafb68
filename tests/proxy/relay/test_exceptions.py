"""The documented exceptions of Neptune ML's Gremlin inference queries, each where it arises."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from answering import as_bytecode, as_script

from proxy.inference.answer import answer
from proxy.inference.commands import Admit
from proxy.inference.errors import (
    BadRequest,
    InferenceError,
    InvalidParameter,
    MissingParameter,
    UnsupportedOperation,
)
from proxy.inference.predicates import Settings
from proxy.relay.http import carried_out
from proxy.relay.predictions import Predictions
from proxy.store.records import Store
from proxy.wire.request import RequestMessage

ROLE = "arn:aws:iam::0123456789:role/sagemaker-role"
OTHER = "arn:aws:iam::0123456789:role/other"
P = f'g.with("Neptune#ml.endpoint","ep").with("Neptune#ml.iamRoleArn","{ROLE}")'
E = 'g.with("Neptune#ml.endpoint","ep")'
LINK = '.V("u").out("rated").with("Neptune#ml.prediction").hasLabel("movie")'
CLASS = '.with("Neptune#ml.classification")'
LISTED = Settings(roles={ROLE: ["movies", "genre-*"], OTHER: ["ep"]})

# The class, the message, a query that gets it, the settings that it needs.
CASES: list[tuple[type[InferenceError], str, str, Settings]] = [
    (BadRequest, f"Unable to load credentials for role: {ROLE}.",
     P + LINK, Settings(roles={OTHER: ["*"]})),
    (BadRequest,
     f"User: {ROLE} is not authorized to perform: sagemaker:InvokeEndpoint on resource: ep.",
     P + LINK, LISTED),
    (BadRequest, "Endpoint ep not found.", P + LINK, Settings()),
    (InvalidParameter, "Invalid endpoint provided for external service query.",
     'g.with("Neptune#ml.endpoint","https://example.org/ep")' + LINK, Settings()),
    (InvalidParameter, "Invalid IAM role ARN provided for external service query.",
     E + '.with("Neptune#ml.iamRoleArn","sagemaker-role")' + LINK, Settings()),
    (InvalidParameter, "ML inference queries are currently supported for one property key.",
     P + f'.V("m").properties("genre","other_label"){CLASS}', Settings()),
    (InvalidParameter, "ML inference are currently supported only with one edge label.",
     P + '.V("u").in("rated","wrote").with("Neptune#ml.prediction").hasLabel("user")', Settings()),
    (InvalidParameter, "ML inference are currently supported only with one edge label.",
     P + '.V("u").out("rated","wrote").with("Neptune#ml.prediction").hasLabel("user")', Settings()),
    (InvalidParameter,
     "ML inference are currently supported only with one vertex label constraint.",
     P + '.V("u").out("rated").with("Neptune#ml.prediction").hasLabel("movie","user")', Settings()),
    (InvalidParameter,
     "Both regression and classification ML predicates cannot be specified in the query.",
     P + f'.V("m").properties("genre"){CLASS}.with("Neptune#ml.regression")', Settings()),
    (InvalidParameter, "Neptune ML inference queries are currently supported for one property key"
     " and one Neptune#ml.score property key.",
     P + f'.V("m").properties("genre","other","Neptune#ml.score"){CLASS}', Settings()),
    (MissingParameter, "No endpoint provided for external service query.", "g" + LINK, Settings()),
    (MissingParameter, "No IAM role ARN provided for external service query.", E + LINK, LISTED),
    (MissingParameter,
     "Property key needs to be specified using properties() step for ML inference queries.",
     P + f'.V("m").properties(){CLASS}', Settings()),
    (MissingParameter,
     "Edge label needs to be specified while using in() or out() step for ML inference queries.",
     P + '.V("u").out().with("Neptune#ml.prediction").hasLabel("movie")', Settings()),
    (MissingParameter, "Property key needs to be specified along with Neptune#ml.score property key"
     " while using the properties() step for Neptune ML inference queries.",
     P + f'.V("m").properties("Neptune#ml.score"){CLASS}', Settings()),
    (UnsupportedOperation, "ML inference queries are currently not supported with both() step.",
     P + '.V("u").both("rated").with("Neptune#ml.prediction").hasLabel("movie")', Settings()),
    (UnsupportedOperation,
     "Predicted vertex label needs to be specified using has() step for ML inference queries.",
     P + '.V("u").out("rated").with("Neptune#ml.prediction")', Settings()),
    (UnsupportedOperation,
     "Neptune ML inference queries are currently not supported inside a repeat step.",
     P + '.V("u").repeat(out("rated").with("Neptune#ml.prediction").hasLabel("u")).times(2)',
     Settings()),
    (UnsupportedOperation, "Neptune ML inference queries are currently supported only with one ML"
     " inference query per gremlin query.",
     P + f'.V("m").union(properties("genre"){CLASS}, properties("other"){CLASS})',
     Settings(one_inference=True)),
]  # fmt: skip

ids = [f"{error.__name__}: {message[:40]}" for error, message, _, _ in CASES]


def test_all_but_those_of_inductive_inference_stand_here() -> None:
    # Neptune's list has 23; three of them are about Neptune ML - Real-Time Inductive Inference.
    assert len(CASES) == 23 - 3


def told(request: RequestMessage, settings: Settings, store: Path) -> InferenceError:
    """The error in which a request ends that the database would let in."""

    async def ending() -> InferenceError:
        predictions = Predictions(Store(store))

        async def perform(command: object) -> object:
            return None if isinstance(command, Admit) else await predictions(command)  # type: ignore[arg-type]

        try:
            await carried_out(answer(request, settings), perform)  # type: ignore[arg-type]
        except InferenceError as error:
            return error
        finally:
            predictions.close()
        raise AssertionError("not refused")

    return asyncio.run(ending())


@pytest.mark.parametrize("make", [as_script, as_bytecode])
@pytest.mark.parametrize(("error", "message", "query", "settings"), CASES, ids=ids)
def test_the_exception_and_its_words(
    error: type[InferenceError],
    message: str,
    query: str,
    settings: Settings,
    make: Callable[[str], RequestMessage],
    tmp_path: Path,
) -> None:
    request = make(query)
    found = told(request, settings, tmp_path)
    assert type(found) is error
    assert str(found) == message
    assert found.http_status == 400
    assert json.loads(found.detail(request.request_id)) == {
        "requestId": str(request.request_id),
        "code": f"{error.__name__}Exception",
        "detailedMessage": message,
    }


@pytest.mark.parametrize(("error", "message", "query", "settings"), CASES, ids=ids)
def test_each_is_in_the_reference(
    error: type[InferenceError], message: str, query: str, settings: Settings
) -> None:
    text = (Path(__file__).parents[3] / "docs" / "queries.md").read_text(encoding="utf-8")
    words = message.replace(ROLE, "<IAM role ARN>")
    words = re.sub(r"\bep\b", "<endpoint>", words)
    assert f"| {error.__name__}Exception | `{words}` |" in text
