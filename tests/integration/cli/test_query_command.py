"""`gremlink query` against a real server."""

import json
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gremlink.proxy.cli import main


def query(url: str, *arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["query", "--url", url, *arguments], input=text)


def test_prints_one_line_for_each_result(graph_url: str) -> None:
    result = query(graph_url, "g.inject('a', 'b')")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "a\nb\n", "")


def test_prints_maps_in_columns_and_as_json(graph_url: str) -> None:
    script = "g.inject(['name': 'Bill', 'age': 7])"
    assert query(graph_url, script).stdout == "name\tage\nBill\t7\n"
    assert json.loads(query(graph_url, script, "--json").stdout) == {"name": "Bill", "age": 7}


def test_reads_the_script_from_standard_input(graph_url: str) -> None:
    assert query(graph_url, "-", text="g.inject(1)\n").stdout == "1\n"


def test_prints_a_new_vertex(empty_graph: str) -> None:
    result = query(empty_graph, "g.addV('User').property(T.id, 'u1').property('name', 'Ann')")
    assert result.stdout == "id\tlabel\tname\nu1\tUser\tAnn\n"


def test_prints_every_batch(graph_url: str) -> None:
    lines = query(
        graph_url, "g.inject(0).repeat(__.flatMap(__.union(identity(), identity()))).times(9)"
    )
    assert lines.stdout.splitlines() == ["0"] * 512


def test_shows_the_error_of_the_server(graph_url: str) -> None:
    result = query(graph_url, "g.V().nowhere()")
    assert result.exit_code == 1
    assert "answers 597" in result.stderr
    assert "nowhere" in result.stderr
    assert "Traceback" not in result.stderr


def test_time_limit_reaches_the_server(graph_url: str) -> None:
    result = query(graph_url, "Thread.sleep(20000)", "--timeout", "0.2")
    assert result.exit_code == 1
    assert "answers 598" in result.stderr


def test_address_that_takes_up_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gremlink.proxy.cli.query.HANDSHAKE_TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = query(f"ws://127.0.0.1:{silent.getsockname()[1]}/gremlin", "1")
    assert result.exit_code == 1
    assert "did not take up the connection within" in result.stderr


def test_http_server_is_not_a_gremlin_endpoint(tmp_path: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        result = query(f"ws://127.0.0.1:{server.server_port}/gremlin", "1")
        server.shutdown()
        thread.join()
    assert result.exit_code == 1
    assert "is not a Gremlin endpoint: it answers 404" in result.stderr


def test_an_endpoint_that_is_not_there(unused_tcp_port: int) -> None:
    url = f"ws://127.0.0.1:{unused_tcp_port}/gremlin"
    result = query(url, "1")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"gremlink: cannot reach {url}: Connection refused. ")


def test_an_answer_that_is_too_long_is_said_to_be_one(
    graph_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREMLINK_LIMITS_MAX_ANSWER_BYTES", "70000")
    result = query(graph_url, "'x' * 100000")
    assert result.exit_code == 1
    assert "a message of its answer has more than 70,000 bytes" in result.stderr
    assert query(graph_url, "'x' * 100").exit_code == 0
