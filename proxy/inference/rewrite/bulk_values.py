"""Values, and how often each comes, as the beginning of a bytecode.

For one `Crime` and 25 `Drama`::

    .inject("Drama", "Drama")                                      24 = 2 tens
    .emit().repeat(__.identity()).times(9).barrier()
    .inject("Drama", "Drama", "Drama", "Drama")                    and 4
    .inject("Crime", "Drama").barrier()                            and each once more

A server makes one result of equal values of bytecode, and so it does here. To read a word for each
of ten thousand vertices would take it longer than all the rest of the query.
"""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.grammar.traversal import Instruction, anonymous, step
from gremlink.proxy.inference.commands import Counts

_BASE = 10
_MERGED = step("barrier")
_TIMES_BASE = (
    step("emit"),
    step("repeat", anonymous(step("identity"))),
    step("times", _BASE - 1),
    _MERGED,
)


def inject_counts(counts: Counts) -> list[Instruction]:
    """Return the steps that give each value as one result, in their order. There is at least one.

    The counts are read like numbers, digit for digit: what there is becomes ten times as much, and
    the next digits are added. Each value comes once more in the end, because what a later `inject`
    holds comes before the rest, and so puts all of them in order.
    """
    digits = [_digits(count - 1) for _, count in counts]
    steps: list[Instruction] = []
    for place in reversed(range(max(map(len, digits)))):
        if steps:
            steps += _TIMES_BASE
        repeated = [
            value
            for (value, _), own in zip(counts, digits, strict=True)
            for _ in range(own[place] if place < len(own) else 0)
        ]
        if repeated:
            steps.append(Instruction("inject", tuple(repeated)))
    return [*steps, Instruction("inject", tuple([value for value, _ in counts])), _MERGED]


def _digits(number: int) -> Sequence[int]:
    """Return the digits of a number, the last one first; none for zero."""
    digits = []
    while number:
        number, digit = divmod(number, _BASE)
        digits.append(digit)
    return digits
