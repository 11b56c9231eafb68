"""Training in a browser: by keyboard from the target to the endpoint, and cancelled by mouse."""

from __future__ import annotations

from tests.integration.browser.conftest import Watched

LONG = 120_000
"""Milliseconds for a training on a busy machine."""


def test_from_the_target_to_the_endpoint_by_keyboard(visitor: Watched) -> None:
    page = visitor.open("/studio/train")
    page.focus("#element")
    page.select_option("#element", label="FRIEND: User → User (25)")
    page.wait_for_selector("#training")
    assert page.evaluate("document.activeElement.id") == "element"
    visitor.assert_accessible()
    visitor.shot("train")
    page.fill("#endpoint", "by keys")
    page.fill("#budget", "6")
    page.keyboard.press("Enter")
    page.wait_for_selector("#endpoint-wrong")
    assert page.input_value("#budget") == "6"
    page.fill("#endpoint", "by-keys")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio/train/runs/**")
    page.wait_for_selector("#losses canvas", timeout=LONG)
    page.wait_for_selector(".methods td", timeout=LONG)
    # What is open stays open while the page is renewed, and so does the focus.
    page.click("text=Figures of the learning curves")
    visitor.assert_accessible()
    visitor.shot("training")
    page.wait_for_selector("text=Ask it", timeout=LONG)
    assert page.locator("details[open] >> text=Figures of the learning curves").count() == 1
    assert page.locator(".stages li").all_inner_texts()[-1].startswith("Endpoint")
    page.reload()
    page.click("text=Ask it")
    page.wait_for_url("**/studio/ask?endpoint=by-keys")


def test_a_cancelled_one_and_the_jobs(visitor: Watched) -> None:
    page = visitor.open('/studio/train?element=["User"]&what=interests')
    page.fill("#endpoint", "cancelled")
    page.click("text=Start the training")
    page.wait_for_selector("#cancel")
    page.focus("#cancel")
    page.wait_for_timeout(1500)  # the page is renewed meanwhile
    assert page.evaluate("document.activeElement.id") == "cancel"
    page.keyboard.press("Enter")
    page.wait_for_selector("text=It was cancelled")
    page.set_viewport_size({"width": 400, "height": 900})
    page.click("text=The whole job")
    page.wait_for_url("**/studio/jobs/**")
    visitor.assert_accessible()
    page.click("text=Jobs >> nth=0")
    visitor.assert_accessible()
    visitor.shot("jobs-400")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 400
