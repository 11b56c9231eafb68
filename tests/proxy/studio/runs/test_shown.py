"""Runs as the page Models shows them, with hostile texts: list, comparison, search, drift."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from studio import studio

from gremlink.proxy.store.artifacts import Artifact, write_artifact
from gremlink.proxy.store.records import Store

HOSTILE = "<b onclick=x> \"' & 😀" + "z" * 500
SEARCH = {
    "network": "rgcn",
    "metric": "mrr",
    "parameters": {"lr": 0.01},
    "parallel": 1,
    "seconds": 3.0,
    "trials": [
        {
            "number": 0,
            "parameters": {"lr": 0.01},
            "value": 0.4,
            "state": "complete",
            "seconds": 1.0,
        },
        {"number": 1, "parameters": {"lr": 0.5}, "value": 0.1, "state": "pruned", "seconds": 1.0},
        {"number": 2, "parameters": {"lr": 1}, "value": None, "state": "failed", "seconds": 0.1},
    ],
}


def report(value: float, **more: Any) -> dict[str, Any]:
    def row(method: str, mrr: float) -> dict[str, Any]:
        intervals = {"mrr": [mrr - 0.05, mrr + 0.05]}
        return {"method": method, "metrics": {"mrr": mrr}, "intervals": intervals, "seconds": 1.0}

    return {
        "model": "auto",
        "protocol": f"holdout {HOSTILE}",
        "seed": 0,
        "graph": {"vertices": 20, "edges": 25},
        "rows": [row("auto", value), row("popularity", 0.2)],
        "courses": {"rgcn": {"losses": {"1": 2.0, "2": 1.0}}},
        "warnings": [HOSTILE],
        "seconds": 3.0,
        **more,
    }


def endpoint(directory: Path, name: str, found: dict[str, Any]) -> None:
    manifest = {
        "task": "link_prediction",
        "model": "auto",
        "settings": {"width": len(name)},
        "relations": [[HOSTILE, "knows", HOSTILE]],
    }
    artifact = directory / f"artifact-{name}"
    reports = {"report.json": found, "report.html": "<!doctype html><title>report</title>"}
    write_artifact(artifact, Artifact(manifest, {}, {}), reports)
    Store(directory / "store").create_endpoint(name, artifact)


async def test_the_list_has_each_model_beside_the_best_simple_method(tmp_path: Path) -> None:
    ahead = report(0.4)
    baseline = {"method": "segment-popularity", "metrics": {"mrr": 0.9}}  # no method, so not beside
    endpoint(tmp_path, "ahead", {**ahead, "rows": [*ahead["rows"], baseline]})
    endpoint(tmp_path, "level", report(0.21))
    async with studio(tmp_path) as site:
        page = await site.get("/studio/models")
        assert page.status == 200
        assert "<b onclick" not in page.text
        assert HOSTILE in page.seen
        assert "less good" in page.seen
        assert "segment-popularity" not in page.seen
        assert "about as good" in page.seen
        assert not site.asked


async def test_runs_side_by_side(tmp_path: Path) -> None:
    endpoint(tmp_path, "one", report(0.4))
    endpoint(tmp_path, "near", report(0.42))
    endpoint(tmp_path, "far", report(0.8))
    endpoint(tmp_path, "other", report(0.9, graph={"vertices": 99, "edges": 25}))
    async with studio(tmp_path) as site:
        page = await site.get("/studio/models/compare?run=endpoint:one&run=endpoint:near")
        assert "cannot simply be compared" not in page.seen
        assert "no clear difference" in page.seen
        assert "width differs" in page.seen
        page = await site.get("/studio/models/compare?run=endpoint:one&run=endpoint:far")
        assert "▲ 0.8" in page.seen
        page = await site.get("/studio/models/compare?run=endpoint:one&run=endpoint:other")
        assert "cannot simply be compared" in page.seen
        assert "other was trained on other data than one" in page.seen
        assert "not comparable" in page.seen
        assert "▲" not in page.seen
        assert (await site.get("/studio/models/compare?run=endpoint:one")).status == 400
        assert (await site.get("/studio/models/compare?run=a&run=endpoint:one")).status == 404
        wrong = "/studio/models/compare?run=endpoint:one&run=endpoint:near&metric=<b>"
        assert "Methods by mrr" in (await site.get(wrong)).seen


async def test_one_run_with_its_search_and_files(tmp_path: Path) -> None:
    endpoint(tmp_path, "one", report(0.4, search=SEARCH))
    async with studio(tmp_path) as site:
        page = await site.get("/studio/models/endpoint:one")
        assert page.text == (await site.get("/studio/models/one")).text
        assert "<b onclick" not in page.text
        assert "3 trials" in page.seen
        assert page.text.count('<circle class="dot" cx=') == 3  # history, parameter, key
        assert page.text.count('<rect class="dot pruned"') == 3
        html = await site.get("/studio/models/one/report")
        assert html.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        document = await site.get("/studio/models/one/report.json")
        assert json.loads(document.text)["rows"][0]["metrics"] == {"mrr": 0.4}
        assert "attachment" in document.headers["Content-Disposition"]
        kept = await site.get("/studio/models/one/methods.csv")
        header, *rows = csv.reader(io.StringIO(kept.text))
        assert header[:4] == ["method", "mrr", "mrr low", "mrr high"]
        assert [row[:2] for row in rows] == [["auto", "0.4"], ["popularity", "0.2"]]
        assert (await site.get("/studio/models/nobody")).status == 404


async def test_drift_without_what_it_needs_is_told(tmp_path: Path) -> None:
    endpoint(tmp_path, "one", report(0.4))
    async with studio(tmp_path) as site:
        page = await site.fragment("/studio/models/one/drift")
        assert page.status == 200  # a fragment, so that it is shown
        assert 'role="alert"' in page.text
        assert (await site.get("/studio/models/one/drift")).status >= 400
        assert (await site.get("/studio/models/nobody/drift")).status == 404


@pytest.mark.parametrize("advice", ["nothing", "transform", "train"])
async def test_drift(tmp_path: Path, advice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint(tmp_path, "one", report(0.4))
    moved = {"type": HOSTILE, "property": HOSTILE, "psi": 0.5, "noise": 0.1, "sampled": 9}
    drift = {
        "advice": advice,
        "sentence": f"As it is. {HOSTILE}",
        "notes": [HOSTILE],
        "vertices": [{"name": HOSTILE, "then": None, "now": 3}],
        "edges": [{"name": "knows", "then": 1000, "now": 2000}],
        "unknown": {"User": 0.5},
        "properties": [moved | {"word": "large"}, moved | {"word": "none"}],
    }

    async def answer(self: Any, method: str, path: str, body: Any = None) -> dict[str, Any]:
        assert (method, path) == ("GET", "/ml/endpoints/one/drift")
        return {"drift": drift}

    monkeypatch.setattr("gremlink.proxy.studio.visit.Visit.api", answer)
    async with studio(tmp_path) as site:
        page = await site.get("/studio/models/one/drift")
        assert page.status == 200
        assert "<b onclick" not in page.text
        assert HOSTILE in page.seen
        assert "no more than chance" in page.seen
        assert ('href="/studio/train">Train again' in page.text) == (advice == "train")


async def test_a_hundred_models_are_quick(tmp_path: Path) -> None:
    for number in range(100):
        endpoint(tmp_path, f"model-{number}", report(0.3 + number / 1000))
    async with studio(tmp_path) as site:
        await site.get("/studio/models")
        begun = time.perf_counter()
        page = await site.get("/studio/models")
        assert time.perf_counter() - begun < 1.0
        assert len(re.findall('name="run"', page.text)) == 100
