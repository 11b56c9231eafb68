"""Reading what an inference gets from the answer to the query for it."""

from __future__ import annotations

import pytest

from gremlink.grammar import graphbinary
from gremlink.grammar.lazy import UniformLiterals, literals_of
from gremlink.grammar.traversal import Argument, Bulked, Items, Kind, Literal
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.queries.inputs import INPUT_LIMIT, read_vertices


def folded(ids: list[Literal]) -> Items:
    """A list of ids, as it is read from a server's bytes."""
    found, _ = graphbinary.read_value(graphbinary.write_value(Items("list", tuple(ids))))
    assert isinstance(found, Items)
    return found


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("kind", [Kind.STRING, Kind.LONG])
def test_many_ids_stay_as_they_were_read(kind: Kind, wrapped: bool) -> None:
    values = [number if kind is Kind.LONG else f"u{number}" for number in range(100)]
    ids = literals_of(kind, values)
    result: Argument = folded(ids)
    inputs, known = read_vertices((Bulked(result, 1) if wrapped else result,))
    assert isinstance(inputs, UniformLiterals)
    assert list(inputs) == ids
    assert known == [frozenset()] * 100


def test_ids_of_several_kinds() -> None:
    ids = [*literals_of(Kind.LONG, range(50)), *literals_of(Kind.STRING, ["a", "b"])]
    inputs, _ = read_vertices((folded(ids),))
    assert list(inputs) == ids
    ids.append(Literal(Kind.INT, 7))
    with pytest.raises(UnsupportedOperation, match="1 and 1L"):
        read_vertices((folded(ids),))


def test_too_many() -> None:
    with pytest.raises(UnsupportedOperation, match=f"more than {INPUT_LIMIT} inputs"):
        read_vertices((folded(literals_of(Kind.LONG, range(INPUT_LIMIT + 1))),))
