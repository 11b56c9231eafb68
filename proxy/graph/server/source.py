"""The traversal source that bytecode is written with; it has no connection of its own."""

from __future__ import annotations

from gremlin_python.process.graph_traversal import GraphTraversalSource
from gremlin_python.process.traversal import TraversalStrategies
from gremlin_python.structure.graph import Graph

g = GraphTraversalSource(Graph(), TraversalStrategies())
"""`g.V().count().bytecode` is what `GraphConnection.send` takes."""
