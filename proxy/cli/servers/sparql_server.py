"""`gremlink sparql-server`: the embedded RDF store alone, its data kept between runs."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.output.console import Failure, say, show, with_settings
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration

_POLL_INTERVAL = 0.5
"""Seconds between checks that the store still runs."""


@click.command()
@with_settings(
    ("--port", "embedded.sparql_port", "Port to listen on, on this machine."),
    ("--data", "embedded.sparql_directory", "Directory of the data, the log and the token."),
)
def sparql_server(settings: Configuration) -> None:
    """Run an RDF store (Oxigraph) until Ctrl-C or SIGTERM; its data is kept.

    It speaks SPARQL 1.1 at /query, /update and /store and answers only who has its token: gremlink
    reads that from the directory, so `gremlink load`, `gremlink export --rdf` and `gremlink serve`
    find the store where no other one is set. The default graph is the union of all graphs.
    """
    from gremlink.proxy.embedded import EmbeddedRdfStore
    from gremlink.proxy.embedded.rdf.names import ADMISSION

    embedded = settings.embedded
    store = EmbeddedRdfStore(
        data_dir=embedded.sparql_directory,
        port=embedded.sparql_port,
        time_limit=embedded.sparql_time_limit,
        progress=say,
    )
    asked_to_stop = threading.Event()
    store.start()
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked_to_stop.set())
        show(
            f"The RDF store listens at {store.url}; its data is kept in {embedded.sparql_directory}"
        )
        token = store.log_path.with_name(ADMISSION)
        click.echo(
            escaped(f"Its clients send the token in {token} as `Authorization: Bearer TOKEN`"),
            err=True,
        )
        while not asked_to_stop.wait(_POLL_INTERVAL):
            if not store.running:
                raise Failure(f"the RDF store ended by itself; its log is {store.log_path}")
        say("stopping")
    finally:
        store.stop()
