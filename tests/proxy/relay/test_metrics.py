"""The figures for Prometheus: their names, and what counts as what."""

import asyncio

from playbook import frame_of, friends, refused, request, response
from prometheus_client.parser import text_string_to_metric_families
from sockets import both_loops, relay

from grammar.traversal import Traversal, step
from proxy.inference.errors import BadRequest
from proxy.relay.metrics import Metrics
from proxy.relay.shortcut import Ledger
from proxy.wire.response import read_response

PLAIN = Traversal((), (step("V"), step("count")))
NAMES = {
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
        ledger = Ledger()
        database_lost = True

    Talking.ledger.endings[200] = 3
    metrics = Metrics([], lambda: ())
    metrics.over(Talking())
    assert figures(metrics)["gremlink_requests_total", "websocket", "200"] == 3
    assert figures(metrics)["gremlink_upstream_errors_total",] == 1


@both_loops
async def test_every_ending_counts_once():
    async def no_endpoint(work: object) -> None:
        raise BadRequest("no")

    async with relay(no_endpoint) as world:
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
        await asyncio.sleep(0.05)
        found = figures(metrics)
        assert found["gremlink_requests_total", "websocket", "500"] == 1
        assert found["gremlink_upstream_errors_total",] == 1


@both_loops
async def test_requests_over_http_count():
    async with relay() as world:

        async def shake(peer) -> None:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        world.database.shake = shake
        post = (
            b"POST /gremlin HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
        )
        await world.http(post + b"{}")
        assert figures(world.server.metrics)["gremlink_requests_total", "http", "200"] == 1
