"""What changes under a page: the model of an endpoint, and a database that goes and comes back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from managed_proxy import serving
from served import SAMPLE

from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
from gremlink.proxy.graph import load_csv
from gremlink.proxy.store.records import Store
from tests.integration.browser.conftest import Site, Watched, watched
from tests.integration.browser.test_studio import PAGES

LONG = 120_000
"""Milliseconds for a training on a busy machine."""


def reach(page: Any, selector: str) -> None:
    """Go on by the tabulator until an element has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"the tabulator does not lead to {selector}")


def test_a_new_run_is_compared_and_replaces_the_model_of_an_endpoint(
    visitor: Watched,
) -> None:
    page = visitor.open("/studio/train")
    page.select_option("#element", label="FRIEND: User → User (25)")
    page.wait_for_selector("#training")
    page.fill("#endpoint", "newer")
    page.fill("#budget", "2")
    page.click("text=Start the training")
    page.wait_for_url("**/studio/train/runs/**")
    page.wait_for_selector("text=Ask it", timeout=LONG)

    page = visitor.open("/studio/models")
    boxes = page.locator("input[name=run]")
    keys = [each.get_attribute("value") for each in boxes.all()]
    (trained,) = [key for key in keys if key.startswith("training:")]
    for key in [key for key in keys if key in (trained, "endpoint:friends")]:
        reach(page, f"input[name=run][value='{key}']")
        page.keyboard.press("Space")
    reach(page, ".compare-bar button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio/models/compare?**")
    reach(page, "#metric")
    page.keyboard.press("ArrowDown")
    reach(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**metric=mr*")
    assert page.locator("table").count() >= 1
    visitor.assert_accessible()
    visitor.shot("compare")

    page = visitor.open(f"/studio/models/{trained}")
    reach(page, "#name")
    page.keyboard.press("Control+A")
    page.keyboard.type("friends")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    assert "already" in page.locator("main").inner_text()  # without the tick nothing is replaced
    page.go_back()
    page.locator("#name").fill("friends")
    reach(page, "input[name=replace]")
    page.keyboard.press("Space")
    reach(page, "form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio/models/endpoint:friends**", timeout=LONG)
    visitor.open("/studio/ask?endpoint=friends&vertex=s:user_19")
    page.locator(".answers li").first.wait_for()


@contextmanager
def database(port: int) -> Iterator[None]:
    """The quick start's graph on a port."""
    with EmbeddedServer(port=port, jvm_options=QUICK_TO_START) as server:
        with ThreadPoolExecutor(1) as beside:
            beside.submit(load_csv, server.url, SAMPLE).result()
        yield


def test_pages_say_that_the_database_is_gone_and_answer_when_it_is_back(
    browser: Any, site: Site, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    Store(tmp_path / "store").create_endpoint("friends", site.artifact)
    with serving(f"ws://127.0.0.1:{port}/gremlin", tmp_path) as proxy:
        context, visitor = watched(browser, proxy.address)
        asked, graph = PAGES["ask"], PAGES["graph"]
        with database(port):
            visitor.open(asked).locator(".answers li").first.wait_for()
        for name in ("ask", "graph", "schema", "train"):
            page = visitor.open(PAGES[name])
            page.wait_for_load_state("networkidle")
            said = page.locator("main").inner_text()
            assert "database" in said.lower(), (name, said)
            assert "Traceback" not in said
            visitor.assert_accessible()
        page = visitor.open(PAGES["console"])
        page.get_by_label("Query", exact=True).fill("g.V().count()")
        page.keyboard.press("Control+Enter")
        page.locator("#results .failure").wait_for()
        visitor.open("/").wait_for_load_state("networkidle")
        visitor.shot("gone")
        for name in ("models", "model", "embeddings"):  # these need no database
            assert visitor.open(PAGES[name]).locator("h1").is_visible()
        with database(port):
            visitor.open(asked).locator(".answers li").first.wait_for()
            visitor.open(graph).wait_for_selector("#picture canvas")
        context.close()
        assert visitor.faults == []
