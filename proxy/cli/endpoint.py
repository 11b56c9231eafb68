"""`gremlink endpoint`: trained models under the names that queries use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gremlink.proxy.cli.output import console
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration
    from gremlink.proxy.store.records import Store

STORE = ("--store", "store.directory", "Directory of the endpoints.")


@click.group()
def endpoint() -> None:
    """List, create and delete endpoints; compare them with each other, and with the graph."""


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
    STORE,
    ("--url", "upstream.url", "The graph, as in ws://localhost:8183/gremlin."),
    ("--sparql", "sparql.url", "The RDF store of an RDF model, as in http://localhost:7878."),
)
def drift(name: str, as_json: bool, settings: Configuration) -> None:
    """Compare the graph with the one that NAME was trained on, and advise what to do."""
    import json
    from datetime import datetime

    from gremlink.proxy.cli.databases import rdf_store_of
    from gremlink.proxy.cli.export import graph_of
    from gremlink.proxy.graph import count_graph
    from gremlink.proxy.learning.workflows.drift import graph_drift, rdf_drift, trained_graph
    from gremlink.proxy.store.errors import NoSuchEndpoint

    store = _store(settings)
    found = store.endpoint(name)
    if found is None:
        raise NoSuchEndpoint(name, [each.name for each in store.endpoints()])
    created = datetime.fromisoformat(found.created).timestamp()
    trained = trained_graph(found.artifact)
    if trained.stored.rdf:
        result = rdf_drift(trained, created, rdf_store_of(settings))
    else:
        server = graph_of(settings)
        result = graph_drift(trained, created, server, count_graph(server))
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


@endpoint.command()
@click.argument("first", metavar="ENDPOINT|ARTIFACT")
@click.argument("other", metavar="ENDPOINT|ARTIFACT")
@click.option(
    "--metric", default="", help="A metric of the reports, as hits@10, instead of the first one."
)
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
@console.with_settings(STORE)
def compare(first: str, other: str, metric: str, as_json: bool, settings: Configuration) -> None:
    """Compare two trained models, the second with the first, method by method.

    In pairs where both held out the same elements: the difference comes with its interval of 95 %.
    """
    import json

    from gremlink.proxy.learning.comparison.runs import QUIET
    from gremlink.proxy.learning.workflows.compare import compare_artifacts

    sides = [(name, artifact_of(name, settings)) for name in (first, other)]
    found = compare_artifacts(sides[0], sides[1], metric)
    if as_json:
        click.echo(json.dumps(found.to_document((first, other)), indent=1, ensure_ascii=False))
        return
    console.say(f"{other} beside {first}, by {found.metric}:")
    for text in found.differences:
        console.warn(text)
    if not console.is_terminal():
        for row in found.rows():
            click.echo("\t".join("" if each is None else _plain(each) for each in row))
    else:
        from rich.table import Table

        table = Table("Method", first, other, "Difference", "95 %", "", header_style="bold")
        for row in found.rows():
            interval = "" if row.low is None else f"{row.low:+.4f} to {row.high:+.4f}"
            table.add_row(
                escaped(row.method),
                *("" if each is None else f"{each:.4f}" for each in (row.first, row.other)),
                "" if row.difference is None else f"{row.difference:+.4f}",
                interval,
                row.word,
                style="dim" if row.word in QUIET else "",
            )
        console.output().print(table)
    for text in found.how:
        console.say(text)


def artifact_of(model: str, settings: Configuration) -> Path:
    """Return the directory of a model: an endpoint's, else the one of this path.

    Raises `WrongUsage` if there is neither.
    """
    path = Path(model)
    is_path = "/" in model or model.startswith(".")
    store = _store(settings)
    found = None if is_path else store.endpoint(model)
    if found is not None:
        return found.artifact
    if path.is_dir():
        return path
    names = ", ".join(each.name for each in store.endpoints())
    raise console.WrongUsage(
        f"there is no endpoint and no directory {model!r}; endpoints: {names or 'none'}"
    )


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _store(settings: Configuration) -> Store:
    from gremlink.proxy.store.records import Store

    return Store(settings.store.directory)
