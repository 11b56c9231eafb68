"""How much memory jobs may take where no setting says it."""

from pathlib import Path

import psutil
import pytest

from gremlink.proxy.management.jobs.memory import MemoryLimit, memory_of_this_machine

TOTAL = psutil.virtual_memory().total / 2**20


@pytest.mark.parametrize("text", ["max\n", "", "x", None])
def test_without_a_limit_of_its_group_it_is_the_machine_s(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "memory.max").write_text(text)
    assert memory_of_this_machine(tmp_path) == TOTAL


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_container_has_what_its_control_group_has(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{512 * 2**20}\n")
    assert memory_of_this_machine(tmp_path) == 512
    file.write_text("9223372036854771712\n")  # version 1 says so that there is none
    assert memory_of_this_machine(tmp_path) == TOTAL


def test_a_limit_of_the_settings_is_each_job_s() -> None:
    limit = MemoryLimit.of(100)
    assert limit.exceeded({1: 90, 2: 90}) == {}
    (number,) = exceeded = limit.exceeded({1: 90, 2: 1234})
    assert number == 2
    assert exceeded[2] == (
        "it took 1,234 MiB of memory, more than the 100 MiB of jobs.memory_limit"
    )


def test_without_one_the_largest_gives_way() -> None:
    limit = MemoryLimit(None, 1000)
    assert limit.exceeded({}) == {}
    assert limit.exceeded({1: 990}) == {}
    assert "it took 1,001 MiB of memory, more than" in limit.exceeded({1: 1001})[1]
    exceeded = limit.exceeded({1: 300, 2: 800})
    assert list(exceeded) == [2]
    assert "it took 800 MiB of memory, and all jobs 1,100 MiB, more than the 1,000" in exceeded[2]
