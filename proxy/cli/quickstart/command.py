"""`gremlink quickstart`: the whole path on the sample graph, from an empty server to an answer.

Everything is in one directory of its own: the server's graph, the export, the artifact, the
endpoint. A second run finds the graph there and trains anew.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.output import console, progress
from gremlink.proxy.cli.quickstart.shared import ENDPOINT, kept, quality, quiet, stay, train_friends

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration, Embedded
    from gremlink.proxy.learning.reports.link_report import LinkReport

QUESTION = """\
g.with("Neptune#ml.endpoint", "friends"){limit}.
  V().hasLabel("User").has("name", "Henry").
  out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")"""


@click.command()
@click.option("--once", is_flag=True, help="End after the answers instead of staying up.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the training; equal seeds give equal models on one machine.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for everything; the default is `quickstart` in the store's directory.",
)
@click.option("--rdf", is_flag=True, help="The same as RDF: an RDF store, asked in SPARQL.")
@console.with_settings(
    ("--port", "listen.port", "Port of the proxy; 0 takes a free one."),
    ("--server-port", "embedded.port", "Port of the server; without it a free one."),
    ("--memory", "embedded.memory", "Largest heap of the server, as in 512m."),
    ("--java", "embedded.java", "Java to use instead of the one from PyPI."),
    ("--sparql-port", "embedded.sparql_port", "Port of the RDF store; without it a free one."),
)
def quickstart(
    once: bool, seed: int, data: Path | None, rdf: bool, settings: Configuration
) -> None:
    """Load a sample graph, train on it, and ask for Henry's next friend.

    Starts a Gremlin Server of its own, loads 20 people and 25 friendships, exports, trains, makes
    the endpoint `friends`, starts the proxy, and asks twice with an ordinary Gremlin client. Then
    it stays up for your own queries until Ctrl-C. With --rdf the same people are RDF in a store of
    its own, and the question is asked in SPARQL.
    """
    if rdf:
        from gremlink.proxy.cli.quickstart.rdf import run

        run(once, seed, data, settings)
        return
    with console.importing():
        from gremlink.api import background
        from gremlink.proxy.cli.output import log
        from gremlink.proxy.config import StoreSettings
        from gremlink.proxy.embedded import EmbeddedServer
        from gremlink.proxy.learning.provenance import PAGE

    log.to_standard_error(quiet(settings.log))
    data = data or settings.store.directory / "quickstart"
    server = EmbeddedServer(
        port=server_port(settings.embedded),
        data_dir=data / "server",
        memory=settings.embedded.memory,
        java=None if settings.embedded.java is None else str(settings.embedded.java),
        progress=console.say,
        mutual_tls=True,  # an open one would serve every page in the user's browser
    )
    with kept(data), server:
        configuration = settings.model_copy(
            update={
                "upstream": server.upstream,
                "store": StoreSettings(directory=data),
            }
        )
        # The proxy comes first: a port that is in use ends this before the work, not after it.
        with background.relay(configuration) as address:
            report = _learn(configuration, data, seed)
            _ask(address)
            console.output().print(quality(report, data / "artifact" / PAGE))
            if not once:
                click.echo(ways_to_connect(address))
                stay(server)


def server_port(embedded: Embedded) -> int:
    """Return the configured port, or 0 for a free one.

    The setting's default belongs to `gremlink gremlin-server`, which may run at the same time.
    """
    return embedded.port if "port" in embedded.model_fields_set else 0


def _learn(settings: Configuration, data: Path, seed: int) -> LinkReport:
    """Load, export, train and create the endpoint. Loading again changes nothing."""
    from gremlink.proxy.cli.export import graph_of
    from gremlink.proxy.embedded.sample import FRIENDS
    from gremlink.proxy.graph import export_graph, load_csv

    graph = graph_of(settings)
    export = data / "export"
    with progress.graph_progress() as tell:
        load_csv(graph, FRIENDS, progress=tell)
        if export.exists():
            shutil.rmtree(export)
        export_graph(graph, export, progress=tell)
    return train_friends(settings, data, export, seed)


def _ask(address: str) -> None:
    """Ask the two questions with an ordinary client, and print the answers."""
    from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
    from gremlin_python.process.anonymous_traversal import traversal

    connection = DriverRemoteConnection(address, "g")
    try:
        for limit in (None, 8):
            # A source for each question: options stick to a source of gremlinpython.
            g = traversal().with_remote(connection).with_("Neptune#ml.endpoint", ENDPOINT)
            if limit is not None:
                g = g.with_("Neptune#ml.limit", limit)
            found = (
                g.V()
                .has_label("User")
                .has("name", "Henry")
                .out("FRIEND")
                .with_("Neptune#ml.prediction")
                .has_label("User")
                .values("name")
                .to_list()
            )
            asked = "" if limit is None else f'.with("Neptune#ml.limit", {limit})'
            click.echo(QUESTION.format(limit=asked))
            console.show(f"==> {', '.join(found)}")
            click.echo()
    finally:
        connection.close()


def ways_to_connect(address: str) -> str:
    """Return the commands for three kinds of clients."""
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    host, port = parts.hostname, parts.port
    line = (
        f'g.with("Neptune#ml.endpoint", "{ENDPOINT}").V().has("name", "Henry")'
        '.out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")'
    )
    return f"""In a browser: http://{parts.netloc}/

The proxy listens at {address}. Three ways to connect:

1. Python (gremlinpython 3.7)

   from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
   from gremlin_python.process.anonymous_traversal import traversal

   g = traversal().with_remote(DriverRemoteConnection("{address}", "g"))
   g.with_("Neptune#ml.endpoint", "{ENDPOINT}").V().has("name", "Henry") \\
    .out("FRIEND").with_("Neptune#ml.prediction").has_label("User").values("name").to_list()

2. Gremlin Console 3.7; put this into conf/remote.yaml

   hosts: [{host}]
   port: {port}
   path: {parts.path}
   serializer: {{ className: org.apache.tinkerpop.gremlin.util.ser.GraphBinaryMessageSerializerV1,
                 config: {{ serializeResultToString: true }} }}

   and type

   :remote connect tinkerpop.server conf/remote.yaml
   :remote console
   {line}

3. Notebook (graph-notebook), one cell each

   %%graph_notebook_config
   {{"host": "{host}", "port": {port}, "ssl": false, "gremlin": {{"traversal_source": "g"}}}}

   %%gremlin
   {line}

Ctrl-C ends it; the data stays."""
