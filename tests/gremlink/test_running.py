"""What runs in a `with` block also starts and stops by itself, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gremlink.api.running import running

ENDED: list[str] = []


@running
def lamp(name: str) -> Iterator[str]:
    """Burn."""
    try:
        yield f"{name} burns"
    finally:
        ENDED.append(name)


def test_a_block() -> None:
    with lamp("one") as found:
        assert found == "one burns"
        assert "one" not in ENDED
    assert ENDED[-1] == "one"


def test_start_and_stop() -> None:
    two = lamp("two")
    two.stop()
    assert repr(two) == "<lamp: not started>"
    assert two.start() == "two burns"
    assert repr(two) == "<lamp: running>"
    two.stop()
    two.stop()
    assert ENDED.count("two") == 1
    with pytest.raises(RuntimeError, match=r"lamp is stopped: call gremlink\.lamp\(\) again"):
        two.start()


def test_an_error_in_the_block_ends_it() -> None:
    with pytest.raises(ZeroDivisionError), lamp("three"):
        raise ZeroDivisionError
    assert ENDED[-1] == "three"
