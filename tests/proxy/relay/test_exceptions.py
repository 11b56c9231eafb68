"""The documented exceptions of Neptune ML's Gremlin inference queries, each where it arises."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from answering import as_bytecode, as_script
from communities import write_communities

from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import CheckAccess, PrepareInductive
from gremlink.proxy.inference.errors import (
    BadRequest,
    InferenceError,
    InternalFailure,
    InvalidParameter,
    MissingParameter,
    UnsupportedOperation,
)
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.relay.http.inferences import run_inference
from gremlink.proxy.relay.offload import Offload
from gremlink.proxy.serving.predictions import Predictions
from gremlink.proxy.store.artifacts import read_artifact, write_artifact
from gremlink.proxy.store.records import Store
from gremlink.proxy.wire.request import RequestMessage

ROLE = "arn:aws:iam::0123456789:role/sagemaker-role"
OTHER = "arn:aws:iam::0123456789:role/other"
P = f'g.with("Neptune#ml.endpoint","ep").with("Neptune#ml.iamRoleArn","{ROLE}")'
E = 'g.with("Neptune#ml.endpoint","ep")'
LINK = '.V("u").out("rated").with("Neptune#ml.prediction").hasLabel("movie")'
INDUCTIVE = '"Neptune#ml.inductiveInference"'
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
    (UnsupportedOperation, "Neptune ML - Real-Time Inductive Inference queries are currently not"
     " supported with Gremlin steps which are not optimized for Neptune. Check the Neptune User"
     " Guide for a list of Neptune-optimized steps.",
     P + f".V().sample(1){LINK[7:]}".replace(".hasLabel", f".with({INDUCTIVE}).hasLabel"),
     Settings(unoptimised=frozenset({"sample"}))),
]  # fmt: skip

METADATA = {
    "missing": "Neptune ML cannot find the metadata file for Real-Time Inductive Inference in S3.",
    "unreadable": "Unable to fetch Neptune ML - Real-Time Inductive Inference metadata from S3."
    " Check the permissions of the S3 bucket or if the Neptune instance can connect to S3.",
}
"""The two that need an endpoint."""

ids = [f"{error.__name__}: {message[:40]}" for error, message, _, _ in CASES]


def test_all_of_them_stand_here() -> None:
    assert len(CASES) + len(METADATA) == 23


def told(
    request: RequestMessage, settings: Settings, store: Path, before: Callable[[], object] = list
) -> InferenceError:
    """The error in which a request ends that the database would let in; `before` happens once the
    model is loaded."""

    async def ending() -> InferenceError:
        predictions, offload = Predictions(Store(store)), Offload()

        async def perform(command: object) -> object:
            if isinstance(command, CheckAccess):
                return None
            if isinstance(command, PrepareInductive):
                before()
            return await predictions(command)  # type: ignore[arg-type]

        try:
            await run_inference(request, settings, perform, offload, size=0, timeout=0)  # type: ignore[arg-type]
        except InferenceError as error:
            return error
        finally:
            predictions.close()
            offload.close()
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


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("rated")
    export = write_communities(directory / "export", only="knows")
    settings = TrainingSettings(epochs=1, width=4, folds=2, networks=1, threads=1)
    train(export, directory / "model", model="popularity", settings=settings)
    return directory / "model"


@pytest.mark.parametrize("way", METADATA)
def test_the_metadata_of_inductive_inference(way: str, artifact: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    served = artifact
    if way == "missing":
        model = read_artifact(artifact)
        about = {key: value for key, value in model.manifest.items() if key != "files"}
        documents = {key: value for key, value in model.documents.items() if key != "inductive"}
        served = tmp_path / "earlier"
        write_artifact(served, replace(model, manifest=about, documents=documents))
    endpoint = store.create_endpoint("ep", served)
    asked = f'.V("p1").out("knows").with("Neptune#ml.prediction").with({INDUCTIVE})'
    request = as_script(f'{P}{asked}.hasLabel("Person")')
    damage = (endpoint.artifact / "inductive.json").unlink if way == "unreadable" else list
    found = told(request, Settings(), tmp_path / "store", damage)
    assert type(found) is InternalFailure
    assert str(found) == METADATA[way]
    assert found.http_status == 500


@pytest.mark.parametrize("message", METADATA.values())
def test_those_of_metadata_are_in_the_reference(message: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "queries.md").read_text(encoding="utf-8")
    assert f"| InternalFailureException | `{message}` |" in text


@pytest.mark.parametrize(("error", "message", "query", "settings"), CASES, ids=ids)
def test_each_is_in_the_reference(
    error: type[InferenceError], message: str, query: str, settings: Settings
) -> None:
    text = (Path(__file__).parents[3] / "docs" / "queries.md").read_text(encoding="utf-8")
    words = message.replace(ROLE, "<IAM role ARN>")
    words = re.sub(r"\bep\b", "<endpoint>", words)
    assert f"| {error.__name__}Exception | `{words}` |" in text
