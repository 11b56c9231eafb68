"""The speed of a machine: measured once, kept, and never by chance another one."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from gremlink.proxy.config.reading import variable
from gremlink.proxy.learning.budget import REFERENCE, Speed
from gremlink.proxy.learning.settings import UnusableSettings
from gremlink.proxy.learning.workflows import speed as machine
from gremlink.proxy.learning.workflows.speed import chosen_speed, machine_speed, measured

OTHER = replace(REFERENCE, products=1e-12)


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[Speed]:
    """What is measured, each time another speed; the list grows with each measurement."""
    found: list[Speed] = []

    def measure(threads: int) -> Speed:
        found.append(replace(REFERENCE, products=(1.0 + len(found)) * 1e-11))
        return found[-1]

    monkeypatch.setattr(machine, "measured", measure)
    return found


@pytest.mark.slow
def test_rates_are_coarse_and_within_reason() -> None:
    found = asdict(measured(1))
    for kind, reference in asdict(REFERENCE).items():
        ratio = found[kind] / reference
        assert 1.0 / machine.FURTHEST <= ratio <= machine.FURTHEST
        assert machine._rounded(1.02 * found[kind], reference) == found[kind]
    assert machine._rounded(0.0 + 1e-300, 1.0) == 1.0 / machine.FURTHEST
    assert machine._rounded(1e9, 1.0) == machine.FURTHEST


def test_the_second_training_measures_nothing(tmp_path: Path, measurements: list[Speed]) -> None:
    first = machine_speed(2, tmp_path / "new" / "speed")
    assert machine_speed(2, tmp_path / "new" / "speed") == first == (measurements[0], ())
    assert len(measurements) == 1
    machine_speed(1, tmp_path / "new" / "speed")  # threads make another machine of it
    assert len(measurements) == 2


def test_first_trainings_at_one_time_agree(tmp_path: Path, measurements: list[Speed]) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = {each for each, _ in pool.map(lambda _: machine_speed(2, tmp_path), range(24))}
    assert len(found) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        json.dumps({"machine": {}, "speed": asdict(OTHER)}),
        json.dumps({"speed": asdict(OTHER)}),
    ],
)
def test_a_broken_file_or_one_of_another_machine_is_replaced(
    tmp_path: Path, measurements: list[Speed], content: str
) -> None:
    machine_speed(2, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text(content)
    assert machine_speed(2, tmp_path) == (measurements[1], ())
    assert machine_speed(2, tmp_path) == (measurements[1], ())


def test_rates_that_are_none_do_not_count(tmp_path: Path, measurements: list[Speed]) -> None:
    machine_speed(2, tmp_path)
    (file,) = tmp_path.iterdir()
    document = json.loads(file.read_text())
    for bad in (0.0, -1.0, float("nan"), "fast", None):
        file.write_text(json.dumps(document | {"speed": asdict(OTHER) | {"walks": bad}}))
        assert machine_speed(2, tmp_path)[0] != OTHER


def test_without_a_place_to_keep_it_training_goes_on(
    tmp_path: Path, measurements: list[Speed]
) -> None:
    (tmp_path / "file").write_text("")
    found, (warning,) = machine_speed(2, tmp_path / "file" / "speed")
    assert found == measurements[0]
    assert "measures it again" in warning


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_is_only_read(tmp_path: Path, measurements: list[Speed]) -> None:
    tmp_path.chmod(0o500)
    assert machine_speed(2, tmp_path / "speed")[0] == measurements[0]
    tmp_path.chmod(0o700)


def test_a_speed_can_be_chosen(
    tmp_path: Path, measurements: list[Speed], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"seed": 0, "speed": asdict(OTHER)}))
    (tmp_path / "rates.json").write_text(json.dumps(asdict(OTHER)))
    for choice in (tmp_path, manifest, tmp_path / "rates.json"):
        assert chosen_speed(str(choice), 2) == (OTHER, ())
    assert chosen_speed("reference", 2) == (REFERENCE, ())
    assert chosen_speed("", 2) == (REFERENCE, ())  # the tests' environment
    monkeypatch.setenv(variable(machine.SETTING), str(manifest))
    assert chosen_speed("", 2) == (OTHER, ())
    monkeypatch.setattr(machine, "machine_speed", lambda threads: (OTHER, (str(threads),)))
    assert chosen_speed("measured", 3) == (OTHER, ("3",))
    assert not measurements


@pytest.mark.parametrize("content", [None, "{}", '{"speed": {"products": 1}}', "nothing"])
def test_a_file_without_a_speed_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UnusableSettings, match=r"manifest\.json has no 'speed' of a training"):
        chosen_speed(str(tmp_path), 2)
