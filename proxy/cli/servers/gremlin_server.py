"""`gremlink gremlin-server`: the stock Gremlin Server alone, its graph kept between runs."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.output.console import Failure, say, show, with_settings
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration
    from gremlink.proxy.embedded import EmbeddedServer

_POLL_INTERVAL = 0.5
"""Seconds between checks that the server still runs."""


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; whoever reaches it can run Groovy code as you.",
)
@click.option(
    "--mutual-tls",
    is_flag=True,
    help="Answer only clients with the certificate in the folder tls. [embedded.mutual_tls]",
)
@with_settings(
    ("--port", "embedded.port", "Port to listen on."),
    ("--data", "embedded.directory", "Directory of the graph and the logs."),
    ("--memory", "embedded.memory", "Largest heap, as in 512m or 2g."),
    ("--java", "embedded.java", "Java 11 to 21 to use instead of the one from PyPI."),
)
def gremlin_server(host: str, mutual_tls: bool, settings: Configuration) -> None:
    """Run Gremlin Server with TinkerGraph until Ctrl-C or SIGTERM, then save its graph.

    The server is open, as a stock one is: everything that reaches its port can run code as you, web
    pages in a browser on this machine included. With --mutual-tls it is closed, and the command
    prints the files that clients need.
    """
    from gremlink.proxy.embedded import EmbeddedServer

    embedded = settings.embedded
    server = EmbeddedServer(
        host=host,
        port=embedded.port,
        data_dir=embedded.directory,
        memory=embedded.memory,
        java=None if embedded.java is None else str(embedded.java),
        progress=say,
        mutual_tls=mutual_tls or embedded.mutual_tls,
    )
    asked_to_stop = threading.Event()
    server.start()
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked_to_stop.set())
        show(f"Gremlin Server listens at {server.url}; its graph is kept in {embedded.directory}")
        for line in _access(server).splitlines():
            click.echo(escaped(line), err=True)
        while not asked_to_stop.wait(_POLL_INTERVAL):
            if not server.running:
                raise Failure(f"Gremlin Server ended by itself; its log is {server.log_path}")
    finally:
        say("saving the graph")
        server.stop()


def _access(server: EmbeddedServer) -> str:
    """Describe who can use the server, and the files for clients of a closed one."""
    upstream = server.upstream
    if upstream.tls_certificate is None:
        return (
            "It is open: every program that reaches this port, and every web page in a browser on "
            "this machine, can read and change the graph and run code as you. --mutual-tls closes "
            "it."
        )
    return f"""It answers only clients with its certificate. For gremlink, in gremlink.toml:

[upstream]
url = "{upstream.url}"
tls_authorities = "{upstream.tls_authorities}"
tls_certificate = "{upstream.tls_certificate}"
tls_key = "{upstream.tls_key}"
"""
