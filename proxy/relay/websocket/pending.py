"""The state of one inference of a WebSocket client.

phase        waits for                                              next
ADVANCING    nothing: its generator runs on the event loop          any but ANSWERING
OFFLOADED    a thread that runs its generator                       ADVANCING
ASKING       the database, for the results of an own query          ADVANCING
PREDICTING   a model                                                ADVANCING
GUESSING     a model, for a speculative prediction                  ADVANCING
SPECULATING  the database, for a first result of a speculative query
                                                                    ADVANCING or ANSWERING
ANSWERING    the database, for the other results, which are the client's
ENDED        nothing any more

ENDED may follow each of the others: the answer is complete, refused or given up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

from gremlink.grammar.traversal import Argument
from gremlink.proxy.inference.answer import Answering
from gremlink.proxy.wire.frames import Message
from gremlink.proxy.wire.request import RequestMessage


class Phase(Enum):
    """One row of the module's table."""

    ADVANCING = auto()
    OFFLOADED = auto()
    ASKING = auto()
    PREDICTING = auto()
    GUESSING = auto()
    SPECULATING = auto()
    ANSWERING = auto()
    ENDED = auto()


TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.ADVANCING: frozenset(Phase) - {Phase.ANSWERING},
    Phase.OFFLOADED: frozenset((Phase.ADVANCING, Phase.ENDED)),
    Phase.ASKING: frozenset((Phase.ADVANCING, Phase.ENDED)),
    Phase.PREDICTING: frozenset((Phase.ADVANCING, Phase.ENDED)),
    Phase.GUESSING: frozenset((Phase.ADVANCING, Phase.ENDED)),
    Phase.SPECULATING: frozenset((Phase.ADVANCING, Phase.ANSWERING, Phase.ENDED)),
    Phase.ANSWERING: frozenset((Phase.ENDED,)),
    Phase.ENDED: frozenset(),
}


class _Cancellable(Protocol):
    """A timer or a task."""

    def cancel(self) -> object: ...


@dataclass(eq=False, slots=True)
class Pending:
    """An inference that is being answered, since `started` (seconds of the monotonic clock).

    `results` are those of the query `asked`, so far, and `received` their bytes. `timeout`, in
    milliseconds, limits the whole inference, and `timer` fires then; 0 is no limit. `task` is the
    model's work that it waits for. While the phase is OFFLOADED, only the thread may touch
    `answering`.
    """

    message: Message
    request: RequestMessage
    answering: Answering
    started: float
    timeout: int
    asked: UUID | None = None
    results: list[Argument] = field(default_factory=list)
    received: int = 0
    phase: Phase = Phase.ADVANCING
    timer: _Cancellable | None = None
    task: _Cancellable | None = None

    def enter(self, phase: Phase) -> None:
        """Change the phase, as `TRANSITIONS` allows."""
        assert phase in TRANSITIONS[self.phase], f"{phase} does not follow {self.phase}"
        self.phase = phase
