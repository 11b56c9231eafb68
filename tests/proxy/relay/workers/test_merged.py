"""The figures of several processes as one text."""

import prometheus_client
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry

from gremlink.proxy.relay.metrics import Metrics
from gremlink.proxy.relay.websocket.open_requests import RequestTable
from gremlink.proxy.relay.workers.merged import MergedMetrics


class Worker:
    """Figures as a worker tells them."""

    def __init__(self) -> None:
        self.connections: list[object] = []
        self.metrics = Metrics(
            self.connections,  # type: ignore[arg-type]
            lambda: [("friends", "link_prediction")],
        )

    def answer(self, times: int, status: int = 200) -> None:
        class Talking:
            table = RequestTable()
            database_lost = False

        Talking.table.others[status] = times
        self.metrics.over(Talking())

    def open(self) -> None:
        class Talking:
            table = RequestTable()
            database_lost = False

        self.connections.append(Talking())

    @property
    def text(self) -> str:
        return self.metrics.text().decode()


def told(text: bytes, name: str, **labels: str) -> float:
    (value,) = [
        sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return value


def test_counters_gauges_and_memory_add_up_and_models_do_not() -> None:
    one, other = Worker(), Worker()
    one.answer(3)
    other.answer(4)
    other.answer(5, status=500)
    one.open()
    text = MergedMetrics().merged({0: one.text, 1: other.text})
    assert told(text, "gremlink_requests_total", kind="websocket", status="200") == 7
    assert told(text, "gremlink_requests_total", kind="websocket", status="500") == 5
    assert told(text, "gremlink_connections") == 1
    assert told(text, "gremlink_model_info", endpoint="friends") == 1
    single = one.text.encode()
    name = "process_resident_memory_bytes"
    assert told(text, name) > 1.5 * told(single, name)
    started = "process_start_time_seconds"
    assert told(text, started) == told(single, started)


def test_what_a_dead_worker_counted_stays_and_what_it_had_open_does_not() -> None:
    figures, one, other = MergedMetrics(), Worker(), Worker()
    one.answer(3)
    one.open()
    other.answer(4)
    figures.merged({0: one.text, 1: other.text})
    figures.ended(0)
    replaced = Worker()
    replaced.answer(1)
    text = figures.merged({0: replaced.text, 1: other.text})
    assert told(text, "gremlink_requests_total", status="200") == 8
    assert told(text, "gremlink_connections") == 0
    figures.ended(0)
    text = figures.merged({1: other.text})
    assert told(text, "gremlink_requests_total", status="200") == 8


def test_a_histogram_stays_one() -> None:
    def observed(*seconds: float) -> str:
        registry = CollectorRegistry()
        took = prometheus_client.Histogram("took", "x", buckets=(1, 2), registry=registry)
        for each in seconds:
            took.observe(each)
        return prometheus_client.generate_latest(registry).decode()

    text = MergedMetrics().merged({0: observed(0.5, 1.5), 1: observed(1.7)}, observed(9))
    buckets = [told(text, "took_bucket", le=le) for le in ("1.0", "2.0", "+Inf")]
    assert buckets == [1, 3, 4]
    assert told(text, "took_count") == 4
