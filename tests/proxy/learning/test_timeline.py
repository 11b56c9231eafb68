"""How far a training is, how long it still takes, and when its phases have to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from communities import write_communities
from teams import write_teams

from gremlink.proxy.learning.events import Event, Overall, PhaseStarted, StepDone
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.timeline import Stage, Steps, Timeline, is_over
from gremlink.proxy.learning.workflows.train import train

STAGES = [Stage("learn, part 1", 10.0, "learning"), Stage("learn, part 2", 10.0, "learning"),
          Stage("learn, part 12", 10.0, "learning"), Stage("write", 10.0, "writing")]  # fmt: skip


class Clock:
    """Time that a test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_shares_and_parts() -> None:
    clock = Clock()
    heard: list[Event] = []
    timeline = Timeline(heard.append, clock=clock)
    timeline(PhaseStarted("read"))
    assert heard == [PhaseStarted("read")], "nobody knows yet what is to come"
    clock.now += 10.0
    timeline.expect(STAGES)
    assert heard[-1] == Overall(10.0 / 50.0, 40.0)
    step = Steps(timeline, "learn, part 1", 2)
    timeline(PhaseStarted("learn, part 1"))
    assert heard[-1] == Overall(10.0 / 50.0, 40.0)
    clock.now += 5.0
    step()
    assert heard[-2:] == [StepDone("learn, part 1", 1, 2), Overall(15.0 / 50.0, 35.0)]
    clock.now += 15.0  # twice as long as estimated
    timeline(PhaseStarted("learn, part 12"))
    slow = 22.0 / 12.0
    assert heard[-1] == Overall(pytest.approx(30.0 / (30.0 + 20.0 * slow)), 20.0 * slow)
    clock.now += 10.0
    timeline(PhaseStarted("write"))
    clock.now += 1.0
    assert timeline.finish() == {"read": 10.0, "learning": 30.0, "writing": 1.0}
    shares = [event.share for event in heard if isinstance(event, Overall)]
    assert shares == sorted(shares)


def test_time_that_is_left() -> None:
    clock = Clock()
    assert Timeline(lambda _: None, clock=clock).time_left() == 0.0
    timeline = Timeline(lambda _: None, deadline=40.0, clock=clock)
    clock.now += 30.0  # spent on reading, say
    assert timeline.time_left() == 10.0
    clock.now += 30.0
    assert 0.0 < timeline.time_left() < 1.0


def test_a_deadline_is_shared_by_what_is_to_come() -> None:
    clock = Clock()
    timeline = Timeline(lambda _: None, deadline=40.0, clock=clock)
    timeline.expect(STAGES)
    timeline(PhaseStarted("learn, part 1"))
    clock.now += 9.0
    assert not is_over(timeline)
    clock.now += 1.0
    assert is_over(timeline)
    clock.now += 20.0  # it did not listen: the others have less
    timeline(PhaseStarted("learn, part 12"))
    assert not is_over(timeline)
    clock.now += 4.5
    assert is_over(timeline)
    assert not is_over(Timeline(lambda _: None, clock=clock))


SETTINGS = TrainingSettings(epochs=2, width=8, threads=1, networks=2, folds=2)
WAYS = {
    "parts": (SETTINGS, SearchSettings()),
    "a split": (replace(SETTINGS, cross_validate_up_to=0), SearchSettings()),
    "a search": (SETTINGS, SearchSettings(trials=2)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("of", ["links", "a property"])
def test_all_that_is_done_was_expected(
    tmp_path: Path, of: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: list[Stage] = []
    began: list[str] = []

    def expect(timeline: Timeline, stages: list[Stage]) -> None:
        expected.extend(stages)
        began.clear()

    monkeypatch.setattr(Timeline, "expect", expect)
    if of == "links":
        export = write_communities(tmp_path / "export")
    else:
        export = write_teams(tmp_path / "export", of_people={"label": ["team", "classification"]})

    def hear(event: Event) -> None:
        if isinstance(event, PhaseStarted):
            began.append(event.phase)

    settings, search = WAYS[way]
    train(export, tmp_path / "model", settings=settings, search=search, progress=hear)
    place = -1
    for phase in began:
        later = [
            number
            for number, stage in enumerate(expected)
            if number > place and phase.startswith(stage.name)
        ]
        assert later, f"{phase} was not expected after {expected[place].name}"
        place = later[0]
    assert began[-1] == "writing the artifact"
