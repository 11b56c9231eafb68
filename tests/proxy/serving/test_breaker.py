"""A model that keeps failing is left alone, tried again after a pause, and comes back."""

from dataclasses import replace
from pathlib import Path

import pytest

from gremlink.proxy.inference.errors import InternalFailure, InvalidParameter
from gremlink.proxy.serving.breaker import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Breakers
from gremlink.proxy.store.records import Endpoint


class World:
    """A clock, and one endpoint whose model fails or not."""

    def __init__(self) -> None:
        self.time = 0.0
        self.breakers = Breakers(lambda: self.time)
        self.endpoint = Endpoint("friends", "link_prediction", Path("/artifacts/1"), "", "")
        self.asked = 0

    def ask(self, error: Exception | None = None, *, proves: bool = True) -> None:
        with self.breakers.asking(self.endpoint, proves=proves):
            self.asked += 1
            if error is not None:
                raise error

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(OSError, match="disk"):
                self.ask(OSError("disk on fire"))

    @property
    def is_open(self) -> bool:
        before = self.asked
        try:
            self.ask(InvalidParameter("of the query's own"))
        except InvalidParameter:
            return False
        except InternalFailure:
            assert self.asked == before
            return True
        raise AssertionError


@pytest.fixture
def world() -> World:
    return World()


def test_failures_in_a_row_open_it(world: World) -> None:
    world.fail(FAILURES - 1)
    assert not world.is_open
    world.fail()
    assert world.is_open
    assert world.breakers.open() == ["friends"]
    with pytest.raises(InternalFailure, match=r"friends has failed 5 times.*in 1 s.*OSError"):
        world.ask()


def test_a_success_between_them_does_not(world: World) -> None:
    world.fail(FAILURES - 1)
    world.ask(proves=False)
    world.fail()
    assert world.is_open
    world.time += FIRST_PAUSE
    world.ask()
    world.fail(FAILURES - 1)
    assert not world.is_open


def test_faults_of_queries_do_not_count(world: World) -> None:
    for _ in range(2 * FAILURES):
        with pytest.raises(InvalidParameter):
            world.ask(InvalidParameter("no"))
    assert not world.is_open


def test_one_tries_after_the_pause_and_its_success_closes(world: World) -> None:
    world.fail(FAILURES)
    world.time += FIRST_PAUSE
    with world.breakers.asking(world.endpoint, proves=True):
        assert world.is_open  # for all others
    assert world.breakers.open() == []
    assert not world.is_open


def test_its_failure_opens_for_twice_the_time(world: World) -> None:
    world.fail(FAILURES)
    pause = FIRST_PAUSE
    for _ in range(8):
        world.time += pause
        world.fail()
        pause = min(2 * pause, LONGEST_PAUSE)
        world.time += pause - 0.01
        assert world.is_open
        world.time += 0.01
        assert not world.is_open
        world.time -= pause


def test_another_model_begins_anew(world: World) -> None:
    world.fail(FAILURES)
    assert world.is_open
    world.endpoint = replace(world.endpoint, artifact=Path("/artifacts/2"))
    assert not world.is_open


def test_an_endpoint_is_alone_with_its_failures(world: World) -> None:
    world.fail(FAILURES)
    world.endpoint = replace(world.endpoint, name="other")
    assert not world.is_open
