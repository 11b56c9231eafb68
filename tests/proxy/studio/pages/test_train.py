"""The page Train: the form, what is wrong with it, and the state of a training."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from studio import Studio, studio

from gremlink.proxy.store.jobs import FIGURES, JobRecords, State
from gremlink.proxy.studio import schema as schemas
from gremlink.proxy.studio.errors import DatabaseGone
from gremlink.proxy.studio.training import samples

HOSTILE = '<img src=x onerror=alert(1)> & "it\'s" 🙂' + "x" * 400
PATH = {"element": json.dumps(["User", "FRIEND", "User"])}


def answers(query: str) -> list[Any]:
    if "groupCount" in query and query.startswith("g.E()"):
        ends = {"source": "User", "label": "FRIEND", "target": "User"}
        return [{"key": ends, "count": 25}, {"key": {**ends, "label": HOSTILE}, "count": 1}]
    if "groupCount" in query:
        return [{"key": "User", "count": 20}, {"key": HOSTILE, "count": 2}]
    if query.startswith("g.E()"):
        row = {"i": "e", "l": "FRIEND", "from": "a", "to": "b", "fl": "User", "tl": "User"}
        return [{**row, "p": {"weight": number}} for number in range(5)]
    label = "User" if "hasLabel('User')" in query else HOSTILE
    return [
        {"i": f"u{number}", "l": label, "p": {"group": [f"g{number % 2}"], HOSTILE: [HOSTILE]}}
        for number in range(20)
    ]


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    schemas._known.clear()
    samples._known.clear()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a database that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ws://127.0.0.1:{server.getsockname()[1]}/gremlin"


async def form(site: Studio, **fields: str) -> Any:
    from urllib.parse import urlencode

    return await site.get(f"/studio/train?{urlencode({**PATH, **fields})}")


async def test_the_form_shows_targets_features_and_names_what_suits(tmp_path: Path) -> None:
    async with studio(tmp_path, answers) as site:
        page = await site.get("/studio/train?read=yes")
        assert "FRIEND: User → User (25)" in page.seen
        assert "What is it learned from?" not in page.seen
        page = await form(site)
        assert "category 2 columns 2 different values in 20" in page.seen
        assert 'value="friend"' in page.text
        assert all(".limit(400)" in each or "groupCount" in each for each in site.asked)
        page = await form(site, element=json.dumps(["User"]), what="group")
        assert "As classes numbers 2 different values in the sample" in page.seen
        assert 'value="user-group"' in page.text
        assert "majority" in page.seen


async def test_texts_of_the_graph_are_texts(tmp_path: Path) -> None:
    async with studio(tmp_path, answers) as site:
        page = await form(site)
        assert "<img src=x" not in page.text
        page = await form(site, element=json.dumps([HOSTILE]))
        assert "<img src=x" not in page.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"element": "x"}, "from the list"),
        ({"element": '["Nobody"]'}, "no vertex with the label Nobody"),
        ({"element": '["User", "KNOWS", "User"]'}, "no edge (User)-KNOWS->(User)"),
        ({"element": '["User"]', "what": "age"}, "No sampled element has the property age"),
        ({"element": '["rdf:", "x"]'}, "no RDF store"),
    ],
)
async def test_a_wrong_address_says_so(tmp_path: Path, fields: dict[str, str], words: str) -> None:
    async with studio(tmp_path, answers) as site:
        page = await form(site, **fields)
        assert page.status == 200
        assert words in page.seen


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"endpoint": ""}, "endpoint", "needs a name"),
        ({"endpoint": "my model"}, "endpoint", "no blanks"),
        ({"endpoint": "-x"}, "endpoint", "begin with a letter or a digit"),
        ({"endpoint": "x" * 64}, "endpoint", "up to 63 letters"),
        ({"endpoint": "none", "update": "yes"}, "endpoint", "no endpoint none to update"),
        ({"budget": "long"}, "budget", "has to be a number"),
        ({"budget": "nan"}, "budget", "has to be from 1"),
        ({"budget": "0"}, "budget", "has to be from 1"),
        ({"deadline": "-1"}, "deadline", "has to be from 1"),
        ({"memory": "1.5"}, "memory", "whole number"),
        ({"seed": "-1"}, "seed", "from 0 to 2,147,483,647"),
        ({"trials": "1001"}, "trials", "from 1 to 1,000"),
        ({"parallel": "0"}, "parallel", "from 1 to 64"),
        ({"processing_limit": "x"}, "processing_limit", "whole number"),
        ({"training_limit": "x"}, "training_limit", "whole number"),
        ({"model": "linear"}, "model", "there are auto"),
        ({"output": "/etc"}, "output", "/etc"),
        ({"feature": "{"}, "features", "none of the list"),
        ({"element": "["}, "element", "from the list"),
    ],
)
async def test_wrong_input_has_one_sentence_at_its_field(
    tmp_path: Path, silent: str, fields: dict[str, str], name: str, words: str
) -> None:
    async with studio(tmp_path, answers, upstream={"url": silent}) as site:
        sent = {**PATH, "what": "", "task": "", "endpoint": "friends", **fields}
        page = await site.post("/studio/train", sent)
        assert page.status == 400
        (at,) = page.text.split(f'id="{name}-wrong"')[1:]
        assert words in at.split("</small>")[0].replace("&#39;", "'")
        assert JobRecords(tmp_path / "store").jobs() == []
        if name in sent and name != "element" and sent[name].isprintable() and sent[name]:
            assert f'value="{sent[name]}"' in page.text or name == "model"


async def started(site: Studio, endpoint: str = "friends", **fields: str) -> str:
    sent = {**PATH, "what": "", "task": "", "endpoint": endpoint, **fields}
    page = await site.post("/studio/train", sent)
    assert page.status == 303, page.seen
    return str(page.headers["Location"])


async def test_a_training_is_followed_cancelled_and_deleted(tmp_path: Path, silent: str) -> None:
    async with studio(tmp_path, answers, upstream={"url": silent}) as site:
        entry = {"node": "User", "property": "group", "type": "none"}
        place = await started(site, budget="60", seed="7", feature=json.dumps(entry))
        other = await started(site, "others")
        page = await site.get("/studio/train?read=yes")
        assert "friends" in page.seen
        assert "others" in page.seen
        id = place.rpartition("/")[2]
        records = JobRecords(tmp_path / "store")
        job = records.job("modeltraining", id)
        assert job is not None
        description = json.loads((job.directory / "job.json").read_text())
        assert (description["budget"], description["seed"]) == (60.0, 7)
        exported = records.job("export", id)
        assert exported is not None
        learning = exported.request["additionalParams"]["neptune_ml"]
        assert learning["features"] == [entry]
        lines: list[dict[str, Any]] = [
            {"time": 1.0, "phase": "rgcn"},
            {"curve": "rgcn", "epoch": 1, "loss": 0.5, "metric": "gain", "value": 0.25},
            {"method": "<b>katz</b>", "metric": "mrr", "value": 0.5},
            {"time": 2.0, "share": 0.25, "left": 90.0},
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (job.directory / FIGURES).write_text(text, encoding="utf-8")
        page = await site.get(place)
        assert "25 %, about 1 min 30 s left" in page.seen
        assert "<b>katz" not in page.text
        assert "0.5000" in page.seen
        assert 'hx-trigger="every 1s"' in page.text
        # Another browser sees the same.
        assert "25 %, about 1 min 30 s left" in (await site.fragment(f"{place}/live")).seen
        assert (await site.post(f"{place}/cancel", {})).status == 303
        while records.job("export", id).is_open:  # type: ignore[union-attr]
            await _soon()
        page = await site.get(place)
        assert "It was cancelled" in page.seen
        assert "hx-trigger" not in page.text.split('id="live"')[1].split(">")[0]
        assert (await site.post(f"{place}/delete", {})).status == 303
        assert (await site.get(place)).status == 404
        assert (await site.get(other)).status == 200


async def _soon() -> None:
    import asyncio

    await asyncio.sleep(0.05)


async def test_a_failure_says_why_and_what_to_do(tmp_path: Path) -> None:
    async with studio(tmp_path, answers) as site:
        place = await started(site)
        records = JobRecords(tmp_path / "store")
        while records.open():
            await _soon()
        page = await site.get(place)
        assert "Export has failed" in page.seen
        assert "What to do: Start the database" in page.seen
        assert "hx-trigger" not in page.text.split('id="live"')[1].split(">")[0]
        again = page.text.split('<a class="button quiet" href="')[1].split('"')[0]
        page = await site.get(again.replace("&amp;", "&"))
        assert 'value="friends"' in page.text


async def test_without_the_database_the_trainings_are_shown(tmp_path: Path) -> None:
    def gone(query: str) -> list[Any]:
        raise DatabaseGone("The connection to the database failed.")

    async with studio(tmp_path, gone) as site:
        page = await form(site)
        assert page.status == 200
        assert "The graph cannot be read" in page.seen
        assert "No training was started here yet" in page.seen


async def test_jobs_are_listed_and_shown_and_end(tmp_path: Path, silent: str) -> None:
    async with studio(tmp_path, answers, upstream={"url": silent}) as site:
        records = JobRecords(tmp_path / "store")
        place = await started(site)
        done = records.add("dataprocessing", "done one", {}, outputs=["s3://b/x"])
        records.end(done.number, State.FAILED, reason="the export has no <files>")
        page = await site.get("/studio/jobs")
        for words in ("Export", "Data processing", "Training", "Endpoint", "no <files>"):
            assert words in page.seen
        assert "Training" not in (await site.get("/studio/jobs?kind=export")).seen.split("State")[1]
        assert (await site.get("/studio/jobs?kind=x")).status == 400
        page = await site.get("/studio/jobs/dataprocessing/done%20one")
        assert "Why it has failed the export has no <files>" in page.seen
        assert "s3://b/x" in page.seen
        deleted = await site.post("/studio/jobs/dataprocessing/done%20one/delete", {})
        assert deleted.status == 303
        assert (await site.get("/studio/jobs/dataprocessing/done%20one")).status == 404
        id = place.rpartition("/")[2]
        assert (await site.post(f"/studio/jobs/export/{id}/cancel", {})).status == 303
        while records.job("export", id).is_open:  # type: ignore[union-attr]
            await _soon()
        assert "was stopped" in (await site.get(f"/studio/jobs/export/{id}")).seen
        assert (await site.get("/studio/jobs/export/none")).status == 404


async def test_the_page_is_there_before_the_graph_is_counted(tmp_path: Path) -> None:
    async with studio(tmp_path, answers) as site:
        page = await site.get("/studio/train")
        assert "Counting the graph" in page.seen
        assert site.asked == []
        await site.get("/studio/train?read=yes")
        assert "FRIEND: User → User (25)" in (await site.get("/studio/train")).seen
