"""The strategies of TinkerPop, by simple name: binary and JSON want the full class name."""

from __future__ import annotations

from gremlink.grammar.errors import NotConvertible

_PACKAGE = "org.apache.tinkerpop.gremlin.process.traversal.strategy"
_COMPUTER = "org.apache.tinkerpop.gremlin.process.computer.traversal.strategy"

_STRATEGIES = {
    f"{_PACKAGE}.decoration": (
        "ConnectiveStrategy",
        "ElementIdStrategy",
        "EventStrategy",
        "HaltedTraverserStrategy",
        "OptionsStrategy",
        "PartitionStrategy",
        "RequirementsStrategy",
        "SackStrategy",
        "SeedStrategy",
        "SideEffectStrategy",
        "SubgraphStrategy",
    ),
    f"{_COMPUTER}.decoration": ("VertexProgramStrategy",),
    f"{_COMPUTER}.optimization": ("GraphFilterStrategy", "MessagePassingReductionStrategy"),
    f"{_PACKAGE}.finalization": (
        "MatchAlgorithmStrategy",
        "ProfileStrategy",
        "ReferenceElementStrategy",
    ),
    f"{_PACKAGE}.optimization": (
        "AdjacentToIncidentStrategy",
        "ByModulatorOptimizationStrategy",
        "CountStrategy",
        "EarlyLimitStrategy",
        "FilterRankingStrategy",
        "IdentityRemovalStrategy",
        "IncidentToAdjacentStrategy",
        "InlineFilterStrategy",
        "LazyBarrierStrategy",
        "MatchPredicateStrategy",
        "OrderLimitStrategy",
        "PathProcessorStrategy",
        "PathRetractionStrategy",
        "ProductiveByStrategy",
        "RepeatUnrollStrategy",
    ),
    f"{_PACKAGE}.verification": (
        "ComputerVerificationStrategy",
        "EdgeLabelVerificationStrategy",
        "LambdaRestrictionStrategy",
        "ReadOnlyStrategy",
        "ReservedKeysVerificationStrategy",
        "StandardVerificationStrategy",
        "VertexProgramRestrictionStrategy",
    ),
}

CLASS_NAMES = {
    name: f"{package}.{name}" for package, names in _STRATEGIES.items() for name in names
}


def class_name(simple_name: str) -> str:
    """Return the full Java class name of a strategy of TinkerPop's own."""
    found = CLASS_NAMES.get(simple_name)
    if found is None:
        raise NotConvertible(
            f"{simple_name} is no strategy of TinkerPop, its full class name is not known"
        )
    return found
