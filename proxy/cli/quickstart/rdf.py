"""The quick start with RDF: the same people in an RDF store, and the question in SPARQL."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import click

from gremlink.proxy.cli.output import console, progress
from gremlink.proxy.cli.quickstart.shared import kept, quality, quiet, stay, train_friends

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration
    from gremlink.proxy.learning.reports.link_report import LinkReport

FRIENDS = "http://example.org/friends/"
"""Beginning of the IRIs of the sample."""
TARGET = {
    "subject": f"{FRIENDS}User",
    "predicate": f"{FRIENDS}friend",
    "object": f"{FRIENDS}User",
    "type": "link_prediction",
}
QUESTION = """\
PREFIX : <http://example.org/friends/>
PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
SELECT ?name WHERE {{
  ?henry a :User ; :name "Henry" .
  SERVICE ml:inference {{
    ml:config ml:endpoint "friends" ; ml:modelType "OBJECT_PREDICTION" ;
              ml:input ?henry ; ml:predicate :friend ;
              ml:output ?friend ; ml:outputClass :User ;
              ml:outputScore ?score{limit} . }}
  ?friend :name ?name .
}} ORDER BY DESC(?score)"""
_TIMEOUT = 60.0
"""Seconds for an answer."""


def run(once: bool, seed: int, data: Path | None, settings: Configuration) -> None:
    """Start the store, load, export, train, make the endpoint, start the proxy and ask."""
    with console.importing():
        from gremlink.api import background
        from gremlink.proxy.cli.output import log
        from gremlink.proxy.config import StoreSettings, Upstream
        from gremlink.proxy.embedded import EmbeddedRdfStore
        from gremlink.proxy.learning.provenance import PAGE

    log.to_standard_error(quiet(settings.log))
    data = data or settings.store.directory / "quickstart-rdf"
    embedded = settings.embedded
    store = EmbeddedRdfStore(
        data_dir=data / "rdf-store",
        # The setting's default belongs to `gremlink sparql-server`, which may run as well.
        port=embedded.sparql_port if "sparql_port" in embedded.model_fields_set else 0,
        time_limit=embedded.sparql_time_limit,
        progress=console.say,
    )
    with kept(data), store:
        configuration = settings.model_copy(
            update={
                "upstream": Upstream(),
                "sparql": store.settings,
                "store": StoreSettings(directory=data),
            }
        )
        # The proxy comes first: a port that is in use ends this before the work, not after it.
        with background.relay(configuration) as address:
            report = _learn(configuration, data, seed)
            url = _sparql_address(address)
            _ask(url)
            console.output().print(quality(report, data / "artifact" / PAGE))
            if not once:
                click.echo(ways_to_connect(url))
                stay(store)


def _sparql_address(address: str) -> str:
    """Return the address of SPARQL of the proxy whose address for Gremlin this is."""
    parts = urlsplit(address)
    return f"{'https' if parts.scheme in ('wss', 'https') else 'http'}://{parts.netloc}/sparql"


def _learn(settings: Configuration, data: Path, seed: int) -> LinkReport:
    """Load, export, train and create the endpoint. Loading again changes nothing."""
    from gremlink.proxy.embedded.sample import FRIENDS_RDF
    from gremlink.proxy.graph.rdf.export import export_rdf
    from gremlink.proxy.graph.rdf.load import load_rdf
    from gremlink.proxy.graph.rdf.parameters import RdfExportParameters
    from gremlink.proxy.management.tasks.description import rdf_store

    store = rdf_store(settings.sparql, settings.upstream)
    export = data / "export"
    parameters = RdfExportParameters.parse(
        {"command": "export-rdf", "additionalParams": {"neptune_ml": {"targets": [TARGET]}}}
    )
    with progress.graph_progress() as tell:
        load_rdf(store, FRIENDS_RDF, progress=tell)
        if export.exists():
            shutil.rmtree(export)
        export_rdf(store, export, parameters=parameters, progress=tell)
    return train_friends(settings, data, export, seed)


def _ask(url: str) -> None:
    """Ask the two questions by ordinary HTTP, and print the answers."""
    for limit in (None, 8):
        query = QUESTION.format(limit="" if limit is None else f" ; ml:limit {limit}")
        request = urllib.request.Request(  # noqa: S310 -- the proxy's own address
            url,
            urlencode({"query": query}).encode(),
            {"Accept": "application/sparql-results+json"},
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            rows = json.load(answer)["results"]["bindings"]
        click.echo(query)
        console.show(f"==> {', '.join(row['name']['value'] for row in rows)}")
        click.echo()


def ways_to_connect(url: str) -> str:
    """Return the commands for three kinds of clients."""
    parts = urlsplit(url)
    query = QUESTION.format(limit=" ; ml:limit 8")
    indented = query.replace("\n", "\n   ")
    host = f'"host": "{parts.hostname}", "port": {parts.port}, "ssl": false'
    return f"""The proxy answers SPARQL at {url}. Three ways to connect:

1. curl; put this query into friends.rq

   {indented}

   and type

   curl {url} -H 'Accept: text/csv' --data-urlencode query@friends.rq

2. Python (SPARQLWrapper)

   from SPARQLWrapper import JSON, SPARQLWrapper

   client = SPARQLWrapper("{url}", returnFormat=JSON)
   client.setQuery(open("friends.rq").read())
   client.queryAndConvert()["results"]["bindings"]

3. Notebook (graph-notebook), one cell each

   %%graph_notebook_config
   {{{host}, "sparql": {{"path": "sparql"}}}}

   %%sparql
   the query of friends.rq

Ctrl-C ends it; the data stays."""
