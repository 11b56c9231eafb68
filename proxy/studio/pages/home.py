"""The home page: the database, the endpoints, the jobs, and how to connect."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from gremlink.proxy.studio.endpoints import described_endpoints
from gremlink.proxy.studio.errors import StudioError
from gremlink.proxy.studio.jobs import newest
from gremlink.proxy.studio.schema import remembered, schema_of
from gremlink.proxy.studio.visit import Route, Visit


async def show(visit: Visit) -> web.Response:
    """Answer with the page; the counts come after it, they may take the database a while."""
    endpoints = await asyncio.to_thread(described_endpoints, visit.store)
    return visit.page(
        "home/page.html",
        endpoints=endpoints,
        jobs=await asyncio.to_thread(newest, visit.store.root, 8),
        connect=_ways(visit, endpoints[0].name if endpoints else "NAME"),
        has_database=visit.configuration.upstream.url is not None,
        has_store=visit.configuration.sparql.is_set,
    )


async def database(visit: Visit) -> web.Response:
    """Answer with the state of the database and its counts."""
    status: dict[str, Any] = {}
    schema, problem = remembered(visit), ""
    try:
        status = await visit.api("GET", "/status")
        if status.get("status") != "healthy":
            problem = "It does not accept connections. The proxy goes on as soon as it does."
        elif schema is None or visit.query("fresh"):
            schema = await schema_of(visit, fresh=True)
    except StudioError as error:
        problem = str(error)
    return visit.fragment("home/database.html", database=status, problem=problem, schema=schema)


async def store(visit: Visit) -> web.Response:
    """Answer with the counts of the RDF store."""
    graph: dict[str, Any] = {}
    problem = ""
    try:
        summary = await visit.api("GET", "/rdf/statistics/summary?mode=detailed")
        graph = summary["payload"]["graphSummary"]
    except StudioError as error:
        problem = str(error)
    return visit.fragment("home/store.html", graph=graph, problem=problem)


async def jobs(visit: Visit) -> web.Response:
    """Answer with the newest jobs."""
    found = await asyncio.to_thread(newest, visit.store.root, 8)
    return visit.fragment("jobs/table.html", jobs=found)


def _ways(visit: Visit, endpoint: str) -> list[tuple[str, str]]:
    """Return the ways to connect to this address, each as title and text to copy."""
    settings = visit.configuration
    http = visit.address
    secure, host = http.startswith("https:"), http.partition("//")[2]
    path = settings.listen.path
    ways: list[tuple[str, str]] = []
    if settings.upstream.url is not None:
        ways += _gremlin_ways(host, path, http, secure, endpoint)
    if settings.sparql.is_set:
        ways += [
            (
                "SPARQL",
                f"curl {http}/sparql -H 'Accept: application/sparql-results+json' \\\n"
                "  --data-urlencode 'query=SELECT * { ?s ?p ?o } LIMIT 5'",
            ),
            (
                "SPARQL in a notebook",
                "%%graph_notebook_config\n"
                + _notebook(host, secure, '"sparql": {"path": "sparql"}')
                + "\n\n%%sparql\nSELECT * { ?s ?p ?o } LIMIT 5",
            ),
        ]
    ways.append(
        (
            "Management API",
            "import boto3\n\n"
            f'neptune = boto3.client("neptunedata", endpoint_url="{http}",\n'
            '    region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any")\n'
            'neptune.list_ml_endpoints()["ids"]',
        )
    )
    return ways


def _gremlin_ways(
    host: str, path: str, http: str, secure: bool, endpoint: str
) -> list[tuple[str, str]]:
    name, port = _split(host, secure)
    url = f"{http.replace('http', 'ws', 1)}{path}"
    return [
        (
            "Python",
            "from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection\n"
            "from gremlin_python.process.anonymous_traversal import traversal\n\n"
            f'g = traversal().with_remote(DriverRemoteConnection("{url}", "g"))\n'
            "print(g.V().count().next())",
        ),
        (
            "Gremlin Console",
            f'cluster = Cluster.build("{name}").port({port}).path("{path}")'
            f"{'.enableSsl(true)' if secure else ''}.create()\n"
            'g = traversal().withRemote(DriverRemoteConnection.using(cluster, "g"))\n'
            f'g.with("Neptune#ml.endpoint", "{endpoint}").V().limit(3)',
        ),
        (
            "Notebook",
            "%%graph_notebook_config\n"
            + _notebook(host, secure, '"gremlin": {"traversal_source": "g"}')
            + "\n\n%%gremlin\ng.V().limit(3)",
        ),
        (
            "curl",
            f'curl {http}{path} -d \'{{"gremlin": "g.V().groupCount().by(label)"}}\'',
        ),
    ]


def _notebook(host: str, secure: bool, more: str) -> str:
    name, port = _split(host, secure)
    return f'{{"host": "{name}", "port": {port}, "ssl": {str(secure).lower()}, {more}}}'


def _split(host: str, secure: bool) -> tuple[str, str]:
    """Return name and port of a header `Host`, whose port may be left out."""
    name, _, port = host.rpartition(":")
    if not port.isdecimal() or not name or host.endswith("]"):
        name, port = host, "443" if secure else "80"
    return name.strip("[]"), port


ROUTES = (
    Route("GET", "/", show),
    Route("GET", "/studio/home/database", database),
    Route("GET", "/studio/home/store", store),
    Route("GET", "/studio/home/jobs", jobs),
)
