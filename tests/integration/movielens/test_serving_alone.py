"""The proxy in an environment that has neither torch nor DGL: all predictions, and what is said
where training would begin."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from api_requests import TRAINING, send
from movielens_graph import Deployment
from neptune_queries import DOCUMENTED, Query
from notebook_queries import NOTEBOOKS
from plain_results import alike, plain, sorted_alike
from slim import Slim, installed
from ways import Speakers, ways

from gremlink.proxy.messages.left_out import EMBEDDED
from gremlink.proxy.messages.left_out import TRAINING as TRAINING_MODULES

WAY = ways(None)[0]
QUERIES = [query for query in (*DOCUMENTED, *NOTEBOOKS) if query.proxy == "plain"]
NO_TRAINING = "raining is not installed here, only what serves"


@pytest.fixture(scope="module")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Slim:
    return installed(tmp_path_factory.mktemp("slim"))


@pytest.fixture(scope="module")
def address(slim: Slim, deployment: Deployment) -> Iterator[str]:
    with slim.serving(deployment.database, deployment.store.root) as address:
        yield address


@pytest.fixture(scope="module")
def speakers(address: str) -> Iterator[Speakers]:
    with closing(Speakers(address)) as speakers:
        yield speakers


def test_what_is_left_out(slim: Slim) -> None:
    names = [*TRAINING_MODULES, *EMBEDDED]
    program = f"from importlib.util import find_spec; print([n for n in {names} if find_spec(n)])"
    found = subprocess.run([slim.python, "-I", "-c", program], capture_output=True, text=True)
    assert found.stdout == "[]\n", found.stderr


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_every_query_has_the_same_answer(
    query: Query, speakers: Speakers, expected: Callable[[Query], list[Any]]
) -> None:
    found = [plain(result) for result in speakers.ask(WAY, query.script, query.write)]
    right = expected(query)
    if not query.ordered:
        found, right = sorted_alike(found), sorted_alike(right)
    assert alike(found, right), (found, right)


def test_the_api_says_that_training_is_missing(address: str) -> None:
    api = address.replace("ws://", "http://").removesuffix("/gremlin")
    status, reply = send(api, "POST", "/ml/modeltraining", TRAINING)
    assert status == 400
    assert NO_TRAINING in reply["detailedMessage"]
    assert "pip install gremlink" in reply["detailedMessage"]
    status, reply = send(api, "GET", "/ml/endpoints")
    assert status == 200
    assert "ids" in reply


@pytest.mark.parametrize("command", ["train", "gremlin-server", "quickstart"])
def test_commands_say_what_is_missing(command: str, slim: Slim) -> None:
    (slim.directory / "export").mkdir(exist_ok=True)
    words = {
        "train": ["train", "export", "--output", "artifact"],
        "gremlin-server": ["gremlin-server", "--mutual-tls", "--data", "data", "--port", "1"],
        "quickstart": ["quickstart", "--data", "quickstart"],
    }[command]
    ended = slim.run(*words)
    assert ended.returncode == 1
    assert "is not installed here, only what serves" in ended.stderr
    assert "`pip install gremlink` adds the rest" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_python_asks_models_and_says_what_is_missing(slim: Slim, deployment: Deployment) -> None:
    endpoint = deployment.store.endpoint("rated")
    assert endpoint is not None
    program = f"""
import gremlink
model = gremlink.load({str(endpoint.artifact)!r})
print(len(model.predict(model.ids("user")[0], "rated", limit=3)))
print(gremlink.FRIENDS.is_dir())
for missing in (lambda: gremlink.train("/", "/tmp/none"), gremlink.gremlin_server().start):
    try:
        missing()
    except gremlink.NotInstalled as error:
        print("pip install gremlink" in str(error))
"""
    found = subprocess.run([slim.python, "-I", "-c", program], capture_output=True, text=True)
    assert found.stdout.split() == ["3", "True", "True", "True"], found.stderr


def test_other_commands_do_not_need_it(slim: Slim, deployment: Deployment) -> None:
    database = deployment.database
    assert slim.run("--version").returncode == 0
    assert slim.run("query", "--url", database, "g.V().limit(1).count()").stdout == "1\n"
    exported = slim.run("export", "--output", "export-2", "--url", database)
    assert exported.returncode == 0, exported.stderr
    processed = slim.run("process", "export-2", "--output", "processed")
    assert processed.returncode == 0, processed.stderr
    endpoint = deployment.store.endpoint("rated")
    assert endpoint is not None
    artifact = endpoint.artifact
    asked = ("predict", artifact, "--all", "--limit", "1", "--output")
    predicted = slim.run(*asked, "rated.csv")
    assert predicted.returncode == 0, predicted.stderr
    refused = slim.run(*asked, "rated.parquet")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "`pip install pyarrow` adds it; .csv and .jsonl need nothing" in refused.stderr
    again = slim.run(
        "transform", artifact, deployment.store.root.parent / "ratings",
        "--configuration", "rated.json", "--output", "transformed",
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    network = deployment.store.endpoint("score")
    assert network is not None
    shown = slim.run("embeddings", network.artifact)
    assert shown.returncode == 0, shown.stderr
    made = slim.run("endpoint", "create", "copy", "--artifact", artifact)
    assert made.returncode == 0, made.stderr
