"""`gremlink gremlin-server`: the stock Gremlin Server alone, its graph kept between runs."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import click

from proxy.cli.console import Failure, say, tell, with_settings

if TYPE_CHECKING:
    from proxy.config import Configuration

_LOOK = 0.5
"""Seconds between looks whether the server still runs."""


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; whoever reaches it can run Groovy code as you.",
)
@with_settings(
    ("--port", "embedded.port", "Port to listen on."),
    ("--data", "embedded.directory", "Directory of the graph and the logs."),
    ("--memory", "embedded.memory", "Largest heap, as in 512m or 2g."),
    ("--java", "embedded.java", "Java 11 to 21 to use instead of the one from PyPI."),
)
def gremlin_server(host: str, settings: Configuration) -> None:
    """Run Gremlin Server with TinkerGraph until Ctrl-C or SIGTERM, then save its graph."""
    from proxy.embedded import EmbeddedServer

    embedded = settings.embedded
    server = EmbeddedServer(
        host=host,
        port=embedded.port,
        data_dir=embedded.directory,
        memory=embedded.memory,
        java=None if embedded.java is None else str(embedded.java),
        progress=say,
    )
    asked_to_stop = threading.Event()
    server.start()
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked_to_stop.set())
        tell(f"Gremlin Server listens at {server.url}; its graph is kept in {embedded.directory}")
        while not asked_to_stop.wait(_LOOK):
            if not server.running:
                raise Failure(f"Gremlin Server ended by itself; its log is {server.log_path}")
    finally:
        say("saving the graph")
        server.stop()
