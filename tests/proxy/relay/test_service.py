"""The event loop of a server: how it ends."""

from __future__ import annotations

import errno
from collections.abc import Coroutine
from typing import Any

import pytest
import uvloop

from gremlink.proxy.relay.service import in_event_loop


async def end() -> None:
    pass


async def fail() -> None:
    raise OSError(errno.EBUSY, "the database's")


@pytest.mark.parametrize(("number", "is_raised"), [(errno.EBUSY, False), (errno.EIO, True)])
def test_a_loop_that_cannot_be_closed_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, number: int, is_raised: bool
) -> None:
    run = uvloop.run

    def run_and_fail(main: Coroutine[Any, Any, None]) -> None:
        run(main)
        raise OSError(number, "the loop's")

    monkeypatch.setattr(uvloop, "run", run_and_fail)
    if is_raised:
        with pytest.raises(OSError, match="the loop's"):
            in_event_loop(end())
    else:
        in_event_loop(end())


def test_errors_of_the_server_are_raised() -> None:
    with pytest.raises(OSError, match="the database's"):
        in_event_loop(fail())
