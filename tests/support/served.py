"""The whole proxy, in this process, in front of a real database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gremlin_python.driver.client import Client

from gremlink.api.background import relay
from gremlink.proxy.config import Configuration, Inference, Listen, StoreSettings, Upstream
from gremlink.proxy.graph import ExportParameters, export_graph, load_csv

SAMPLE = Path(__file__).parents[2] / "proxy" / "embedded" / "sample" / "friends"


@contextmanager
def served(database: str, store: Path, inference: Inference | None = None) -> Iterator[str]:
    """The address of a proxy with the endpoints of the store in that directory."""
    configuration = Configuration(
        listen=Listen(port=0),
        upstream=Upstream(url=database),
        store=StoreSettings(directory=store),
        inference=inference or Inference(),
    )
    with relay(configuration) as address:
        yield address


def export_friends(database: str, directory: Path) -> None:
    """Empty the database, load the sample into it, and export it into a new directory."""
    direct = Client(database, "g")
    direct.submit("g.V().drop().iterate()").all().result()
    direct.close()
    load_csv(database, SAMPLE)
    export_graph(database, directory, parameters=ExportParameters())
