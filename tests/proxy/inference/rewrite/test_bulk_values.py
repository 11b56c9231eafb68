"""Values as often as they were counted, in few words."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar.traversal import Instruction, Literal, Traversal
from gremlink.proxy.inference.rewrite.bulk_values import inject_counts

counts = st.lists(st.integers(1, 20_000), min_size=1, max_size=8).map(
    lambda found: [(Literal.of(place), count) for place, count in enumerate(found)]
)


def results(steps: list[Instruction]) -> Counter[object]:
    """What the steps give, by what each of them is documented to do; in its order."""
    found: Counter[object] = Counter()
    for step in steps:
        match step:
            case Instruction("inject", values):
                found = Counter(values) + found
            case Instruction("times", (Literal(_, more),)):
                found = Counter({value: count * (1 + more) for value, count in found.items()})
            case Instruction("repeat", (Traversal(steps=(Instruction("identity", ()),)),)):
                pass
            case other:
                assert other.name in ("emit", "barrier")
    return found


@given(counts)
def test_each_value_as_often_as_it_was_counted(counts: list[tuple[Literal, int]]) -> None:
    steps = inject_counts(counts)
    assert list(results(steps).items()) == counts
    assert steps[-1].name == "barrier"
    words = sum(len(step.arguments) for step in steps)
    assert words <= sum(10 * len(str(count)) for _, count in counts) + 10


def test_values_that_come_once_are_there_and_no_more() -> None:
    steps = inject_counts([(Literal.string("a"), 1), (Literal.string("b"), 1)])
    assert repr(Traversal((), tuple(steps))) == "g.inject('a', 'b').barrier()"


def test_the_example() -> None:
    steps = inject_counts([(Literal.string("Crime"), 1), (Literal.string("Drama"), 25)])
    assert repr(Traversal((), tuple(steps))) == (
        "g.inject('Drama', 'Drama')"
        ".emit().repeat(__.identity()).times(9).barrier()"
        ".inject('Drama', 'Drama', 'Drama', 'Drama')"
        ".inject('Crime', 'Drama').barrier()"
    )
