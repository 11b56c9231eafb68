"""`gremlink serve`: the proxy in front of a Gremlin server, an RDF store, or both."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from gremlink.proxy.cli.databases import sparql_of
from gremlink.proxy.cli.output import console, log

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration


class _Serve(click.Command):
    """A command whose errors have the form of the log, too."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> click.Context:
        """See `click.Command.make_context`."""
        if not {"-h", "--help"} & set(args) and log.json_is_asked_for(args):
            log.only_json()
        return super().make_context(info_name, args, parent, **extra)


@click.command(cls=_Serve)
@console.with_settings(
    ("--upstream", "upstream.url", "The database, as in ws://localhost:8183/gremlin."),
    ("--sparql", "sparql.url", "The RDF store, as in http://localhost:7878."),
    ("--host", "listen.host", "Address to listen on."),
    ("--port", "listen.port", "Port to listen on; 0 takes a free one."),
    ("--path", "listen.path", "Path of the Gremlin endpoint."),
    ("--workers", "listen.workers", "Processes that share the port."),
    ("--store", "store.directory", "Directory of the endpoints."),
    ("--default-endpoint", "inference.default_endpoint", "For queries that name none."),
    ("--log-level", "log.level", "debug, info, warning or error."),
    ("--log-format", "log.format", "text or json."),
)
def serve(settings: Configuration) -> None:
    """Run the proxy between clients and a Gremlin database, an RDF store, or both.

    Queries with Neptune#ml steps, or with SERVICE neptune-ml:inference in SPARQL, are answered with
    the help of endpoints; everything else passes through untouched. Ends on Ctrl-C or SIGTERM.

    \b
      gremlink serve --upstream ws://localhost:8183/gremlin
      gremlink serve --sparql http://localhost:7878
    """
    if settings.upstream.url is None:
        settings = settings.model_copy(update={"sparql": sparql_of(settings) or settings.sparql})
    if settings.upstream.url is None and not settings.sparql.is_set:
        raise console.WrongUsage(
            "which database? Name it with --upstream, GREMLINK_UPSTREAM_URL or url below "
            "[upstream] in the settings file, as in ws://localhost:8183/gremlin; or an RDF store "
            "with --sparql, GREMLINK_SPARQL_URL or url below [sparql], as in http://localhost:7878"
        )
    from gremlink.proxy.relay.service import in_event_loop, run
    from gremlink.proxy.relay.workers.supervisor import supervise
    from gremlink.proxy.studio.application import managing_with_pages

    def announce(address: str) -> None:
        """Print the address, for a person or for a supervisor that waits for the line."""
        log.announce(f"gremlink listens at {address}", settings.log)

    log.to_standard_error(settings.log)
    if settings.listen.workers == 1:
        in_event_loop(run(settings, extension=managing_with_pages, ready=announce))
    else:
        command = [sys.executable, "-m", "gremlink.proxy.cli.worker"]
        in_event_loop(supervise(settings, command, extension=managing_with_pages, ready=announce))
