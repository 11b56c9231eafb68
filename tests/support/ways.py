"""The ways in which gremlinpython can ask: scripts and bytecode, over WebSocket and HTTP, in every
format."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.protocol import GremlinServerError
from gremlin_python.driver.serializer import (
    GraphBinarySerializersV1,
    GraphSONSerializersV2d0,
    GraphSONSerializersV3d0,
)
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversal, GraphTraversalSource
from gremlin_python.structure.io import graphsonV2d0, graphsonV3d0

Write = Callable[[GraphTraversalSource], GraphTraversal]
"""A query in gremlinpython's own words."""

SERIALIZERS = {
    "graphbinary": GraphBinarySerializersV1,
    "graphson-3": GraphSONSerializersV3d0,
    "graphson-2": GraphSONSerializersV2d0,
}
READERS = {
    "application/vnd.gremlin-v3.0+json": graphsonV3d0.GraphSONReader,
    "application/vnd.gremlin-v2.0+json": graphsonV2d0.GraphSONReader,
}
WAYS = (
    *(f"script, {name}" for name in SERIALIZERS),
    *(f"bytecode, {name}" for name in SERIALIZERS),
    *(f"http, {name}" for name in READERS),
    *(f"http script, {name}" for name in SERIALIZERS),
    *(f"bytecode over http, {name}" for name in SERIALIZERS),
)
"""`http` is a script in JSON; the other ways over HTTP are gremlinpython's whole messages."""


def ways(write: Write | None) -> list[str]:
    """All ways of a query; one that bytecode cannot say has only its text."""
    return [way for way in WAYS if write is not None or not way.startswith("bytecode")]


class Refused(Exception):
    """An error response: its status, of WebSocket or HTTP, and its text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text

    @property
    def document(self) -> Any:
        """The text as JSON."""
        return json.loads(self.text)


@dataclass
class Speaker:
    """gremlinpython with one serializer."""

    url: str
    serializer: str
    opened: ExitStack

    @cached_property
    def client(self) -> Client:
        """For scripts."""
        client = Client(self.url, "g", message_serializer=SERIALIZERS[self.serializer]())
        return self.opened.enter_context(closing(client))

    @cached_property
    def g(self) -> GraphTraversalSource:
        """For bytecode."""
        serializer = SERIALIZERS[self.serializer]()
        connection = DriverRemoteConnection(self.url, "g", message_serializer=serializer)
        return traversal().with_remote(self.opened.enter_context(closing(connection)))


class Speakers:
    """Asks an address in every way; opens each connection once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened = ExitStack()
        http = url.replace("ws://", "http://").replace("/gremlin", "/")  # its driver adds the path
        self._speakers = {
            (over_http, name): Speaker(http if over_http else url, name, self._opened)
            for over_http in (False, True)
            for name in SERIALIZERS
        }

    def close(self) -> None:
        """Close all connections."""
        self._opened.close()

    def ask(self, way: str, script: str, write: Write | None = None) -> list[Any]:
        """The results of a query: of `script`, or of what `write` writes. Raises `Refused`."""
        language, _, name = way.partition(", ")
        if language == "http":
            return self._post(script, name)
        speaker = self._speakers["http" in language, name]
        try:
            results: list[Any]
            if "script" in language:
                results = speaker.client.submit(script).all().result()
            else:
                assert write is not None
                results = write(speaker.g).to_list()
        except GremlinServerError as error:
            raise Refused(error.status_code, error.status_message) from error
        return results

    def _post(self, script: str, mime_type: str) -> list[Any]:
        request = Request(
            self._url.replace("ws://", "http://"),
            json.dumps({"gremlin": script}).encode(),
            {"Content-Type": "application/json", "Accept": mime_type},
        )
        try:
            with urlopen(request, timeout=60) as response:
                document = json.load(response)
        except HTTPError as error:
            with error:
                raise Refused(error.code, error.read().decode()) from error
        results: list[Any] = READERS[mime_type]().to_object(document["result"]["data"])
        return results
