"""gremlinpython's own bytes, read and written again, are the same bytes."""

from __future__ import annotations

import datetime
import json
import uuid
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from aenum import Enum
from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.strategies import (
    OptionsStrategy,
    PartitionStrategy,
    ReadOnlyStrategy,
    SeedStrategy,
    SubgraphStrategy,
)
from gremlin_python.process.traversal import (
    DT,
    Barrier,
    Binding,
    Bindings,
    Bytecode,
    Cardinality,
    Column,
    Direction,
    Merge,
    Operator,
    Order,
    P,
    Pick,
    Pop,
    Scope,
    T,
    TextP,
    TraversalStrategy,
    Traverser,
)
from gremlin_python.process.traversal import Traversal as AnyTraversal
from gremlin_python.statics import (
    BigDecimal,
    FunctionType,
    GremlinType,
    SingleByte,
    SingleChar,
    bigint,
    long,
    short,
    timestamp,
)
from gremlin_python.structure.graph import Edge, Path, Property, Vertex, VertexProperty
from gremlin_python.structure.io import graphbinaryV1, graphsonV2d0, graphsonV3d0
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryWriter
from gremlin_python.structure.io.graphsonV2d0 import GraphSONWriter as GraphSON2Writer
from gremlin_python.structure.io.graphsonV3d0 import GraphSONWriter as GraphSON3Writer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gremlink.grammar import graphbinary, graphson
from gremlink.grammar.traversal import Literal, Opaque, Traversal

GRAPH_BINARY = GraphBinaryWriter()
GRAPHSON = {2: GraphSON2Writer(), 3: GraphSON3Writer()}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
int32 = st.integers(-(2**31), 2**31 - 1)
int64 = st.integers(-(2**63), 2**63 - 1)
ENUMS = (Barrier, Cardinality, Column, DT, Direction, Merge, Operator, Order, Pick, Pop, Scope, T)
constants = st.sampled_from([constant for enum in ENUMS for constant in enum])
vertices = st.builds(Vertex, text | int32, text)
seconds = st.integers(0, 2**31)
codes = st.tuples(text, st.sampled_from(["gremlin-groovy", "gremlin-lang"])) | text

PLAIN: dict[type, st.SearchStrategy[Any]] = {
    type(None): st.none(),
    bool: st.booleans(),
    str: text,
    int: int32,
    short: st.integers(-(2**15), 2**15 - 1).map(short),
    long: int64.map(long),
    bigint: st.integers(2**63, 2**90).map(bigint),
    float: st.floats(allow_nan=False),
    uuid.UUID: st.uuids(),
    **dict.fromkeys(ENUMS, constants),
}
"""What means the same in every encoding."""

ALMOST_PLAIN: dict[type, st.SearchStrategy[Any]] = {
    datetime.datetime: st.datetimes(datetime.datetime(1970, 1, 2), datetime.datetime(2100, 1, 1)),
    timestamp: seconds.map(timestamp),
    datetime.timedelta: st.timedeltas(datetime.timedelta(0), datetime.timedelta(days=900)),
    bytes: st.binary(max_size=8),
    SingleByte: st.integers(-128, 127).map(SingleByte),
    SingleChar: st.characters(exclude_categories=["Cs"]).map(SingleChar),
    FunctionType: codes.map(lambda code: lambda: code),
    Vertex: vertices,
    Edge: st.builds(Edge, text, vertices, text, vertices),
    VertexProperty: st.builds(VertexProperty, text, text, text, vertices),
    Property: st.builds(Property, text, text | int32, st.none()),
    Traverser: st.builds(Traverser, text | int32, st.integers(1, 2**40).map(long)),
    GraphTraversal: st.lists(text, max_size=2).map(lambda labels: __.out(*labels)),
}
"""What every encoding has a form for."""

ONLY_GRAPHSON: dict[type, st.SearchStrategy[Any]] = {
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    type: st.just(ReadOnlyStrategy),
}
if Decimal not in graphsonV3d0._serializers:  # in 3.8 it is a BigDecimal
    del ONLY_GRAPHSON[Decimal]
