"""The figures for Prometheus: their names, and what counts as what."""

import asyncio
import time

import pytest
from http_exchange import post
from hypothesis import given
from hypothesis import strategies as st
from patience import soon
from playbook import frame_of, friends, refused, request, response
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.parser import text_string_to_metric_families
from sockets import both_loops, relay

from gremlink.grammar.traversal import Traversal, step
from gremlink.proxy.inference.errors import BadRequest
from gremlink.proxy.relay.latency_histogram import BOUNDS, LatencyHistogram
from gremlink.proxy.relay.metrics import Metrics
from gremlink.proxy.relay.waits import Waits
from gremlink.proxy.relay.websocket.open_requests import RequestTable
from gremlink.proxy.wire.response import read_response

PLAIN = Traversal((), (step("V"), step("count")))
NAMES = {
    "gremlink_request_duration_seconds",
    "gremlink_requests",
    "gremlink_inflight",
    "gremlink_connections",
    "gremlink_upstream_errors",
    "gremlink_inference_duration_seconds",
    "gremlink_model_info",
    "gremlink_model_left_alone",
}


def figures(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_names_are_as_promised():
    families = text_string_to_metric_families(Metrics([], lambda: ()).text().decode())
    names = {family.name for family in families}
    ours = {name for name in names if name.startswith("gremlink")}
    assert {name for name in ours if not name.endswith("_created")} == NAMES
    assert "process_resident_memory_bytes" in names


def test_models_in_memory():
    metrics = Metrics([], lambda: [("friends", "link_prediction")])
    assert figures(metrics)["gremlink_model_info", "friends", "link_prediction"] == 1


def test_models_that_keep_failing():
    metrics = Metrics([], lambda: (), lambda: ["friends"])
    assert figures(metrics)["gremlink_model_left_alone", "friends"] == 1


def test_what_ended_connections_counted_stays():
    class Talking:
        table = RequestTable()
        database_lost = True

    Talking.table.others[200] = 3
    metrics = Metrics([], lambda: ())
    metrics.over(Talking())
    assert figures(metrics)["gremlink_requests_total", "websocket", "200"] == 3
    assert figures(metrics)["gremlink_upstream_errors_total",] == 1


@both_loops
async def test_every_ending_counts_once():
    async def no_endpoint(work: object) -> None:
        raise BadRequest("no")

    async with relay(no_endpoint, waits=Waits(close=0.2)) as world:
        client, database = await world.pair()
        metrics = world.server.metrics

        async def ask(sent, *answers: bytes) -> int:
            client.send(frame_of(sent))
            if answers:
                await database.read(len(frame_of(sent)))
            for answer in answers:
                database.send(answer)
            for _ in range(len(answers) or 1):
                _, payload = await client.frame()
            return read_response(payload).code

        plain = request(PLAIN)
        parts = [response(plain.request_id, code=206), response(plain.request_id)]
        assert await ask(plain, *parts) == 200
        failing = request(PLAIN)
        assert await ask(failing, response(failing.request_id, code=597)) == 597
        assert await ask(request(refused())) == 499
        assert await ask(request(friends())) == 499
        assert (
            figures(metrics).items()
            >= {
                ("gremlink_requests_total", "websocket", "200"): 1,
                ("gremlink_requests_total", "websocket", "499"): 2,
                ("gremlink_requests_total", "websocket", "597"): 1,
                ("gremlink_inflight",): 0,
                ("gremlink_connections",): 1,
                ("gremlink_inference_duration_seconds_count", "refused", "GuessLinks"): 1,
            }.items()
        )
        waiting = request(PLAIN)
        client.send(frame_of(waiting))
        await database.read(len(frame_of(waiting)))
        assert figures(metrics)["gremlink_inflight",] == 1
        database.abort()
        await client.ended()
        await soon(lambda: figures(metrics)["gremlink_upstream_errors_total",] == 1)
        found = figures(metrics)
        assert found["gremlink_requests_total", "websocket", "500"] == 1
        assert found["gremlink_upstream_errors_total",] == 1


@both_loops
async def test_requests_are_timed_whichever_way_they_go():
    begun = time.monotonic()
    async with relay() as world:
        client, database = await world.pair()
        for wait, size in ((0.0, 10), (0.2, 10), (0.2, 70_000)):
            asked = request(PLAIN)
            client.send(frame_of(asked))
            await database.read(len(frame_of(asked)))
            await asyncio.sleep(wait)
            answer = response(asked.request_id, message="x" * size)
            database.send(answer)
            assert await client.read(len(answer)) == answer
        client.send(frame_of(request(refused())))
        await client.frame()
        found = figures(world.server.metrics)
        name = "gremlink_request_duration_seconds"
        assert found[f"{name}_bucket", "websocket", "0.1"] <= 2
        assert found[f"{name}_bucket", "websocket", "+Inf"] == 4
        assert found[f"{name}_count", "websocket"] == 4
        assert 0.4 < found[f"{name}_sum", "websocket"] < time.monotonic() - begun


@given(st.lists(st.floats(0, 20) | st.sampled_from(BOUNDS)))
def test_durations_lie_in_the_buckets_of_prometheus(seconds):
    measured, registry = LatencyHistogram(), CollectorRegistry()
    theirs = Histogram("x", "x", buckets=BOUNDS, registry=registry)
    for each in seconds:
        measured.took.append(each)
        theirs.observe(each)
    buckets, total = measured.histogram()
    for bound, count in buckets:
        assert count == registry.get_sample_value("x_bucket", {"le": bound})
    assert total == pytest.approx(registry.get_sample_value("x_sum"))


@both_loops
async def test_what_is_measured_is_counted_before_it_piles_up():
    async with relay(waits=Waits(counting=0.05)) as world:
        took = world.server.metrics.latencies["websocket"].took
        took.extend([0.1] * 1000)
        await soon(lambda: not took)
        found = figures(world.server.metrics)
        assert found["gremlink_request_duration_seconds_count", "websocket"] == 1000


@both_loops
async def test_requests_over_http_count():
    async with relay() as world:

        async def shake(peer) -> None:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        world.database.shake = shake
        await world.http(post(b"{}"))
        found = figures(world.server.metrics)
        assert found["gremlink_requests_total", "http", "200"] == 1
        assert found["gremlink_request_duration_seconds_count", "http"] == 1
