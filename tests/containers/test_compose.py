"""Both images and the compose file in a real Docker: `make test-docker`, no part of `make test`."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

TOP = Path(__file__).parents[2]
COMPOSE = ("compose", "-f", "docker/compose.yaml", "-p", "gremlink-test")
PROXY = "http://127.0.0.1:8182/gremlin"


def docker(*words: str, seconds: float = 3600) -> str:
    """What `docker WORDS` prints."""
    done = subprocess.run(
        ["docker", *words], cwd=TOP, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def build(tag: str, *words: str) -> None:
    options = os.environ.get("DOCKER_BUILD", "").split()
    docker("build", *options, "-f", "docker/Dockerfile", *words, "-t", tag, ".")


def size(tag: str) -> int:
    """Bytes of an image."""
    return int(docker("image", "inspect", "-f", "{{.Size}}", tag))


def ask(address: str, script: str) -> str:
    with urllib.request.urlopen(f"{address}?gremlin={quote(script)}", timeout=10) as answer:
        return str(answer.read(), "utf-8")


def count() -> int:
    """Vertices, by the proxy; waits until it and the database answer."""
    deadline = time.monotonic() + 120
    while True:
        try:
            answer = json.loads(ask(PROXY, "g.V().count()"))
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(1)
            continue
        return int(answer["result"]["data"]["@value"][0]["@value"])


def answers() -> list[str]:
    """What the service `ask` has printed; waits for its end."""
    docker("wait", container("ask"))
    lines = docker(*COMPOSE, "logs", "--no-log-prefix", "ask").splitlines()
    return [line for line in lines if line.strip()][-11:]


def container(service: str) -> str:
    return docker(*COMPOSE, "ps", "-a", "-q", service).strip()


@pytest.fixture(scope="module", autouse=True)
def up() -> Iterator[None]:
    build("gremlink")
    docker(*COMPOSE, "up", "-d")
    try:
        yield
    finally:
        docker(*COMPOSE, "down", "--volumes")


def check_answers() -> None:
    title, first, next_title, *eight = answers()
    assert (title, next_title) == ("Henry's next friend:", "His next eight:")
    assert len(set(eight) | {first}) == 8


def test_both_questions_are_answered() -> None:
    check_answers()
    assert count() == 20


def test_the_proxy_is_not_root() -> None:
    assert docker(*COMPOSE, "exec", "-T", "gremlink", "id", "-u").strip() == "1000"
    listed = docker(*COMPOSE, "exec", "-T", "gremlink", "gremlink", "endpoint", "list")
    assert listed.startswith("friends\t")


def test_the_database_is_out_of_reach_from_this_machine() -> None:
    ports = docker("inspect", "-f", "{{json .NetworkSettings.Ports}}", container("gremlin-server"))
    assert not any(json.loads(ports).values())
    networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    (address,) = docker("inspect", "-f", networks, container("gremlin-server")).split()
    try:
        answer = ask(f"http://{address}:8182/gremlin", "'ev' + 'aluated'")
    except OSError:
        return
    assert "evaluated" not in answer


def test_a_restart_keeps_the_graph() -> None:
    ask(PROXY, "g.addV('User').property('name', 'Ada').iterate()")
    docker(*COMPOSE, "restart", "gremlin-server", "gremlink")
    assert count() == 21


def test_the_next_start_finds_graph_and_endpoint() -> None:
    docker(*COMPOSE, "down")
    docker(*COMPOSE, "up", "-d")
    assert count() == 21
    check_answers()
    prepared = docker(*COMPOSE, "logs", "--no-log-prefix", "prepare")
    assert prepared.strip() == "The endpoint friends exists."


def test_the_image_for_serving_alone_answers_from_the_same_volume() -> None:
    build("gremlink-serve", "--target", "serve")
    words = (
        "run",
        "--rm",
        "--network",
        "gremlink-test_database",
        "-v",
        "gremlink-test_store:/var/lib/gremlink",
    )
    listed = docker(*words, "gremlink-serve", "endpoint", "list")
    assert listed.startswith("friends\t")
    docker(
        *words, "-d", "--name", "gremlink-test-serve", "-e",
        "GREMLINK_UPSTREAM_URL=ws://gremlin-server:8182/gremlin", "gremlink-serve",
    )  # fmt: skip
    script = (
        'g.with("Neptune#ml.endpoint", "friends").V().has("User", "name", "Henry")'
        '.out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")'
    )
    try:
        deadline = time.monotonic() + 60
        while "listens" not in docker_logs("gremlink-test-serve"):
            assert time.monotonic() < deadline
            time.sleep(0.5)
        exec_words = ("exec", "gremlink-test-serve", "gremlink", "query", script)
        assert docker(*exec_words).strip() == answers()[1]
    finally:
        docker("rm", "-f", "gremlink-test-serve")
    whole, small = (size(tag) / 1e6 for tag in ("gremlink", "gremlink-serve"))
    print(f"\ngremlink {whole:.0f} MB, gremlink-serve {small:.0f} MB")


def docker_logs(name: str) -> str:
    """What a container has written to standard error."""
    done = subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=True)
    return done.stderr
