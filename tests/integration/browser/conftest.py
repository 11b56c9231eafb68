"""The pages in a real browser: a proxy with a trained model, and a page that notes what goes wrong.

Screenshots are kept in `build/browser`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from managed_proxy import Proxy, serving
from served import export_friends

import gremlink
from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.store.records import Store

TOP = Path(__file__).parents[3]
SCREENSHOTS = TOP / "build" / "browser"
AXE = TOP / "tests" / "support" / "vendor" / "axe-4.14.1.min.js"

PATIENCE = 20_000
"""Milliseconds for something to appear, on a busy machine."""


@dataclass
class Site:
    """A proxy with the endpoint `friends`, the directory of its store, and the endpoint's model."""

    proxy: Proxy
    store: Path
    artifact: Path

    @property
    def address(self) -> str:
        return self.proxy.address


@pytest.fixture(scope="module")
def site(
    gremlin_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    here = tmp_path_factory.mktemp("site")

    def prepare() -> None:
        export_friends(gremlin_server.url, here / "export")
        gremlink.train(here / "export", here / "artifact", budget=2)

    with ThreadPoolExecutor(1) as beside:  # the driver's event loop runs in this thread
        beside.submit(prepare).result()
    Store(here / "proxy" / "store").create_endpoint("friends", here / "artifact")
    with serving(gremlin_server.url, here / "proxy", {"GREMLINK_TRAINING_SPEED": "reference"}) as p:
        yield Site(p, p.store, here / "artifact")


@pytest.fixture(scope="module")
def browser(gremlin_server: EmbeddedServer) -> Iterator[Any]:
    """Chromium. Its driver runs an event loop in this thread, which other modules need."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@dataclass
class Watched:
    """A page of the browser; `faults` are errors of scripts and requests to other places."""

    page: Any
    home: str
    faults: list[str] = field(default_factory=list)
    last: str = ""

    def open(self, path: str) -> Any:
        self.page.goto(f"{self.home}{path}")
        return self.page

    def shot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def until(self, expression: str) -> None:
        """Wait for a script's value to be true.

        Playwright's own waiting evaluates text in the page, which the policy forbids.
        """
        from playwright.sync_api import Error

        for _ in range(PATIENCE // 100):
            try:
                if self.page.evaluate(expression):
                    return
            except Error as error:  # between two documents, or before the script has drawn
                self.last = str(error)
            self.page.wait_for_timeout(100)
        raise AssertionError(f"never true: {expression}; {self.last}")

    def assert_accessible(self) -> None:
        """Fail for serious findings of axe-core."""
        # The policy of the pages forbids a script in the text; the browser's own may.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            (each["id"], [node["html"][:150] for node in each["nodes"]][:3])
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert not serious, serious


def watched(browser: Any, home: str, **options: Any) -> tuple[Any, Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    found = Watched(page, home)

    def console(message: Any) -> None:
        if message.type == "error" and not re.search(r"status of (40[0-9]|503)", message.text):
            found.faults.append(message.text)

    page.on("console", console)
    page.on("pageerror", lambda error: found.faults.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((home, "data:", "blob:"))
            else found.faults.append(f"a request to {request.url}")
        ),
    )
    return context, found


@pytest.fixture
def visitor(browser: Any, site: Site) -> Iterator[Watched]:
    """A new visitor; the test fails if a page made an error or a request to another place."""
    context, found = watched(browser, site.address)
    yield found
    context.close()
    assert not found.faults, found.faults
