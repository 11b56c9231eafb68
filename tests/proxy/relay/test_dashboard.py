"""The dashboard, the page and the proxy know the same figures."""

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from gremlink.proxy.inference.commands import PrepareLinks
from gremlink.proxy.relay.metrics import Metrics
from gremlink.proxy.relay.websocket.open_requests import RequestTable

DOCS = Path(__file__).parents[3] / "docs"
DASHBOARD = json.loads((DOCS / "grafana-dashboard.json").read_text())
NAME = re.compile(r"\b(?:gremlink|process)_\w+")
PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}
PARTS = ("_bucket", "_count", "_sum")


class Talking:
    """A connection that has had a request answered."""

    table = RequestTable()
    database_lost = False


Talking.table.others[200] = 1


async def scraped() -> dict[str, set[str]]:
    """The labels of each sample of a proxy that has done a bit of everything."""

    async def predict(work: object) -> None:
        return None

    metrics = Metrics([Talking()], lambda: [("friends", "link_prediction")], lambda: ["broken"])
    await metrics.timed(predict)(PrepareLinks("friends", "FRIEND", "out", "User"))
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return {name: labels for name, labels in found.items() if not name.endswith("_created")}


def documented() -> dict[str, set[str]]:
    """The table of `docs/operations.md`: names and labels."""
    found = {}
    for line in (DOCS / "operations.md").read_text().splitlines():
        if row := re.match(r"\| `(gremlink_\w+)` \|([^|]*)\|", line):
            # Within brackets are values.
            found[row[1]] = set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", row[2])))
    return found


def expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def whole(name: str) -> str:
    """The histogram's name for one of its parts."""
    for part in PARTS:
        if name.endswith(f"seconds{part}"):
            return name.removesuffix(part)
    return name


async def test_the_page_has_every_figure_with_its_labels():
    samples = await scraped()
    ours: dict[str, set[str]] = {}
    for name, labels in samples.items():
        if name.startswith("gremlink_"):
            ours.setdefault(whole(name), set()).update(labels - {"le"})
    assert ours == documented()


async def test_the_dashboard_shows_what_there_is_and_all_of_it():
    samples = await scraped()
    shown = {name for text in expressions() for name in NAME.findall(text)}
    assert shown <= set(samples)
    assert {whole(name) for name in shown} == set(documented()) | PROCESS


async def test_the_dashboard_groups_by_labels_that_there_are():
    samples = await scraped()
    for text in expressions():
        labels = set().union(*(samples[name] for name in NAME.findall(text)))
        for grouped in re.findall(r"\bby \(([^)]*)\)", text):
            # The scraper itself adds where a figure comes from.
            assert {word.strip() for word in grouped.split(",")} <= labels | {"instance"}


def test_panels_lie_beside_each_other():
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
