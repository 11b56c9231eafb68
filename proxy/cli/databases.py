"""The RDF store of a command: the one in the settings, else the one that runs beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gremlink.proxy.cli.output import console

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration, Sparql
    from gremlink.proxy.graph.rdf.client import RdfStore


def rdf_store_of(settings: Configuration) -> RdfStore:
    """Return the configured RDF store, or the one that `gremlink sparql-server` runs.

    Raises `console.WrongUsage`.
    """
    from gremlink.proxy.management.tasks.description import rdf_store

    found = sparql_of(settings)
    if found is None:
        raise console.WrongUsage(
            "which RDF store? Name it with --sparql, GREMLINK_SPARQL_URL or url below [sparql] in "
            "the settings file, as in http://localhost:7878; or run `gremlink sparql-server`"
        )
    return rdf_store(found, settings.upstream)


def sparql_of(settings: Configuration) -> Sparql | None:
    """Return the settings of that store; None if none is set and none runs."""
    if settings.sparql.is_set:
        return settings.sparql
    from gremlink.proxy.embedded.rdf_store import running_sparql

    return running_sparql(settings.embedded)
