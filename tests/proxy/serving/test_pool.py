"""The threads of predictions: no model in the way of another, equal questions together."""

import threading
from concurrent.futures import wait
from dataclasses import dataclass, fields, replace

import pytest

from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.commands import Describe, PredictLinks, PrepareLinks
from gremlink.proxy.inference.errors import BadRequest, TooManyRequests
from gremlink.proxy.inference.live_graph import Neighbourhood
from gremlink.proxy.serving.pool import LARGEST_BATCH, THREADS, THREADS_PER_MODEL, WorkerPool

SLOW = PrepareLinks("slow", "likes", "out", "Film")
QUICK = PrepareLinks("quick", "likes", "out", "Film")


def vertex(number):
    return Literal.string(f"v{number}")


def asks(*numbers, model=SLOW, limit=3, candidates=None):
    inputs = [vertex(number) for number in numbers]
    return PredictLinks(model, inputs, [frozenset()] * len(numbers), limit, None, candidates)


class Worker:
    """Does work when it may; `seen` is what it was given, in this order."""

    def __init__(self):
        self.seen = []
        self.may = threading.Event()
        self.begun = threading.Semaphore(0)

    def __call__(self, work):
        self.seen.append(work)
        self.begun.release()
        if isinstance(work, Describe):
            assert self.may.wait(10)
            return "described"
        return [[(vertex, work.limit)] for vertex in work.inputs]


@pytest.fixture
def worker():
    return Worker()


@pytest.fixture
def pool(worker):
    pool = WorkerPool(worker, 100)
    yield pool
    worker.may.set()
    pool.close()


def occupied(pool, worker, endpoint="slow"):
    """All threads that a model may have are at work."""
    blocking = [pool.submit(endpoint, Describe(SLOW)) for _ in range(THREADS_PER_MODEL)]
    for _ in blocking:
        assert worker.begun.acquire(timeout=10)
    return blocking


def test_a_slow_model_leaves_threads_to_others(pool, worker):
    occupied(pool, worker)
    waiting = [pool.submit("slow", Describe(SLOW)) for _ in range(2 * THREADS)]
    quick = pool.submit("quick", asks(1, model=QUICK))
    assert quick.result(10) == [[(vertex(1), 3)]]
    assert not any(each.done() for each in waiting)
    worker.may.set()
    assert {each.result(10) for each in waiting} == {"described"}


def test_questions_that_wait_are_answered_together(pool, worker):
    occupied(pool, worker)
    same = [pool.submit("slow", asks(n, n + 10)) for n in range(5)]
    other = pool.submit("slow", asks(7, limit=9))
    among = pool.submit("slow", asks(8, candidates=frozenset()))
    worker.may.set()
    for n, each in enumerate(same):
        assert each.result(10) == [[(vertex(n), 3)], [(vertex(n + 10), 3)]]
    assert other.result(10) == [[(vertex(7), 9)]]
    assert among.result(10) == [[(vertex(8), 3)]]
    sizes = sorted(len(work.inputs) for work in worker.seen if isinstance(work, PredictLinks))
    assert sizes == [1, 1, 10]


@dataclass(frozen=True, slots=True)
class WithNewOption(PredictLinks):
    """A prediction with an option that the pool has never heard of."""

    diversify: bool = False


def test_predictions_that_differ_in_any_option_never_share_a_call(pool, worker):
    occupied(pool, worker)
    plain, new = (
        [
            pool.submit("slow", WithNewOption(SLOW, [vertex(n)], [frozenset()], 3, None, **option))
            for n in range(5)
        ]
        for option in ({}, {"diversify": True})
    )
    worker.may.set()
    wait([*plain, *new], 10)
    calls = [work for work in worker.seen if isinstance(work, WithNewOption)]
    assert sorted((work.diversify, len(work.inputs)) for work in calls) == [(False, 5), (True, 5)]


OTHER_VALUES = {
    "model": QUICK,
    "limit": 4,
    "threshold": 0.5,
    "candidates": frozenset([vertex(1)]),
    "neighbourhood": Neighbourhood((), (), 0),
    "without": frozenset(["Person"]),
}


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_predictions_that_differ_in_a_field_never_share_a_call(pool, worker, name):
    occupied(pool, worker)
    each_way = [asks(1), replace(asks(1), **{name: OTHER_VALUES[name]})]
    waiting = [pool.submit("slow", each) for each in each_way * 5]
    worker.may.set()
    wait(waiting, 10)
    for asked in each_way:
        calls = [
            len(work.inputs)
            for work in worker.seen
            if isinstance(work, PredictLinks) and getattr(work, name) == getattr(asked, name)
        ]
        assert sum(calls) == 5


def test_every_field_is_tried():
    assert {*OTHER_VALUES, "inputs", "known"} == {each.name for each in fields(PredictLinks)}


def test_no_more_than_so_many_inputs_at_a_time(pool, worker):
    occupied(pool, worker)
    waiting = [pool.submit("slow", asks(n)) for n in range(LARGEST_BATCH + 5)]
    worker.may.set()
    wait(waiting, 10)
    sizes = [len(work.inputs) for work in worker.seen if isinstance(work, PredictLinks)]
    assert max(sizes) == LARGEST_BATCH
    assert sum(sizes) == LARGEST_BATCH + 5


@pytest.mark.parametrize("error", [BadRequest("no"), OSError("disk on fire")])
def test_who_fails_fails_alone(error):
    def do(work):
        if isinstance(work, Describe):
            assert may.wait(10)
            return None
        if vertex(3) in work.inputs:
            raise error
        return [[(vertex, 1.0)] for vertex in work.inputs]

    may = threading.Event()
    pool = WorkerPool(do, 100)
    blocking = [pool.submit("slow", Describe(SLOW)) for _ in range(THREADS_PER_MODEL)]
    waiting = [pool.submit("slow", asks(n)) for n in range(6)]
    may.set()
    wait([*blocking, *waiting], 10)
    failed = [n for n, each in enumerate(waiting) if each.exception()]
    # What a query is told of its endpoint holds for all that ask the same.
    assert failed == ([3] if isinstance(error, OSError) else list(range(6)))
    pool.close()


def test_what_is_cancelled_before_it_begins_leaves_the_queue(worker):
    pool = WorkerPool(worker, THREADS_PER_MODEL + 1)
    blocking = occupied(pool, worker)
    waiting = pool.submit("slow", asks(1))
    with pytest.raises(TooManyRequests, match="3 predictions wait already"):
        pool.submit("quick", asks(1, model=QUICK))
    assert waiting.cancel()
    assert not blocking[0].cancel()
    assert pool.submit("quick", asks(1, model=QUICK)).result(10)
    worker.may.set()
    wait(blocking, 10)
    assert waiting.cancelled()
    pool.close()


def test_nothing_begins_after_the_end(worker):
    pool = WorkerPool(worker, 100)
    blocking = occupied(pool, worker)
    waiting = pool.submit("slow", asks(1))
    pool.close()
    assert waiting.cancelled()
    worker.may.set()
    wait(blocking, 10)
    assert not any(isinstance(work, PredictLinks) for work in worker.seen)
