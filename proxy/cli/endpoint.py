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
    """List, create and delete endpoints."""


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


def _store(settings: Configuration) -> Store:
    from gremlink.proxy.store.records import Store

    return Store(settings.store.directory)
