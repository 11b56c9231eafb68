"""The phases of an inference: which may follow which."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from gremlink.proxy.relay.websocket import pending
from gremlink.proxy.relay.websocket.pending import TRANSITIONS, Pending, Phase


def in_phase(phase: Phase) -> Pending:
    message: Any = None
    return Pending(message, message, message, started=0.0, timeout=0, phase=phase)


def test_every_phase_is_in_the_table_and_reached() -> None:
    assert set(TRANSITIONS) == set(Phase)
    assert set().union(*TRANSITIONS.values()) == set(Phase)
    assert pending.__doc__ is not None
    assert all(f"\n{phase.name} " in pending.__doc__ for phase in Phase)


def test_each_phase_but_the_last_may_end() -> None:
    assert [phase for phase in Phase if Phase.ENDED not in TRANSITIONS[phase]] == [Phase.ENDED]


def test_only_transitions_of_the_table_are_made() -> None:
    for before, after in itertools.product(Phase, repeat=2):
        inference = in_phase(before)
        if after in TRANSITIONS[before]:
            inference.enter(after)
            assert inference.phase is after
        else:
            with pytest.raises(AssertionError, match=f"{after} does not follow {before}"):
                inference.enter(after)
