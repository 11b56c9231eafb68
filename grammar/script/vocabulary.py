"""The names of Gremlin: what is a step, what configures a source, what belongs to which enum.

Steps of TinkerPop 3.5 to 3.8, with those that were removed on the way, as databases keep them.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SOURCE_METHODS = _words(
    """
    with withBulk withPath withSack withSideEffect withStrategies withoutStrategies
    withComputer
    """
)
"""Methods that configure a traversal source and become its instructions."""

SPAWNING = _words("V E addV addE mergeV mergeE")
"""Steps that begin a traversal, on any object."""

SPAWNING_ON_NAMES = _words("inject call io union match")
"""Steps that begin a traversal on a plain name, as methods of Groovy's collections do."""

STEPS = _words(
    """
    V E addE addV mergeE mergeV aggregate all and any as asBool asDate asNumber asString
    barrier both bothE bothV branch by call cap choose coalesce coin combine concat conjoin
    connectedComponent constant count cyclicPath dateAdd dateDiff dedup difference discard
    disjunct drop element elementMap emit fail filter flatMap fold format from group
    groupCount has hasId hasKey hasLabel hasNot hasValue id identity in inE inV index inject
    intersect io is key label length limit local loops lTrim map match math max mean merge
    min none not option optional or order otherV out outE outV pageRank path peerPressure
    product profile program project properties property propertyMap range read repeat
    replace reverse rTrim sack sample select shortestPath sideEffect simplePath skip split
    store subgraph substring sum tail timeLimit times to toE toLower toUpper toV tree trim
    unfold union until value valueMap values where with write
    """
)

TERMINALS = _words(
    """
    explain fill forEachRemaining hasNext iterate next promise toBulkSet toList toSet
    tryNext toStream
    """
)
"""Methods that end a traversal and return its results."""

P_METHODS = _words("eq neq lt lte gt gte inside outside between within without not typeOf")

TEXT_P_METHODS = _words(
    """
    startingWith endingWith containing notStartingWith notEndingWith notContaining regex
    notRegex
    """
)

PREDICATES = dict.fromkeys(P_METHODS, "P") | dict.fromkeys(TEXT_P_METHODS, "TextP")
"""Predicates by method, and the class each belongs to."""

NEGATIONS = {
    "eq": "neq",
    "lt": "gte",
    "gt": "lte",
    "within": "without",
    "startingWith": "notStartingWith",
    "endingWith": "notEndingWith",
    "containing": "notContaining",
    "regex": "notRegex",
}
NEGATIONS |= {negated: name for name, negated in NEGATIONS.items()}

ENUMS: dict[str, frozenset[str]] = {
    "T": _words("id label key value"),
    "Order": _words("asc desc shuffle incr decr"),
    "Scope": _words("local global"),
    "Pop": _words("first last all mixed"),
    "Column": _words("keys values"),
    "Pick": _words("any none unproductive"),
    "Direction": _words("OUT IN BOTH from to"),
    "Operator": _words("sum minus mult div min max assign and or addAll sumLong"),
    "Cardinality": _words("single list set"),
    "Barrier": _words("normSack"),
    "Merge": _words("onCreate onMatch inV outV"),
    "DT": _words("second minute hour day"),
    "GType": _words(
        """
    BIGDECIMAL BIGINT BINARY BOOLEAN BYTE CHAR DATETIME DOUBLE DURATION EDGE FLOAT GRAPH INT
    LIST LONG MAP NULL NUMBER PATH PROPERTY SET SHORT STRING TREE UUID VERTEX VPROPERTY
    """
    ),
}

_UNQUALIFIED = (
    "Order",
    "Scope",
    "Pop",
    "Column",
    "Pick",
    "Operator",
    "Cardinality",
    "Barrier",
    "Merge",
    "DT",
    "Direction",
    "GType",
    "T",
)

BARE_CONSTANTS = {name: enum for enum in _UNQUALIFIED for name in ENUMS[enum]}
"""Constants that people write without their class. Later enums win: `label` is `T.label`."""

for _ambiguous in ("from", "to", "and", "or", "inV", "outV"):
    BARE_CONSTANTS.pop(_ambiguous, None)

ENUM_ALIASES = {"incr": "asc", "decr": "desc"}
"""Names that were removed from `Order`, and what they meant."""

OPTION_CONSTANTS: dict[str, str | int] = {
    "ConnectedComponent.component": "gremlin.connectedComponentVertexProgram.component",
    "ConnectedComponent.edges": "~tinkerpop.connectedComponent.edges",
    "ConnectedComponent.propertyName": "~tinkerpop.connectedComponent.propertyName",
    "IO.graphml": "graphml",
    "IO.graphson": "graphson",
    "IO.gryo": "gryo",
    "IO.reader": "~tinkerpop.io.reader",
    "IO.registry": "~tinkerpop.io.registry",
    "IO.writer": "~tinkerpop.io.writer",
    "PageRank.edges": "~tinkerpop.pageRank.edges",
    "PageRank.propertyName": "~tinkerpop.pageRank.propertyName",
    "PageRank.times": "~tinkerpop.pageRank.times",
    "PeerPressure.edges": "~tinkerpop.peerPressure.edges",
    "PeerPressure.propertyName": "~tinkerpop.peerPressure.propertyName",
    "PeerPressure.times": "~tinkerpop.peerPressure.times",
    "ShortestPath.distance": "~tinkerpop.shortestPath.distance",
    "ShortestPath.edges": "~tinkerpop.shortestPath.edges",
    "ShortestPath.includeEdges": "~tinkerpop.shortestPath.includeEdges",
    "ShortestPath.maxDistance": "~tinkerpop.shortestPath.maxDistance",
    "ShortestPath.target": "~tinkerpop.shortestPath.target",
    "WithOptions.all": 15,
    "WithOptions.ids": 1,
    "WithOptions.indexer": "~tinkerpop.index.indexer",
    "WithOptions.keys": 4,
    "WithOptions.labels": 2,
    "WithOptions.list": 0,
    "WithOptions.map": 1,
    "WithOptions.none": 0,
    "WithOptions.tokens": "~tinkerpop.valueMap.tokens",
    "WithOptions.values": 8,
}
"""Constants of Java classes that `with()` is used with."""
