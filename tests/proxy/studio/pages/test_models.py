"""The page of models: the list, one, several side by side, reports, endpoints made and deleted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from studio import Studio, studio

import gremlink
from gremlink.proxy.learning.comparison.held_out import FILE
from gremlink.proxy.learning.comparison.runs import compare
from gremlink.proxy.store.jobs import JobRecords, State
from gremlink.proxy.store.records import Store
from gremlink.proxy.studio.runs import Run, run_of, runs
from tests.support.communities import write_communities


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("model")
    write_communities(here / "export", only="knows")
    gremlink.train(here / "export", here / "artifact", model="adamic-adar", budget=1)
    return here / "artifact"


def endpoints(here: Path, artifact: Path, *names: str) -> Store:
    store = Store(here / "store")
    for name in names:
        store.create_endpoint(name, artifact)
    return store


def changed(artifact: Path, copy: Path, **report: object) -> Path:
    """A copy of a model whose report says something else, without results of single elements."""
    shutil.copytree(artifact, copy)
    (copy / FILE).unlink()
    document = json.loads((copy / "report.json").read_text())
    (copy / "report.json").write_text(json.dumps({**document, **report}))
    return copy


async def shown(site: Studio, path: str) -> str:
    page = await site.get(path)
    assert page.status == 200, page.seen
    return page.seen


async def test_the_list_and_one(artifact: Path, tmp_path: Path) -> None:
    endpoints(tmp_path, artifact, "one", "two")
    async with studio(tmp_path, lambda query: []) as site:
        seen = await shown(site, "/studio/models")
        assert "two" in seen
        assert "link prediction" in seen
        seen = await shown(site, "/studio/models/one")
        assert "adamic-adar" in seen
        assert "popularity" in seen
        assert (await site.get("/studio/models/endpoint:one")).status == 200
        assert (await site.get("/studio/models/three")).status == 404
        assert (await site.get("/studio/models/training:one")).status == 404


async def test_a_report_is_in_a_sandbox(artifact: Path, tmp_path: Path) -> None:
    endpoints(tmp_path, artifact, "one")
    async with studio(tmp_path, lambda query: []) as site:
        page = await site.get("/studio/models/one/report")
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("sandbox; default-src 'none'")
        assert "script" not in policy
        figures = await site.get("/studio/models/one/report.json")
        assert json.loads(figures.text)["model"] == "adamic-adar"


async def test_side_by_side(artifact: Path, tmp_path: Path) -> None:
    endpoints(tmp_path, artifact, "one", "two")
    async with studio(tmp_path, lambda query: []) as site:
        seen = await shown(site, "/studio/models/compare?run=endpoint:one&run=endpoint:two")
        assert "no clear difference" in seen
        assert "two: compared with one in pairs, on the same" in seen
        assert "cannot simply be compared" not in seen
        for query in ("run=endpoint:one", "run=endpoint:one&run=endpoint:one", ""):
            page = await site.get(f"/studio/models/compare?{query}")
            assert page.status == 400
            assert "two runs or more" in page.seen


def test_figures_that_cannot_be_compared_are_said_to_be_so(artifact: Path, tmp_path: Path) -> None:
    store = endpoints(tmp_path, artifact, "one")
    others = {
        "graph": {"graph": {"vertices": 1, "edges": 1}},
        "protocol": {"protocol": "another"},
        "seed": {"seed": 9},
    }
    for name, report in others.items():
        store.create_endpoint(name, changed(artifact, tmp_path / name, **report))
    first = run_of(store, "endpoint:one")
    assert first is not None
    for name in others:
        other = run_of(store, f"endpoint:{name}")
        assert other is not None
        (why,) = compare([first.described, other.described]).differences
        assert why.startswith(name)


def judged(first: Run, other: Run) -> str:
    """What the comparison says of the served method."""
    _, cells = compare([first.described, other.described]).methods[0]
    return cells[1].word


def test_a_difference_beyond_the_intervals_has_a_word(artifact: Path, tmp_path: Path) -> None:
    store = endpoints(tmp_path, artifact, "one")
    rows = json.loads((artifact / "report.json").read_text())["rows"]
    for row in rows:
        row["metrics"]["mrr"] += 1.0
        row["intervals"]["mrr"] = [1.2, 1.9]
    store.create_endpoint("two", changed(artifact, tmp_path / "two", rows=rows))
    one, two = run_of(store, "endpoint:one"), run_of(store, "endpoint:two")
    assert one is not None
    assert two is not None
    assert judged(one, two) == "better"
    assert judged(two, one) == "worse"


def trained(here: Path, artifact: Path, id: str) -> str:
    """A training of the management API that has ended with this model; return its key."""
    output = here / "store" / "files" / id / "output"
    shutil.copytree(artifact, output)
    records = JobRecords(here / "store")
    job = records.add("modeltraining", id, {}, outputs=[str(output)])
    records.end(job.number, State.COMPLETED, result={"task": "link_prediction"})
    return f"/studio/models/training:{id}"


async def test_a_run_makes_an_endpoint_and_replaces_the_model_of_another(
    artifact: Path, tmp_path: Path
) -> None:
    other = changed(artifact, tmp_path / "other")
    manifest = json.loads((other / "artifact.json").read_text())
    (other / "artifact.json").write_text(json.dumps(manifest | {"seed": 9}))
    store = endpoints(tmp_path, other, "old")
    run = trained(tmp_path, artifact, "fresh")
    async with studio(tmp_path, lambda query: []) as site:
        assert "Serve this model" in await shown(site, run)
        made = await site.post(run, {"action": "serve", "name": "new"})
        assert (made.status, made.headers["Location"]) == (
            303,
            "/studio/models/endpoint:new?made=yes",
        )
        assert "adamic-adar" in await shown(site, made.headers["Location"])
        assert store.endpoint("new") is not None

        taken = await site.post(run, {"action": "serve", "name": "old"})
        assert taken.status == 400
        assert "tick that its model is replaced" in taken.seen
        before = store.endpoint("old")
        replaced = await site.post(run, {"action": "serve", "name": "old", "replace": "yes"})
        assert replaced.status == 303
        await shown(site, replaced.headers["Location"])
        after, fresh = store.endpoint("old"), store.endpoint("new")
        assert before is not None
        assert after is not None
        assert fresh is not None
        assert after.checksum == fresh.checksum != before.checksum

        (tmp_path / "store" / "files" / "fresh" / "output" / "vertices.json").write_text("{}")
        damaged = await site.post(run, {"action": "serve", "name": "old", "replace": "yes"})
        told = await site.get(damaged.headers["Location"])
        assert told.status == 400
        assert "old did not get this model" in told.seen
        assert "checksum differs" in told.seen
        assert "adamic-adar" in await shown(site, "/studio/models/endpoint:old")


REFUSED = (
    ("training:fresh", {"action": "serve"}, "Write the name"),
    ("training:fresh", {"action": "serve", "name": "two words"}, "cannot be the name"),
    ("training:fresh", {"action": "serve", "name": "x" * 500}, "cannot be the name"),
    ("training:fresh", {"action": "delete", "confirm": "fresh"}, "to delete this endpoint"),
    ("training:fresh", {"action": "burn"}, "nothing to do"),
    ("endpoint:old", {"action": "serve", "name": "new"}, "served already"),
)


async def test_what_no_endpoint_is_made_of(artifact: Path, tmp_path: Path) -> None:
    store = endpoints(tmp_path, artifact, "old")
    trained(tmp_path, artifact, "fresh")
    async with studio(tmp_path, lambda query: []) as site:
        for key, fields, words in REFUSED:
            refused = await site.post(f"/studio/models/{key}", fields)
            assert (refused.status, words in refused.seen) == (400, True), refused.seen
        nobody = await site.post("/studio/models/training:nobody", {"action": "serve"})
        assert nobody.status == 404
        fields = {"action": "serve", "name": "new"}
        forged = await site.post("/studio/models/training:fresh", fields, token="none")
        assert (forged.status, "reload it" in forged.seen) == (400, True)
    assert [each.name for each in store.endpoints()] == ["old"]


async def test_an_endpoint_is_deleted_by_its_name(artifact: Path, tmp_path: Path) -> None:
    store = endpoints(tmp_path, artifact, "one")
    async with studio(tmp_path, lambda query: []) as site:
        fields = {"action": "delete", "confirm": "two"}
        refused = await site.post("/studio/models/endpoint:one", fields)
        assert refused.status == 400
        assert store.endpoint("one") is not None
        done = await site.post("/studio/models/endpoint:one", {**fields, "confirm": "one"})
        assert done.status == 303
        assert store.endpoint("one") is None


async def test_a_damaged_model_does_not_hide_the_others(artifact: Path, tmp_path: Path) -> None:
    store = endpoints(tmp_path, artifact, "one", "two")
    found = store.endpoint("two")
    assert found is not None
    (found.artifact / "artifact.json").write_text("{")
    async with studio(tmp_path, lambda query: []) as site:
        assert "one" in await shown(site, "/studio/models")
        assert "one" in await shown(site, "/")
        assert (await site.get("/studio/models/two")).status == 200
    assert len(runs(store)) == 2
