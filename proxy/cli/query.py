"""`gremlink query`: send a script and print its results."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import click

from gremlink.proxy.cli.output import console
from gremlink.proxy.messages.addresses import without_credentials
from gremlink.proxy.messages.controls import text_lines

if TYPE_CHECKING:
    from gremlink.proxy.config import Configuration, Listen

HANDSHAKE_TIMEOUT = 10.0
"""Seconds for an endpoint to accept a connection."""


@click.command()
@click.argument("script")
@click.option(
    "--url",
    metavar="URL",
    callback=lambda context, option, value: _checked(value),
    help="Gremlin endpoint; the default is the proxy of the settings.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each result as one line of JSON.")
@click.option(
    "--timeout", type=click.FloatRange(min=0.001), metavar="SECONDS", help="Evaluate no longer."
)
@console.with_settings()
def query(
    script: str, url: str | None, as_json: bool, timeout: float | None, settings: Configuration
) -> None:
    """Send SCRIPT to a Gremlin endpoint and print the results.

    `-` reads the script from standard input. A terminal gets a table, a pipe tab-separated lines.

    \b
      gremlink query 'g.V().groupCount().by(label)'
    """
    from gremlink.proxy.cli.output import results

    if script == "-":
        script = sys.stdin.read()
    options = {} if timeout is None else {"evaluationTimeout": round(timeout * 1000)}
    address = url or local_url(settings.listen)
    found = submit(address, script, options, most=settings.limits.max_answer_bytes)
    if as_json:
        for result in found:
            click.echo(results.json_line(result))
    elif console.is_terminal():
        if found:
            console.output().print(results.table(found))
        console.say(f"{len(found)} result{'' if len(found) == 1 else 's'}")
    else:
        for line in results.lines(found):
            click.echo(line)


def _checked(url: str | None) -> str | None:
    from gremlink.proxy.config import websocket_url

    try:
        return None if url is None else websocket_url(url)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def local_url(listen: Listen) -> str:
    """Return the address for clients on this machine of a proxy with these settings."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    host = everywhere.get(listen.host, listen.host)
    host = f"[{host}]" if ":" in host else host
    return f"ws://{host}:{listen.port}{listen.path}"


def _words(message: str) -> str:
    """Return the sentence in Neptune's JSON, or the message as it is."""
    try:
        content = json.loads(message)
        return f"{content['code']}: {content['detailedMessage']}"
    except (ValueError, LookupError, TypeError):
        return message


def submit(url: str, script: str, options: dict[str, Any], *, most: int = 0) -> list[Any]:
    """Return all results of a script; response messages have at most `most` bytes, 0 is unlimited.

    Raises `Failure`.
    """
    import asyncio

    from aiohttp import ClientError, WSServerHandshakeError
    from gremlin_python.driver.client import Client
    from gremlin_python.driver.protocol import GremlinServerError

    from gremlink.proxy.graph.server.formats import FORMATS
    from gremlink.proxy.graph.server.serializers import NotUnderstood, serializers
    from gremlink.proxy.messages.system_errors import reason_of

    # The driver logs every error that it raises.
    logging.getLogger("gremlinpython").setLevel(logging.CRITICAL)
    place = without_credentials(url)
    try:
        asyncio.run(_greet(url))
        for serializer in serializers():
            client = Client(
                url,
                "g",
                message_serializer=serializer,
                max_content_length=most,
                max_workers=1,
                pool_size=1,
            )
            try:
                found: list[Any] = client.submit(script, request_options=options).all().result()
                return found
            except NotUnderstood as error:
                refused = error
            finally:
                client.close()
        formats = ", ".join(each.name for each in FORMATS)
        raise console.Failure(f"{url} takes requests in none of {formats}: {refused}")
    except GremlinServerError as error:
        first, *more = text_lines(_words(error.status_message or "")) or ["without a message"]
        raise console.Failure(f"{place} answers {error.status_code}: {first}", *more) from None
    except WSServerHandshakeError as error:
        raise console.Failure(
            f"{place} is not a Gremlin endpoint: it answers {error.status} {error.message}"
        ) from None
    except (TimeoutError, asyncio.TimeoutError):
        raise console.Failure(
            f"{place} did not take up the connection within {HANDSHAKE_TIMEOUT:.0f} seconds; is it "
            "a Gremlin endpoint?"
        ) from None
    except (ClientError, OSError) as error:
        raise console.Failure(
            f"cannot reach {place}: {reason_of(error)}. `gremlink serve` starts a proxy, `--url` "
            "names another address"
        ) from None
    except RuntimeError as error:
        # The driver's error for a connection that ends in the middle of a response.
        if "exceeds limit" in str(error):
            raise console.Failure(
                f"{place}: a message of its answer has more than {most:,} bytes: ask for less at "
                "one time, or raise limits.max_answer_bytes"
            ) from None
        raise console.Failure(f"{place}: {error}") from None


async def _greet(url: str) -> None:
    """Open a connection and close it again.

    The driver has no time limit for this, and leaks connections that fail.
    """
    import asyncio

    import aiohttp

    async def connect() -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(url):
            pass

    try:
        await asyncio.wait_for(connect(), HANDSHAKE_TIMEOUT)
    except asyncio.TimeoutError as error:  # another class than TimeoutError in Python 3.10
        raise TimeoutError from error
