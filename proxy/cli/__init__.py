"""The `gremlink` command: one sub-command a file."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from gremlink.proxy.cli.output.console import FAILED, report_errors
from gremlink.proxy.messages.streams import escaping

COMMANDS = {
    "quickstart": "gremlink.proxy.cli.quickstart.command:quickstart",
    "serve": "gremlink.proxy.cli.serve:serve",
    "gremlin-server": "gremlink.proxy.cli.servers.gremlin_server:gremlin_server",
    "sparql-server": "gremlink.proxy.cli.servers.sparql_server:sparql_server",
    "load": "gremlink.proxy.cli.load:load",
    "export": "gremlink.proxy.cli.export:export",
    "process": "gremlink.proxy.cli.process:process",
    "train": "gremlink.proxy.cli.train:train",
    "predict": "gremlink.proxy.cli.predict:predict",
    "embeddings": "gremlink.proxy.cli.embeddings:embeddings",
    "transform": "gremlink.proxy.cli.transform:transform",
    "endpoint": "gremlink.proxy.cli.endpoint:endpoint",
    "jobs": "gremlink.proxy.cli.jobs:jobs",
    "query": "gremlink.proxy.cli.query:query",
    "parse": "gremlink.proxy.cli.parse:parse",
}
"""Commands by name; imported on use, so that `--help` does not load torch."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: Any = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run as click does, with escaping streams, and report errors that click lets through.

        An example is a full disk behind `--help`.
        """
        with escaping():
            try:
                return super().main(*arguments, **options)
            except OSError as error:
                from gremlink.proxy.messages.system_errors import sentence_of

                click.echo(f"gremlink: {sentence_of(error)}", err=True)
        sys.stdout = None  # its end would fail once more
        sys.exit(FAILED)

    def invoke(self, ctx: click.Context) -> Any:
        with report_errors(debug=ctx.params["debug"]):
            return super().invoke(ctx)


@click.group(
    cls=_Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "color": True,  # else click removes escape sequences, as if they were colours
    },
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="gremlink")
def main(debug: bool) -> None:
    """Predictions inside Gremlin queries, from graph neural networks trained on your own graph.

    Exit codes: 0 done; 1 failed, and standard error says why; 2 wrong usage or settings;
    130 interrupted.
    """
