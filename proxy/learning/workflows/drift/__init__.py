"""Drift of a live graph from the one that a model was trained on, and what to do about it."""

from __future__ import annotations

from gremlink.proxy.learning.workflows.drift.property_graph import SECONDS, graph_drift
from gremlink.proxy.learning.workflows.drift.rdf import rdf_drift
from gremlink.proxy.learning.workflows.drift.result import (
    NOTHING,
    TRAIN,
    TRANSFORM,
    GraphDrift,
)
from gremlink.proxy.learning.workflows.drift.trained import NoDriftKnown, Trained, trained_graph

__all__ = [
    "NOTHING",
    "SECONDS",
    "TRAIN",
    "TRANSFORM",
    "GraphDrift",
    "NoDriftKnown",
    "Trained",
    "graph_drift",
    "rdf_drift",
    "trained_graph",
]
