"""A stock Gremlin Server and an RDF store as child processes, and the sample graph.

Names are loaded when they are used: the store's process, and an installation that only serves, have
no use for the certificates of the other server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gremlink.proxy.embedded.certificates import embedded_upstream
    from gremlink.proxy.embedded.errors import (
        DataInUse,
        DownloadFailed,
        EmbeddedServerError,
        GraphNotSaved,
        GraphUnreadable,
        JavaNotUsable,
        NotEnoughMemory,
        PortInUse,
        RdfUnreadable,
        ServerFailed,
    )
    from gremlink.proxy.embedded.rdf_store import (
        EmbeddedRdfStore,
        embedded_sparql,
        running_sparql,
    )
    from gremlink.proxy.embedded.server import QUICK_TO_START, EmbeddedServer

__all__ = [
    "QUICK_TO_START",
    "DataInUse",
    "DownloadFailed",
    "EmbeddedRdfStore",
    "EmbeddedServer",
    "EmbeddedServerError",
    "GraphNotSaved",
    "GraphUnreadable",
    "JavaNotUsable",
    "NotEnoughMemory",
    "PortInUse",
    "RdfUnreadable",
    "ServerFailed",
    "embedded_sparql",
    "embedded_upstream",
    "running_sparql",
]

_HOMES = {
    "certificates": ("embedded_upstream",),
    "rdf_store": ("EmbeddedRdfStore", "embedded_sparql", "running_sparql"),
    "server": ("QUICK_TO_START", "EmbeddedServer"),
}
"""Modules of the names that are no errors."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker would take every name for one that there is

    def __getattr__(name: str) -> Any:
        """Load a name when it is used for the first time (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_HOME_OF.get(name, 'errors')}"), name)
        globals()[name] = found
        return found
