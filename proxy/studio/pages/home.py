"""The home page: the database, the endpoints, the jobs, and how to connect."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from gremlink.proxy.studio.endpoints import described_endpoints
from gremlink.proxy.studio.errors import StudioError
from gremlink.proxy.studio.jobs import newest
from gremlink.proxy.studio.schema import schema_of
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
    schema, problem = None, ""
    try:
        status = await visit.api("GET", "/status")
        schema = await schema_of(visit, fresh=bool(visit.query("fresh")))
    except StudioError as error:
        problem = str(error)
    return visit.fragment("home/database.html", database=status, problem=problem, schema=schema)


async def store(visit: Visit) -> web.Response:
    """Answer with the counts of the RDF store."""
    summary = await visit.api("GET", "/rdf/statistics/summary?mode=detailed")
    return visit.fragment("home/store.html", graph=summary["payload"]["graphSummary"])


async def jobs(visit: Visit) -> web.Response:
    """Answer with the newest jobs."""
    found = await asyncio.to_thread(newest, visit.store.root, 8)
    return visit.fragment("jobs/table.html", jobs=found)


def _ways(visit: Visit, endpoint: str) -> list[tuple[str, str]]:
    """Return the ways to connect, each as title and text to copy."""
    settings = visit.configuration
    secure = settings.listen.tls_certificate is not None
    host = visit.request.headers.get("Host", f"localhost:{settings.listen.port}")
    ws, http = ("wss", "https") if secure else ("ws", "http")
    url, path = f"{ws}://{host}{settings.listen.path}", settings.listen.path
    name, _, port = host.rpartition(":")
    if not port.isdecimal():
        name, port = host, "443" if secure else "80"
    ways = []
    if settings.upstream.url is not None:
        ways += [
            (
                "Python",
                "from gremlin_python.driver.driver_remote_connection import"
                " DriverRemoteConnection\n"
                "from gremlin_python.process.anonymous_traversal import traversal\n\n"
                f'g = traversal().with_remote(DriverRemoteConnection("{url}", "g"))\n'
                "print(g.V().count().next())",
            ),
            (
                "Gremlin Console",
                "cluster = Cluster.build("
                f'"{name.strip("[]")}").port({port}).path("{path}")'
                f"{'.enableSsl(true)' if secure else ''}.create()\n"
                "g = traversal().withRemote(DriverRemoteConnection.using(cluster))\n"
                f'g.with("Neptune#ml.endpoint", "{endpoint}").V().limit(3)',
            ),
            (
                "Notebook",
                "%%graph_notebook_config\n"
                f'{{"host": "{name.strip("[]")}", "port": {port}, "auth_mode": "DEFAULT",'
                f' "ssl": {str(secure).lower()},\n "aws_region": "us-east-1",'
                ' "load_from_s3_arn": "", "neptune_service": "neptune-db"}',
            ),
            (
                "curl",
                f'curl {http}://{host}{path} -d \'{{"gremlin": "g.V().groupCount().by(label)"}}\'',
            ),
        ]
    if settings.sparql.is_set:
        ways.append(
            (
                "SPARQL",
                f"curl {http}://{host}/sparql --data-urlencode 'query=SELECT * {{ ?s ?p ?o }}"
                " LIMIT 5'",
            )
        )
    return ways


ROUTES = (
    Route("GET", "/", show),
    Route("GET", "/studio/home/database", database),
    Route("GET", "/studio/home/store", store),
    Route("GET", "/studio/home/jobs", jobs),
)