ONLY_GRAPHBINARY: dict[type, st.SearchStrategy[Any]] = {
    BigDecimal: st.builds(BigDecimal, st.integers(-9, 9), st.integers(-(2**70), 2**70)),
    GremlinType: st.from_regex(r"[a-z]{1,3}\.[A-Z][a-z]{1,3}", fullmatch=True).map(GremlinType),
    Path: st.lists(text | int32, max_size=2).map(
        lambda objects: Path([set() for _ in objects], objects)
    ),
}
COMPOSITE = {P, TextP, list, set, dict, Binding, Bytecode, TraversalStrategy}
"""Types that hold others; `arguments`, `predicates` and `strategies` draw them."""


def any_of(*tables: dict[type, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    every = st.one_of(*[values for table in tables for values in table.values()])

    @st.composite
    def scalar(draw: st.DrawFn) -> Any:  # whose repr is short
        return draw(every)

    return scalar()


scalars = any_of(PLAIN)
graphson_scalars = any_of(PLAIN, ALMOST_PLAIN, ONLY_GRAPHSON)
binary_scalars = any_of(PLAIN, ALMOST_PLAIN, ONLY_GRAPHBINARY)


def predicates(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    simple = (
        st.builds(P.gt, values)
        | st.builds(P.between, int32, int32)
        | st.lists(values, min_size=1, max_size=3).map(P.within)
        | st.builds(TextP.containing, text)
    )
    return (
        simple
        | st.builds(lambda a, b: a.and_(b), simple, simple)
        | st.builds(lambda a, b: a.or_(b), simple, simple)
        | simple.map(P.not_)
    )


def options_of(options: dict[str, Any]) -> OptionsStrategy:
    """The strategy, which 3.7 makes of a dictionary, and 3.8 of keywords."""
    made = OptionsStrategy()
    made.configuration.update(options)
    return made


def strategies(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.dictionaries(text.filter(bool), values, max_size=3).map(options_of)
        | st.builds(SubgraphStrategy, vertices=bytecodes(st.just([]), values))
        | st.builds(PartitionStrategy, partition_key=text, read_partitions=st.lists(text))
        | st.just(ReadOnlyStrategy())
        | st.builds(SeedStrategy, seed=int64.map(long))
    )


def bytecodes(
    source: st.SearchStrategy[Any], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[Bytecode]:
    names = st.sampled_from(["V", "out", "has", "with", "where", "choose", "option", "by"])

    def build(sources: list[Any], steps: list[tuple[str, list[Any]]]) -> Bytecode:
        bytecode = Bytecode()
        for argument in sources:
            bytecode.add_source("withStrategies", argument)
        for name, arguments in steps:
            bytecode.add_step(name, *arguments)
        return bytecode

    steps = st.lists(st.tuples(names, st.lists(values, max_size=3)), max_size=4)
    return st.builds(build, source, steps)


def arguments(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    hashable = text | int32
    return st.recursive(
        scalars | predicates(scalars),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.sets(hashable, max_size=3)
            | st.dictionaries(text, inner, max_size=3)
            | st.builds(Bindings.of, text.filter(bool), inner.filter(lambda x: x is not None))
            | bytecodes(st.just([]), inner)
        ),
        max_leaves=6,
    )


def any_traversal(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Bytecode]:
    values = arguments(scalars)
    built = bytecodes(st.lists(strategies(scalars), max_size=1), values)

    @st.composite
    def traversal(draw: st.DrawFn) -> Bytecode:
        return draw(built)

    return traversal()


binary_traversals = any_traversal(binary_scalars)
graphson_traversals = any_traversal(graphson_scalars)
plain_traversals = any_traversal(scalars)


FEW = settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def remade(node: Any) -> Any:
    """The node without any origin, so that all of it must be printed anew.

    Bindings, nulls with a type and numbers of JSON keep theirs: it is all there is of them.
    """
    if isinstance(node, tuple):
        return tuple(remade(item) for item in node)
    if isinstance(node, Opaque) or not is_dataclass(node):
        return node
    if isinstance(node, Literal) and node.value is None:
        return node
    kept = [part.name for part in fields(node) if part.name != "origin"]
    parts = {name: remade(getattr(node, name)) for name in kept}
    return replace(node, origin=None, **parts)


def shallow(traversal: Traversal) -> Traversal:
    """The traversal with its instructions as they came."""
    return traversal.with_steps(traversal.steps)


def test_no_type_that_gremlinpython_writes_is_forgotten() -> None:
    drawn = {*PLAIN, *ALMOST_PLAIN, *COMPOSITE}
    binary = set(graphbinaryV1._serializers)
    unknown = {each.__name__ for each in binary - drawn - {*ONLY_GRAPHBINARY}}
    assert unknown - {"GType"} == {
        "Graph"
    }  # for which it has only an error; 3.8 has types of values
    for module in (graphsonV2d0, graphsonV3d0):
        written = {*module._serializers} - {AnyTraversal, Enum}  # bases of what is drawn
        assert written <= drawn | {
            *ONLY_GRAPHSON,
            BigDecimal,
        }  # which 3.8 writes in the place of Decimal


@FEW
@given(binary_traversals)
def test_graphbinary_is_the_identity(bytecode: Bytecode) -> None:
    data = bytes(GRAPH_BINARY.write_object(bytecode))
    traversal, end = graphbinary.read_bytecode(data, 2)
    assert end == len(data) == graphbinary.skip_value(data)
    assert graphbinary.write_bytecode(traversal) == data[2:]
    assert graphbinary.write_bytecode(shallow(traversal)) == data[2:]


@FEW
@given(binary_traversals)
def test_graphbinary_printed_anew_means_the_same(bytecode: Bytecode) -> None:
    data = bytes(GRAPH_BINARY.write_object(bytecode))
    traversal, _ = graphbinary.read_bytecode(data, 2)
    anew = graphbinary.write_bytecode(remade(traversal))
    again, end = graphbinary.read_bytecode(anew)
    assert end == len(anew)
    assert again == traversal
    # a binding is printed as its value, a large integer in fewer bytes
    if b"\x14\x00" not in data and b"\x23\x00" not in data:
        assert anew == data[2:]


@FEW
@given(version=st.sampled_from([2, 3]), data=st.data())
def test_graphson_is_the_identity(version: int, data: st.DataObject) -> None:
    bytecode = data.draw(graphson_traversals)
    written = GRAPHSON[version].write_object(bytecode)
    value = graphson.loads(written)
    assert json.loads(graphson.dumps(value)) == json.loads(written)
    traversal = graphson.read_bytecode(value)
    assert graphson.write_bytecode(traversal, version) == value
    assert graphson.write_bytecode(shallow(traversal), version) == value
    again = graphson.read_bytecode(graphson.write_bytecode(remade(traversal), version))
    if version == 3:  # version 2 has no sets
        assert again == traversal


@FEW
@given(plain_traversals)
def test_both_encodings_say_the_same(bytecode: Bytecode) -> None:
    binary, _ = graphbinary.read_bytecode(bytes(GRAPH_BINARY.write_object(bytecode)), 2)
    json3 = graphson.read_bytecode(graphson.loads(GRAPHSON[3].write_object(bytecode)))
    assert binary == json3


@FEW
@given(plain_traversals)
def test_graphbinary_made_from_graphson_is_what_gremlinpython_writes(bytecode: Bytecode) -> None:
    json3 = graphson.read_bytecode(graphson.loads(GRAPHSON[3].write_object(bytecode)))
    made = graphbinary.write_bytecode(json3)
    again, _ = graphbinary.read_bytecode(made)
    assert again == json3


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -0.0, 1e300])
def test_unusual_doubles(value: float) -> None:
    bytecode = Bytecode()
    bytecode.add_step("inject", value)
    data = bytes(GRAPH_BINARY.write_object(bytecode))
    traversal, _ = graphbinary.read_bytecode(data, 2)
    assert graphbinary.write_bytecode(remade(traversal)) == data[2:]
    written = graphson.loads(GRAPHSON[3].write_object(bytecode))
    assert graphson.write_bytecode(remade(graphson.read_bytecode(written))) == written


def test_a_uuid_is_a_literal() -> None:
    value = uuid.UUID("6f0b2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b")
    data = bytes(GRAPH_BINARY.write_object(value))
    assert graphbinary.read_value(data) == (Literal.of(value), len(data))
    assert graphbinary.write_value(Literal.of(value)) == data
