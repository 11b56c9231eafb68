"""The proxy in a `with` block: it starts, refuses in a sentence, and leaves nothing behind."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

import gremlink
from gremlink.proxy.config import ConfigurationError
from gremlink.proxy.relay.listener import ListenError
from gremlink.proxy.store.artifacts import DamagedArtifact
from gremlink.proxy.store.errors import InvalidName
from gremlink.proxy.store.records import Store
from tests.support.communities import write_communities

NOWHERE = "ws://127.0.0.1:1/gremlin"
"""A database that does not answer: the proxy starts all the same."""


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("served")
    write_communities(here / "export", only="knows")
    return gremlink.train(here / "export", here / "artifact", model="popularity").artifact


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def endpoints_at(url: str) -> list[str]:
    """Return the names that the management API lists."""
    with urlopen(f"{url.replace('ws:', 'http:').removesuffix('/gremlin')}/ml/endpoints") as reply:
        ids: list[str] = json.load(reply)["ids"]
    return ids


def test_it_serves_while_the_block_lasts(artifact: Path) -> None:
    before = threading.active_count()
    with gremlink.serve(NOWHERE, {"people": artifact}) as url:
        assert url.startswith("ws://127.0.0.1:")
        assert url.endswith("/gremlin")
        assert endpoints_at(url) == ["people"]
    with pytest.raises(OSError, match="refused"):
        endpoints_at(url)
    wait_until(lambda: threading.active_count() == before)  # one may be loading a model


def test_it_ends_with_an_error_in_the_block(artifact: Path) -> None:
    with pytest.raises(ZeroDivisionError), gremlink.serve(NOWHERE, {"people": artifact}) as url:
        raise ZeroDivisionError
    with pytest.raises(OSError, match="refused"):
        endpoints_at(url)


def test_a_store_is_kept(artifact: Path, tmp_path: Path) -> None:
    with gremlink.serve(NOWHERE, {"one": artifact}, store=tmp_path):
        pass
    with gremlink.serve(NOWHERE, {"two": artifact}, store=tmp_path) as url:
        assert sorted(endpoints_at(url)) == ["one", "two"]
    assert [each.name for each in Store(tmp_path).endpoints()] == ["one", "two"]


def test_two_may_run_at_a_time(artifact: Path) -> None:
    with gremlink.serve(NOWHERE, {"a": artifact}) as one, gremlink.serve(NOWHERE) as two:
        assert one != two
        assert endpoints_at(one) == ["a"]
        assert endpoints_at(two) == []


def test_what_cannot_be_served_is_refused_before_it_starts(artifact: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=str(port)):
            gremlink.serve(NOWHERE, port=port).start()
    with pytest.raises(InvalidName, match="cannot be the name of an endpoint"):
        gremlink.serve(NOWHERE, {"a b": artifact}).start()
    (tmp_path / "empty").mkdir()
    with pytest.raises(DamagedArtifact):
        gremlink.serve(NOWHERE, {"a": tmp_path / "empty"}).start()
    with pytest.raises(ConfigurationError, match=r"did you mean limits\.max_connections"):
        gremlink.serve(NOWHERE, settings={"limits.max_connection": 1}).start()
    with pytest.raises(ConfigurationError, match=r"settings: listen\.port: -1 is not allowed"):
        gremlink.serve(NOWHERE, port=-1).start()


def test_it_reads_no_settings_of_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "gremlink.toml").write_text("nonsense")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREMLINK_LISTEN_PATH", "/elsewhere")
    with gremlink.serve(NOWHERE) as url:
        assert url.endswith("/gremlin")


def test_a_library_writes_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    with gremlink.serve(NOWHERE):
        logging.getLogger("gremlink.proxy.relay").warning("for nobody")
    assert capsys.readouterr() == ("", "")
