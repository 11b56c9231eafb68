"""The search alone, on functions whose best place is known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from gremlink.proxy.learning.events import unheard
from gremlink.proxy.learning.search.parameter import Parameter, Value
from gremlink.proxy.learning.search.search import (
    Found,
    Here,
    Job,
    Objective,
    Reached,
    SearchFailed,
    Tell,
    groups_of,
    run_trial,
    search,
)

RATE = Parameter("lr", "float", 0.01, 0.001, 0.1, spacing="log")
WIDTH = Parameter("num-hidden", "int", 16, 16, 128, spacing="power2")
LAYERS = Parameter("num-layer", "int", 3, 1, 5, step=2)
NORM = Parameter("layer-norm", "bool", False)
PICKED = Parameter("picked", "int", 3, options=(3, 5, 8))
ALL = (RATE, WIDTH, LAYERS, NORM, PICKED)


def distance(parameters: Mapping[str, Value]) -> float:
    """How far from the best width, which is 64."""
    width = parameters.get("num-hidden", 64)
    assert width is not None
    return -abs(float(width) - 64.0) / 64.0


def run(objective: Objective, trials: int = 12, parallel: int = 1, seed: int = 0) -> Found:
    return search(
        ALL,
        {each.name: each.default for each in ALL},
        trials=trials,
        parallel=parallel,
        seed=seed,
        runner=Here(objective),
        progress=unheard,
        what="a test",
    )


def test_the_best_is_found_from_the_defaults_on() -> None:
    found = run(lambda parameters, _: Reached(distance(parameters)))
    assert found.best["num-hidden"] == 64
    assert found.trials[0].parameters == {each.name: each.default for each in ALL}
    for row in found.trials:
        parameters = row.parameters
        assert 0.001 <= float(parameters["lr"] or 0) <= 0.1
        assert parameters["num-hidden"] in (16, 32, 64, 128)
        assert parameters["num-layer"] in (1, 3, 5)
        assert isinstance(parameters["layer-norm"], bool)
        assert parameters["picked"] in (3, 5, 8)


def test_the_same_seed_tries_the_same() -> None:
    tried = [[row.parameters for row in run(lambda p, _: Reached(distance(p)), seed=3).trials]
             for _ in range(2)]  # fmt: skip
    assert tried[0] == tried[1]
    other = [row.parameters for row in run(lambda p, _: Reached(distance(p)), seed=4).trials]
    assert tried[0] != other


def test_rounds_do_not_depend_on_who_is_first() -> None:
    """In a round of three, what the trials tell each other must not change the proposals."""

    class Backwards:
        def run(self, jobs, keep):  # type: ignore[no-untyped-def]
            rows = [
                run_trial(lambda p, _: Reached(distance(p)), job, keep) for job in reversed(jobs)
            ]
            return list(reversed(rows))

    forwards = run(lambda p, _: Reached(distance(p)), parallel=3)
    backwards = search(
        ALL,
        {each.name: each.default for each in ALL},
        trials=12,
        parallel=3,
        seed=0,
        runner=Backwards(),
        progress=unheard,
        what="a test",
    )
    assert [row.parameters for row in forwards.trials] == [
        row.parameters for row in backwards.trials
    ]


def test_weak_trials_are_given_up() -> None:
    heard: list[int] = []

    def objective(parameters: Mapping[str, Value], tell: Tell) -> Reached:
        value = distance(parameters)
        for step in range(10):
            heard.append(step)
            tell(value - 1.0 / (step + 1))
        return Reached(value)

    found = run(objective, trials=20)
    pruned = [row for row in found.trials if row.state == "pruned"]
    assert pruned
    assert len(heard) < 20 * 10
    assert all(distance(row.parameters) <= distance(found.best) for row in pruned)


def test_a_trial_that_fails_is_told_and_passed_over() -> None:
    def objective(parameters: Mapping[str, Value], tell: Tell) -> Reached:
        if parameters["num-hidden"] == 128:
            raise RuntimeError("not enough memory")
        return Reached(distance(parameters))

    found = run(objective, trials=20)
    failed = [row for row in found.trials if row.state == "failed"]
    assert failed
    assert {row.reason for row in failed} == {"RuntimeError: not enough memory"}
    assert all(row.value is None for row in failed)
    assert found.best["num-hidden"] == 64


def test_where_all_trials_fail_the_search_does() -> None:
    def objective(parameters: Mapping[str, Value], tell: Tell) -> Reached:
        raise RuntimeError("not enough memory")

    with pytest.raises(SearchFailed, match="no trial of a test came to an end: RuntimeError"):
        run(objective, trials=3)


def test_equals_leave_the_defaults() -> None:
    found = run(lambda _, tell: Reached(0.5), trials=5)
    assert found.best == found.trials[0].parameters


@pytest.mark.parametrize("ahead", [True, False], ids=["skill", "luck"])
def test_what_is_ahead_by_luck_leaves_the_defaults(ahead: bool) -> None:
    """All trials but the first are better by 0.01 on average, everywhere or by three groups."""
    begin = np.linspace(0.1, 0.3, 10)
    more = np.full(10, 0.01) + 0.002 * np.resize([1, -1], 10)
    if not ahead:
        more = np.array([0.3, -0.2, 0.1, -0.1, 0.2, -0.2, 0, 0, 0, 0])

    def objective(parameters: Mapping[str, Value], _: Tell) -> Reached:
        default = all(parameters[each.name] == each.default for each in ALL)
        groups = begin if default else begin + more
        return Reached(float(groups.mean()), tuple(groups.tolist()))

    found = run(objective)
    values = [row.value or 0.0 for row in found.trials]
    assert max(values) > values[0] + 0.009
    assert (found.best != found.trials[0].parameters) is ahead


def test_groups_hold_everything_once() -> None:
    groups = groups_of(63)
    assert sorted(np.concatenate(groups).tolist()) == list(range(63))
    assert {len(group) for group in groups} == {6, 7}
    assert groups_of(49) == []


@pytest.mark.parametrize(
    ("parameter", "value", "known"),
    [
        (WIDTH, 64, 6),
        (WIDTH, 24, None),
        (WIDTH, 256, None),
        (LAYERS, 3, 3),
        (LAYERS, 2, None),
        (RATE, 0.02, 0.02),
        (RATE, None, None),
        (PICKED, 4, None),
    ],
)
def test_defaults_outside_the_range_are_not_tried(
    parameter: Parameter, value: Value, known: object
) -> None:
    assert parameter.enqueued(value) == known


def test_steps_that_do_not_reach_the_end() -> None:
    class Trial:
        def suggest_int(self, name: str, low: int, high: int, step: int, log: bool) -> int:
            assert (low, high, step) == (0, 6, 3)
            return high

        def suggest_float(
            self, name: str, low: float, high: float, step: float | None, log: bool
        ) -> float:
            assert step == 0.2
            return high

    assert Parameter("num-bases", "int", 0, 0, 8, step=3).suggested(Trial()) == 6
    assert Parameter("dropout", "float", 0, 0.0, 0.5, step=0.2).suggested(Trial()) == 0.4


def test_no_number_is_a_failure() -> None:
    row = run_trial(lambda _, tell: Reached(float("nan")), Job(0, {}), lambda *_: True)
    assert (row.state, row.value) == ("failed", None)
    assert "is no number" in row.reason


def test_a_trial_keeps_its_last_value() -> None:
    def objective(parameters: Mapping[str, Value], tell: Tell) -> Reached:
        for value in (0.1, 0.2, 0.3):
            tell(value)
        return Reached(0.4)

    stopped = run_trial(objective, Job(0, {}), lambda _, step, __: step < 1)
    assert (stopped.state, stopped.value) == ("pruned", 0.2)
    assert run_trial(objective, Job(0, {}), lambda *_: True).value == 0.4
