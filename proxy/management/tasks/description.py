"""Descriptions of jobs: graph, locations and limits as JSON, and back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gremlink.proxy.config import Limits, Sparql, Upstream
from gremlink.proxy.config.tls import client_context, context_of
from gremlink.proxy.graph import Server
from gremlink.proxy.graph.limits import ReadLimits, use_limits
from gremlink.proxy.graph.rdf.client import READ_TIMEOUT, RdfStore
from gremlink.proxy.management.errors import BadRequest
from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.messages.system_errors import sentence_of
from gremlink.proxy.store.errors import StoreError
from gremlink.proxy.store.locations import Locations

_TRUST = {"tls_authorities", "tls_verify", "tls_certificate", "tls_key"}
"""Settings of the database that are good for the RDF store, too."""

KEPT = "kept"
"""The folder, beside a job's log, for results that could not be published."""


def describe(locations: Locations) -> dict[str, Any]:
    """Return locations as JSON."""
    folder = locations.s3_folder
    return {
        "roots": [str(root) for root in locations.roots],
        "s3_folder": None if folder is None else str(folder),
        "s3_endpoint": locations.s3_endpoint,
    }


def describe_bounds(limits: Limits) -> dict[str, int]:
    """Return the limits on what a job reads, as JSON."""
    return asdict(
        ReadLimits(limits.max_cell_characters, limits.max_unpacked_bytes, limits.max_answer_bytes)
    )


def apply_bounds(description: Mapping[str, Any]) -> None:
    """Apply the limits in a job's description to this process."""
    use_limits(ReadLimits(**description.get("bounds", {})))


def locations_of(description: Mapping[str, Any]) -> Locations:
    """Return the locations in a job's description."""
    document = description["locations"]
    folder = document["s3_folder"]
    return Locations(
        tuple(Path(root) for root in document["roots"]),
        None if folder is None else Path(folder),
        document["s3_endpoint"],
    )


class NotPublished(Exception):
    """The result of a job could not be written to its output; it is kept beside the job's log."""

    def __init__(self, error: StoreError | OSError, kept: Path) -> None:
        reason = sentence_of(error) if isinstance(error, OSError) else str(error)
        super().__init__(f"{reason}. Nothing is lost: what the job has made is in {kept}")
        self.kept = kept


def try_output(description: Mapping[str, Any], tell: Tell) -> None:
    """Test that a job's output can be written, before the work. Raises StoreError."""
    if "output" in description:
        tell("trying the output", 0, None, "")
        locations = locations_of(description)
        locations.try_out(locations.at(description["output"]))


def publish(description: Mapping[str, Any], directory: Path, tell: Tell) -> None:
    """Move a job's result from its work folder to its output. Raises NotPublished."""
    tell("writing the result to its place", 0, None, "")
    locations = locations_of(description)
    with keep_on_failure(directory):
        locations.publish(directory, locations.at(description["output"]))


@contextmanager
def keep_on_failure(directory: Path) -> Iterator[None]:
    """Keep a job's result, below its work folder, if finishing or writing it fails.

    Raises NotPublished.
    """
    try:
        yield
    except (StoreError, OSError) as error:
        kept = directory.parents[1] / KEPT
        shutil.move(directory, kept)
        raise NotPublished(error, kept) from error


NO_DATABASE = "There is no Gremlin database behind this proxy: upstream.url is not set."


def describe_graph(upstream: Upstream) -> dict[str, Any]:
    """Return the database as JSON. Raises `BadRequest` if there is none."""
    if upstream.url is None:
        raise BadRequest(NO_DATABASE)
    return upstream.model_dump(mode="json")


def describe_rdf_store(sparql: Sparql, upstream: Upstream) -> dict[str, Any]:
    """Return the RDF store, and how to trust it, as JSON."""
    trust = upstream.model_dump(mode="json", include=_TRUST)
    token = None if sparql.token is None else sparql.token.get_secret_value()
    return {"sparql": {**sparql.model_dump(mode="json"), "token": token}, "tls": trust}


def rdf_store_of(description: Mapping[str, Any]) -> RdfStore:
    """Return the RDF store in a job's description. Raises `TlsError`."""
    document = description["rdf_store"]
    sparql = Sparql.model_validate(document["sparql"])
    return rdf_store(sparql, Upstream.model_validate(document["tls"]))


def rdf_store(sparql: Sparql, upstream: Upstream, seconds: float | None = None) -> RdfStore:
    """Return the store of the settings, trusted as the settings of the database say.

    It has so many `seconds` for each piece of an answer. Raises `TlsError`.
    """
    addresses = sparql.addresses()
    named = addresses.query, addresses.update, addresses.store
    is_encrypted = any(each.startswith("https:") for each in named)
    tls = client_context(upstream) if is_encrypted else None
    token = None if sparql.token is None else sparql.token.get_secret_value()
    return RdfStore(addresses, token=token, tls=tls, read_timeout=seconds or READ_TIMEOUT)


def graph_of(description: Mapping[str, Any]) -> Server:
    """Return the database in a job's description. Raises `TlsError`."""
    upstream = Upstream.model_validate(description["graph"])
    assert upstream.url is not None
    return Server(upstream.url, context_of(upstream))
