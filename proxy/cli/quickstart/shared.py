"""The parts of the quick start that both kinds of graph share."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gremlink.proxy.cli.output import console, progress
from gremlink.proxy.learning.methods import SIMPLE_METHODS
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from rich.console import Group

    from gremlink.proxy.config import Configuration, Log
    from gremlink.proxy.embedded import EmbeddedRdfStore, EmbeddedServer
    from gremlink.proxy.learning.reports.link_report import LinkReport

ENDPOINT = "friends"

_POLL_INTERVAL = 0.5
"""Seconds between checks that the server still runs."""


def quality(report: LinkReport, page: Path) -> Group:
    """Return the served model beside the best simple method and a random order, and `page`.

    The other rows say little on so few edges; the page has them all.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    metrics = {"mrr": "MRR", "hits@1": "Hits@1", "hits@3": "Hits@3", "hits@10": "Hits@10"}
    table = Table(header_style="bold")
    table.add_column("Hidden friendships")
    for name in metrics.values():
        table.add_column(name, justify="right")
    rows = {row.method: row.metrics for row in report.rows}
    simple = max(
        (name for name in rows if name in SIMPLE_METHODS), key=lambda name: rows[name]["mrr"]
    )
    for name, figures in (
        (f"{report.model} (served)", rows[report.model]),
        (f"{simple} (best simple)", rows[simple]),
        ("a random order", report.chance),
    ):
        table.add_row(name, *(f"{figures[key]:.4f}" for key in metrics))
    sample = (
        f"The sample is tiny: {report.graph['edges']} edges. All methods, intervals and examples: "
    )
    return Group(table, Text(report.verdict()), Text(f"{sample}{escaped(str(page))}"))


@contextmanager
def kept(data: Path) -> Iterator[None]:
    """Report at an interruption what is kept; the server has written its graph by then."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"What was loaded stays in {data}; the next quick start trains anew"
        ) from None


def quiet(settings: Log) -> Log:
    """Return log settings for a terminal shared with other output.

    Lines, and only warnings unless another level was set.
    """
    level = settings.level if "level" in settings.model_fields_set else "warning"
    return settings.model_copy(update={"level": level, "format": "text"})


def stay(server: EmbeddedServer | EmbeddedRdfStore) -> None:
    """Wait for a signal or the server's end; a second Ctrl-C does not interrupt the clean-up."""
    asked_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_stop.set())
    while not asked_to_stop.wait(_POLL_INTERVAL):
        if not server.running:
            raise console.Failure(f"the database ended by itself; its log is {server.log_path}")
    console.say("stopping")


def train_friends(settings: Configuration, data: Path, export: Path, seed: int) -> LinkReport:
    """Train on an export and create the endpoint, in the place of an earlier one."""
    from gremlink.proxy.learning.reports.link_report import LinkReport
    from gremlink.proxy.learning.workflows.train import train
    from gremlink.proxy.store.records import Store

    artifact = data / "artifact"
    with progress.training_progress() as tell:
        report = train(export, artifact, seed=seed, progress=tell, speed=settings.training.speed)
    assert isinstance(report, LinkReport)  # friendships are links
    Store(data).create_endpoint(ENDPOINT, artifact, replace=True)
    return report
