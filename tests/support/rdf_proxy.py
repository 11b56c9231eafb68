"""The whole proxy, in this process, in front of an RDF store and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gremlink.api.background import relay
from gremlink.proxy.config import Configuration, Inference, Listen, Sparql, StoreSettings


@contextmanager
def served_rdf(
    database: str, store: Path, inference: Inference | None = None, **more: object
) -> Iterator[str]:
    """The HTTP address of a proxy with the endpoints of the store in that directory."""
    configuration = Configuration(
        listen=Listen(port=0),
        sparql=Sparql(url=database),
        store=StoreSettings(directory=store),
        inference=inference or Inference(),
        **more,  # type: ignore[arg-type]
    )
    with relay(configuration) as address:
        yield address.replace("ws", "http", 1).removesuffix("/gremlin")
