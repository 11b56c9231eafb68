"""The whole story in a browser, by mouse and by keyboard; every page in dark and light, at 400
pixels and more; and what goes wrong in between."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.integration.browser.conftest import Site, Watched, watched

PAGES = {
    "home": "/",
    "ask": "/studio/ask?endpoint=friends&vertex=s:user_19",
    "why": "/studio/ask/why?endpoint=friends&vertex=s:user_19&limit=10&target=s:user_01",
    "schema": "/studio/graph",
    "graph": "/studio/graph?vertex=s:user_19&endpoint=friends",
    "train": "/studio/train",
    "models": "/studio/models",
    "model": "/studio/models/friends",
    "console": "/studio/console",
    "embeddings": "/studio/embeddings?run=endpoint:friends&vertex=s:user_19",
}


def settle(page: Any) -> None:
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_in_light_and_dark_and_fits(
    browser: Any, site: Site, name: str
) -> None:
    for scheme, width in (("light", 1280), ("dark", 400)):
        context, visitor = watched(browser, site.address, color_scheme=scheme)
        visitor.page.set_viewport_size({"width": width, "height": 900})
        visitor.open(PAGES[name])
        settle(visitor.page)
        visitor.shot(f"{name}-{scheme}-{width}")
        visitor.assert_accessible()
        wide = visitor.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (name, wide)
        assert visitor.faults == []
        context.close()


def test_the_story_by_mouse(visitor: Watched) -> None:
    page = visitor.open("/")
    page.get_by_role("link", name="friends", exact=True).click()
    page.get_by_role("combobox", name=re.compile("Vertex")).fill("Hen")
    page.get_by_role("option", name=re.compile("Henry")).click()
    page.get_by_role("button", name="Ask", exact=True).click()
    first = page.locator(".answers li").first
    assert first.inner_text().split()[1] in ("Bill", "Colin", "Peter", "Sarah")
    first.get_by_text("Why?").click()
    page.get_by_role("heading", name=re.compile("^Why")).wait_for()
    page.locator("#why canvas").first.wait_for()
    assert page.get_by_role("heading", name="Methods").is_visible()
    visitor.shot("story-why")


def test_the_story_by_keyboard(visitor: Watched) -> None:
    page = visitor.open("/studio/ask?endpoint=friends")
    field = page.get_by_role("combobox", name=re.compile("Vertex"))
    field.focus()
    page.keyboard.type("henry", delay=20)
    page.get_by_role("option", name=re.compile("Henry")).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert field.input_value() == "Henry"
    for _ in range(12):  # on to the button, as a reader with a keyboard goes
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Ask":
            break
    page.keyboard.press("Enter")
    page.locator(".answers li").first.wait_for()
    page.get_by_text("Why?").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=re.compile("^Why")).wait_for()


def test_an_address_shows_what_it_showed(visitor: Watched) -> None:
    page = visitor.open("/studio/ask?endpoint=friends&vertex=s:user_19&limit=3&direction=in")
    assert page.locator(".answers li").count() == 3
    assert page.get_by_role("radio", name=re.compile("in")).is_checked()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/studio/ask?endpoint=friends&vertex=s:user_19&limit=0", "no number of results"),
        ("/studio/ask?endpoint=friends&vertex=s:user_19&threshold=2", "no threshold"),
        ("/studio/ask?endpoint=friends&vertex=s:nobody", "no vertex"),
        ("/studio/ask?endpoint=friends&vertex=nonsense", "no vertex"),
        ("/studio/ask?endpoint=nothing&vertex=s:user_19", "no endpoint"),
        ("/studio/ask?endpoint=friends&vertex=s:user_19&relation=x", "does not predict"),
        ("/studio/models/nothing", "no model"),
        ("/studio/models/compare?run=endpoint:friends", "two runs or more"),
        ("/studio/embeddings?run=endpoint:nothing", "no model"),
        ("/studio/nothing", "No page"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(visitor: Watched, path: str, said: str) -> None:
    page = visitor.open(path)
    assert said in page.locator("main").inner_text()


def test_the_console_shows_tables_pictures_and_places_of_errors(visitor: Watched) -> None:
    page = visitor.open("/studio/console")
    editor = page.get_by_label("Query", exact=True)
    editor.fill("g.V('user_19').both().path()")
    page.keyboard.press("Control+Enter")
    page.locator("#results canvas").first.wait_for()
    assert page.locator("#results table").count() == 1
    editor.fill("g.V().out(")
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("#results .failure").wait_for()
    assert "^" in page.locator("#results .failure").inner_text()
    editor.fill(
        'g.with("Neptune#ml.endpoint","friends").V("user_19").out("FRIEND").'
        'with("Neptune#ml.prediction").hasLabel("User")'
    )
    page.get_by_role("button", name="Explain").click()
    page.locator("#results .plan").wait_for()
    assert "friends" in page.locator("#results .plan").inner_text()


def test_a_running_query_is_cancelled_by_mouse_and_by_keyboard(visitor: Watched) -> None:
    page = visitor.open("/studio/console")
    editor = page.get_by_label("Query", exact=True)
    editor.fill("Thread.sleep(9000); g.inject(1)")
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    assert not cancel.is_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    assert page.evaluate("document.activeElement.id") == "cancel"
    cancel.click()
    page.get_by_text("The query was cancelled").wait_for(timeout=5000)
    assert not cancel.is_visible()
    editor.press("Control+Enter")
    cancel.wait_for()
    editor.press("Escape")
    page.get_by_text("The query was cancelled").wait_for(timeout=5000)
    assert page.evaluate("document.activeElement.id") == "script"


def test_hostile_texts_are_texts(site: Site, visitor: Watched) -> None:
    import json
    from urllib.parse import quote
    from urllib.request import Request, urlopen

    hostile = '<img src=x onerror="document.title=`owned`">\u202e\'"&🦊' + "w" * 500
    script = "g.addV(l).property(T.id, i).property('name', n)"
    body = {"gremlin": script, "bindings": {"l": hostile[:60], "i": hostile, "n": hostile[:110]}}
    request = Request(f"{site.address}/gremlin", json.dumps(body).encode())
    with urlopen(request, timeout=30) as answer:
        assert answer.status == 200
    try:
        address = quote(f"s:{hostile}")
        for path in (
            "/",
            "/studio/graph",
            f"/studio/graph?vertex={address}",
            f"/studio/graph?label={quote(hostile[:60])}",
            f"/studio/ask?endpoint=friends&vertex={address}",
            "/studio/train",
        ):
            page = visitor.open(path)
            settle(page)
            assert page.title() != "owned"
            assert page.locator("img[src='x']").count() == 0
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 1280, path
        page = visitor.open("/studio/console")
        page.get_by_label("Query", exact=True).fill("g.V().hasLabel(startingWith('<img'))")
        page.keyboard.press("Control+Enter")
        page.locator("#results table").wait_for()
        assert "onerror" in page.locator("#results table").inner_text()
        assert page.title() != "owned"
    finally:
        drop = json.dumps({"gremlin": "g.V().hasLabel(startingWith('<img')).drop()"}).encode()
        urlopen(Request(f"{site.address}/gremlin", drop), timeout=30).close()


def test_a_neighbourhood_grows_in_the_picture_and_in_the_list(visitor: Watched) -> None:
    page = visitor.open("/studio/graph")
    page.wait_for_selector("#schema canvas")
    page.get_by_role("combobox", name="Find a vertex").fill("hen")
    page.keyboard.press("Enter")
    page.wait_for_selector("#picture canvas")
    assert "vertex=s%3Auser_19" in page.url
    names = "document.querySelector('#picture').gremlink.view.nodes().map((n) => n.data('name'))"
    known = set(page.evaluate(names))
    assert "Henry" in known
    page.get_by_role("link", name="Expand Charlie").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("expand="))
    visitor.until(f"{names}.length > {len(known)}")
    shown = set(page.evaluate(names))
    assert known < shown
    assert set(page.locator("[data-select]").all_inner_texts()) == shown
    page.get_by_role("link", name="Charlie", exact=True).click()
    page.get_by_role("heading", name="Charlie").wait_for()
    page.go_back()
    visitor.until(f"{names}.length == {len(known)}")
    page.get_by_label("Predicted links of").select_option("friends")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile("endpoint=friends"))
    page.wait_for_selector("#picture canvas")
    dashed = "document.querySelector('#picture').gremlink.view.edges('[?predicted]').length"
    assert page.evaluate(dashed) == page.locator(".tag").count() == 5
    visitor.assert_accessible()
    visitor.shot("neighbourhood")


def test_the_graph_is_read_without_scripts(browser: Any, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}/studio/graph")
    page.get_by_role("textbox", name="Find a vertex").fill("henry")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Expand Charlie").click()
    assert "expand=" in page.url
    assert page.locator("[data-select]").count() > 6
    context.close()


def test_dark_and_light_are_remembered(visitor: Watched) -> None:
    page = visitor.open("/")
    before = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    page.get_by_role("button", name="Dark or light").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") != before


def test_a_page_of_another_origin_can_do_nothing(browser: Any, site: Site) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto("about:blank")
    tried = page.evaluate(
        """async (home) => {
            const found = {};
            for (const [name, path, options] of [
                ["read", "/", {}],
                ["blind", "/studio/models/endpoint:friends", {method: "POST", mode: "no-cors",
                    body: new URLSearchParams({action: "delete", confirm: "friends"})}],
                ["query", "/studio/console", {method: "POST", mode: "no-cors",
                    body: new URLSearchParams({gremlin: "g.addV('owned')", action: "run"})}],
            ]) {
                try { found[name] = (await fetch(home + path, options)).type; }
                catch (error) { found[name] = "refused"; }
            }
            const frame = document.createElement("iframe");
            frame.src = home + "/";
            document.body.append(frame);
            await new Promise((done) => setTimeout(done, 500));
            const inside = frame.contentDocument;
            try { found.frame = inside === null ? "closed" : inside.body.innerText; }
            catch (error) { found.frame = "closed"; }
            return found;
        }""",
        site.address,
    )
    assert tried["read"] == "refused"
    assert tried["frame"] in ("closed", "")
    context.close()
    context, visitor = watched(browser, site.address)
    assert (
        visitor.open("/studio/models/friends").get_by_role("heading", name="friends").is_visible()
    )
    visitor.open("/studio/console")
    visitor.page.get_by_label("Query", exact=True).fill("g.V().hasLabel('owned').count()")
    visitor.page.keyboard.press("Control+Enter")
    visitor.page.locator("#results table").wait_for()
    assert visitor.page.locator("#results table td").inner_text() == "0"
    context.close()
