"""`gremlink serve --workers 2`: one port, one management API, one set of figures."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from gremlin_python.driver.client import Client
from gremlin_python.driver.protocol import GremlinServerError
from patience import eventually, until_there
from prometheus_client.parser import text_string_to_metric_families
from teams import write_teams

from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store


class Proxy:
    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log
        self.url = ""

    def http(self, path: str, method: str = "GET") -> bytes:
        """The body of an answer, over a connection of its own."""
        address = re.sub("^ws", "http", self.url).replace("/gremlin", path)
        with urlopen(Request(address, method=method), timeout=20) as answer:
            return bytes(answer.read())

    def figure(self, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(self.http("/metrics").decode())
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def answered(self) -> float:
        return self.figure("gremlink_requests_total", kind="websocket", status="200")

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in children.read_text().split()]


def ask(url: str, script: str) -> list[object]:
    client = Client(url, "g")
    try:
        return list(client.submit(script).all().result())
    finally:
        client.close()


@contextmanager
def serving(upstream: str, directory: Path, *arguments: str) -> Iterator[Proxy]:
    command = [sys.executable, "-m", "gremlink", "serve", "--upstream", upstream, "--workers", "2"]
    environment = {**os.environ, "GREMLINK_STORE_DIRECTORY": str(directory)}
    log = directory / "proxy.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, *arguments], cwd=directory, env=environment, stderr=errors
        )
    proxy = Proxy(process, log)
    try:
        yield proxy
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def proxy(graph_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with serving(graph_url, tmp_path_factory.mktemp("workers"), "--port", "0") as proxy:
        announced(proxy)
        yield proxy


def announced(proxy: Proxy) -> None:
    eventually(lambda: "gremlink listens at " in proxy.log.read_text(), 60)
    proxy.url = re.findall(r"gremlink listens at (\S+)\n", proxy.log.read_text())[0]


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_figures_are_those_of_all_workers(proxy: Proxy) -> None:
    assert len(proxy.workers()) == 2
    before = proxy.answered()
    for number in range(12):
        assert ask(proxy.url, f"g.inject({number})") == [number]
    eventually(lambda: proxy.answered() == before + 12)
    assert {proxy.answered() for _ in range(8)} == {before + 12}
    assert proxy.figure("process_resident_memory_bytes") > 3 * 30e6


def test_every_worker_leads_to_the_management_api(proxy: Proxy) -> None:
    for _ in range(8):
        assert json.loads(proxy.http("/status"))["status"] == "healthy"
        assert proxy.http("/health/ready") == b"ready\n"
        assert json.loads(proxy.http("/ml/endpoints")) == {"ids": []}


def test_every_worker_answers_queries_at_the_root(proxy: Proxy) -> None:
    body = json.dumps({"gremlin": "g.inject(7)"}).encode()
    for path in ("/", "/gremlin/", "/gremlin", "/query") * 2:
        address = re.sub("^ws", "http", proxy.url).replace("/gremlin", path)
        with urlopen(Request(address, body), timeout=20) as answer:
            assert json.load(answer)["result"]["data"]["@value"][0]["@value"] == 7
    for path in ("/loader", "/status", "/gremlin/status", "/gremlin/stream"):
        address = re.sub("^ws", "http", proxy.url).replace("/gremlin", path)
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(address, body, method="PUT"), timeout=20)
        with refused.value as response:
            assert "requestId" in json.load(response)


def test_a_query_is_cancelled_by_the_id_of_its_client(proxy: Proxy) -> None:
    body = json.dumps({"gremlin": "Thread.sleep(20000); 1", "queryId": "a/b c?"}).encode()
    address = re.sub("^ws", "http", proxy.url)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(urlopen, Request(address, body), timeout=30)
        eventually(lambda: b"a/b c?" in proxy.http("/gremlin/status"))
        told = proxy.http("/gremlin/status?cancelQuery&queryId=a%2Fb%20c%3F")
        assert json.loads(told)["payload"] is True
        with pytest.raises(HTTPError) as cancelled:
            slow.result(10)
        with cancelled.value as response:
            assert json.load(response)["code"] == "CancelledByUserException"


def test_a_query_is_seen_and_cancelled_wherever_it_runs(proxy: Proxy) -> None:
    def running() -> list[dict[str, str]]:
        return list(json.loads(proxy.http("/gremlin/status"))["queries"])

    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(ask, proxy.url, "Thread.sleep(20000); 1") for _ in range(4)]
        eventually(lambda: len(running()) == 4)
        assert {query["queryString"] for query in running()} == {"Thread.sleep(20000); 1"}
        for query in running():
            answer = proxy.http(f"/gremlin/status/{query['queryId']}", "DELETE")
            assert json.loads(answer)["payload"] is True
        for each in slow:
            with pytest.raises(Exception, match="cancelled"):
                each.result(10)
    assert running() == []


def test_a_worker_that_dies_is_replaced_and_the_others_go_on(proxy: Proxy) -> None:
    for number in range(8):
        assert ask(proxy.url, f"g.inject({number})") == [number]
    counted = proxy.answered()
    dying, staying = proxy.workers()
    os.kill(dying, signal.SIGKILL)
    eventually(lambda: not is_running(dying))
    assert ask(proxy.url, "g.inject(1)") == [1]
    eventually(lambda: len(proxy.workers()) == 2 and dying not in proxy.workers(), 40)
    assert staying in proxy.workers()
    told = r"worker \d ended by itself \(status -9\), is started again"
    assert re.search(told, proxy.log.read_text())
    for number in range(8):
        assert ask(proxy.url, f"g.inject({number})") == [number]
    eventually(lambda: proxy.answered() == counted + 9)


def test_open_requests_are_answered_before_the_end(graph_url: str, tmp_path: Path) -> None:
    with serving(graph_url, tmp_path, "--port", "0") as proxy:
        announced(proxy)
        with ThreadPoolExecutor() as pool:
            query = until_there(tmp_path / "done")
            slow = [pool.submit(ask, proxy.url, f"{query}; 7") for _ in range(6)]
            eventually(lambda: proxy.figure("gremlink_inflight") == 6)
            workers = proxy.workers()
            proxy.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert proxy.process.poll() is None
            (tmp_path / "done").touch()
            assert [each.result(30) for each in slow] == [[7]] * 6
        assert proxy.process.wait(timeout=30) == 0
        assert not any(map(is_running, workers))


def test_a_second_signal_does_not_wait_in_any_worker(graph_url: str, tmp_path: Path) -> None:
    with serving(graph_url, tmp_path, "--port", "0") as proxy:
        announced(proxy)
        with ThreadPoolExecutor(8) as pool:
            slow = [pool.submit(ask, proxy.url, "Thread.sleep(30000); 7") for _ in range(8)]
            eventually(lambda: proxy.figure("gremlink_inflight") == 8)
            workers = proxy.workers()
            proxy.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert proxy.process.poll() is None
            assert any(map(is_running, workers))  # one alone, if chance gave it all of them
            assert not any(each.done() for each in slow)
            proxy.process.send_signal(signal.SIGTERM)
            second = time.monotonic()
            for each in slow:
                with pytest.raises(GremlinServerError, match="shutting down"):
                    each.result(25)
        assert proxy.process.wait(timeout=60) == 0
        assert time.monotonic() - second < 25  # and not as long as the queries
        assert not any(map(is_running, workers))


def test_workers_end_when_their_supervisor_is_killed(graph_url: str, tmp_path: Path) -> None:
    with serving(graph_url, tmp_path, "--port", "0") as proxy:
        announced(proxy)
        workers = proxy.workers()
        proxy.process.kill()
        proxy.process.wait(10)
        eventually(lambda: not any(map(is_running, workers)))


def test_a_port_in_use_is_one_line(graph_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        with serving(graph_url, tmp_path, "--port", str(port)) as proxy:
            assert proxy.process.wait(timeout=30) == 1
            said = proxy.log.read_text()
    assert said.startswith(f"gremlink: cannot listen on 127.0.0.1:{port}: ")
    assert said.count("\n") == 1


def test_endpoints_are_called_as_sagemakers(proxy: Proxy, tmp_path: Path) -> None:
    """The payload goes to one of the workers, past the management API, which has no models."""
    train(write_teams(tmp_path / "export"), tmp_path / "model", model="popularity")
    store = Store(proxy.log.parent)
    store.create_endpoint("links", tmp_path / "model")
    address = re.sub("^ws", "http", proxy.url).removesuffix("/gremlin")
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    once = Config(retries={"max_attempts": 0})
    clients = [
        boto3.client(each, endpoint_url=address, region_name="x", config=once, **keys)
        for each in ("sagemaker", "sagemaker-runtime")
    ]
    sagemaker, runtime = clients
    parameters = {"topk": 3, "edgeType": "knows", "tailNodeType": "Person"}
    data = {"globalParameters": parameters, "edges": [{"headNodeId": "p1"}]}
    payload = json.dumps({"version": "v1", "mode": "predict_tail", "data": data})
    try:
        answers = [
            runtime.invoke_endpoint(EndpointName="links", Body=payload)["Body"].read()
            for _ in range(4)
        ]
        assert len(set(answers)) == 1
        (edge,) = json.loads(answers[0])["output"]["edges"]
        assert len(edge["mlResults"]) == 3
        with pytest.raises(runtime.exceptions.ModelError) as caught:
            runtime.invoke_endpoint(EndpointName="links", Body=b"{}")
        assert caught.value.response["OriginalStatusCode"] == 400
        with pytest.raises(runtime.exceptions.ValidationError, match="not found"):
            runtime.invoke_endpoint(EndpointName="no/such", Body=payload)
        assert sagemaker.describe_endpoint(EndpointName="links")["EndpointStatus"] == "InService"
        sagemaker.delete_endpoint(EndpointName="links")
        assert sagemaker.list_endpoints()["Endpoints"] == []
    finally:
        for client in clients:
            client.close()
