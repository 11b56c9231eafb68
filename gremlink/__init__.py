"""Predictions inside Gremlin queries, from models trained on your own graph.

`export` a graph, `train` on it, `load` the model and ask it, or `serve` it to Gremlin clients:

    import gremlink

    gremlink.export("ws://localhost:8183/gremlin", "export")
    report = gremlink.train("export", "artifact", budget="2m")
    gremlink.load("artifact").predict("user_19", "FRIEND", limit=3)

docs/python.md shows every function. Importing this module loads nothing else: what is used is
loaded when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gremlink import grammar as grammar
    from gremlink.api.all_predictions import AllPredictions, remove_predictions
    from gremlink.api.data import ProcessReport, export, load_csv, process
    from gremlink.api.models import (
        Edge,
        LinkModel,
        PredictedLink,
        PredictedProperty,
        PropertyModel,
        load,
    )
    from gremlink.api.rdf import export_rdf, load_rdf, sparql_server
    from gremlink.api.results.comparison import Comparison, compare
    from gremlink.api.results.embeddings import Embeddings
    from gremlink.api.results.explanation import Explanation, PropertyExplanation
    from gremlink.api.results.segments import Segments
    from gremlink.api.results.table import Table
    from gremlink.api.serving import gremlin_server, serve
    from gremlink.api.training import TrainReport, train
    from gremlink.errors import Error, NotInstalled, WrongArgument
    from gremlink.grammar.traversal import Kind, Literal
    from gremlink.proxy.config import Sparql, Upstream
    from gremlink.proxy.embedded.sample import FRIENDS

    __version__: str

_HOMES = {
    "gremlink.api.all_predictions": ("AllPredictions", "remove_predictions"),
    "gremlink.api.results.comparison": ("Comparison", "compare"),
    "gremlink.api.data": ("ProcessReport", "export", "load_csv", "process"),
    "gremlink.api.results.embeddings": ("Embeddings",),
    "gremlink.api.results.explanation": ("Explanation", "PropertyExplanation"),
    "gremlink.api.models": (
        *("Edge", "LinkModel", "PredictedLink", "PredictedProperty", "PropertyModel", "load"),
    ),
    "gremlink.api.rdf": ("export_rdf", "load_rdf", "sparql_server"),
    "gremlink.api.results.segments": ("Segments",),
    "gremlink.api.serving": ("gremlin_server", "serve"),
    "gremlink.api.results.table": ("Table",),
    "gremlink.api.training": ("TrainReport", "train"),
    "gremlink.errors": ("Error", "NotInstalled", "WrongArgument"),
    "gremlink.grammar.traversal": ("Kind", "Literal"),
    "gremlink.proxy.config": ("Sparql", "Upstream"),
    "gremlink.proxy.embedded.sample": ("FRIENDS",),
}
"""What users import from here, by the modules that it is loaded from."""

_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AllPredictions",
    "FRIENDS",
    "Comparison",
    "Edge",
    "Embeddings",
    "Error",
    "Explanation",
    "Kind",
    "LinkModel",
    "Literal",
    "NotInstalled",
    "PredictedLink",
    "PredictedProperty",
    "ProcessReport",
    "PropertyExplanation",
    "PropertyModel",
    "Segments",
    "Sparql",
    "Table",
    "TrainReport",
    "Upstream",
    "WrongArgument",
    "__version__",
    "compare",
    "export",
    "export_rdf",
    "grammar",
    "gremlin_server",
    "load",
    "load_csv",
    "load_rdf",
    "process",
    "remove_predictions",
    "serve",
    "sparql_server",
    "train",
]


if not TYPE_CHECKING:  # a type checker would take every name for one that there is

    def __getattr__(name: str) -> Any:
        """Load a name when it is used for the first time (PEP 562)."""
        if name in _HOME_OF:
            found = getattr(_loaded(_HOME_OF[name]), name)
        elif name == "grammar":
            found = import_module("gremlink.grammar")
        elif name == "__version__":
            from importlib.metadata import version

            found = version("gremlink")
        else:
            raise AttributeError(f"module 'gremlink' has no attribute {name!r}")
        globals()[name] = found
        return found


def _loaded(module: str) -> Any:
    """Load a module. Raises `NotInstalled` where this installation only serves."""
    try:
        return import_module(module)
    except ImportError:
        from gremlink.api.installed import explain_missing

        with explain_missing():
            raise


def __dir__() -> list[str]:
    """List what there is, for completion in a shell or a notebook."""
    return sorted(set(__all__) | set(globals()))
