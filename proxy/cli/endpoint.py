"""`gremlink endpoint`: trained models under the names that queries use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.output import console

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration
    from gremlink.proxy.store.records import Store

STORE = ("--store", "store.directory", "Directory of the endpoints.")


@click.group()
def endpoint() -> None:
    """List, create and delete endpoints, and compare them with the graph."""


@endpoint.command("list")
@console.with_settings(STORE)
def list_(settings: Configuration) -> None:
    """List all endpoints."""
    found = _store(settings).endpoints()
    if not console.is_terminal():
        for item in found:
            click.echo(f"{item.name}\t{item.task}\t{item.created}\t{item.checksum}")
        return
    if not found:
        console.say("There are no endpoints. `gremlink endpoint create` makes one.")
        return
    from rich.table import Table

    table = Table("Name", "Task", "Created", "Checksum", header_style="bold")
    for item in found:
        table.add_row(item.name, item.task, item.created, item.checksum[:12])
    console.output().print(table)


@endpoint.command()
@click.argument("name")
@click.option(
    "--artifact",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Directory that `gremlink train` has written; it is copied.",
)
@click.option("--replace", is_flag=True, help="Take the place of an endpoint of that name.")
@console.with_settings(STORE)
def create(name: str, artifact: Path, replace: bool, settings: Configuration) -> None:
    """Serve an artifact under NAME, at once and without a restart of the proxy."""
    made = _store(settings).create_endpoint(name, artifact, replace=replace)
    console.say(f"Endpoint {made.name} answers {made.task.replace('_', ' ')}.")


@endpoint.command()
@click.argument("name")
@console.with_settings(STORE)
def delete(name: str, settings: Configuration) -> None:
    """Delete the endpoint NAME and the store's copy of its artifact."""
    _store(settings).delete_endpoint(name)
    console.say(f"Endpoint {name} is deleted.")


@endpoint.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
@console.with_settings(
    STORE, ("--url", "upstream.url", "The graph, as in ws://localhost:8183/gremlin.")
)
def drift(name: str, as_json: bool, settings: Configuration) -> None:
    """Compare the graph with the one that NAME was trained on, and advise what to do."""
    import json
    from datetime import datetime

    from gremlink.proxy.cli.export import graph_of
    from gremlink.proxy.graph import count_graph
    from gremlink.proxy.learning.workflows.drift import graph_drift
    from gremlink.proxy.store.errors import NoSuchEndpoint

    store = _store(settings)
    found = store.endpoint(name)
    if found is None:
        raise NoSuchEndpoint(name, [each.name for each in store.endpoints()])
    created = datetime.fromisoformat(found.created).timestamp()
    server = graph_of(settings)
    result = graph_drift(found.artifact, created, server, count_graph(server))
    if as_json:
        click.echo(json.dumps(result.to_document(), indent=1, ensure_ascii=False))
        return
    console.say(result.sentence)
    for kind, rows in (("vertices", result.vertices), ("edges", result.edges)):
        for row in rows:
            then = "new" if row.then is None else f"{row.then:,}"
            click.echo(f"{kind}\t{row.name}\t{then}\t{row.now:,}")
    for each in result.properties:
        click.echo(f"property\t{each.type}\t{each.property}\t{each.psi:.3f}\t{each.word}")
    for note in result.notes:
        console.say(note)


def _store(settings: Configuration) -> Store:
    from gremlink.proxy.store.records import Store

    return Store(settings.store.directory)
