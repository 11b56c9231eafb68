"""The page Train in front of a real RDF store: its classes, properties and links as targets."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

from oxigraph_server import oxigraph_server
from studio import studio

from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.store.jobs import JobRecords

NAMES = "https://example.org/"


async def test_targets_of_an_rdf_store(tmp_path: Path) -> None:
    statements = "".join(
        f"<{NAMES}p{number}> a <{NAMES}Person> ; <{NAMES}team> 't{number % 3}' ;"
        f" <{NAMES}age> {20 + number} ; <{NAMES}knows> <{NAMES}p{(number + 3) % 30}> .\n"
        for number in range(30)
    )
    with oxigraph_server() as addresses:
        RdfStore(addresses).update(f"INSERT DATA {{ {statements} }}")
        sections = {"upstream": {"url": None}, "sparql": {"url": addresses.query}}
        async with studio(tmp_path, **sections) as site:
            page = await site.get("/studio/train")
            assert f"Properties of {NAMES}Person" in page.seen
            element = json.dumps(["rdf:", f"{NAMES}Person"])
            fields = {"element": element, "what": f"{NAMES}age"}
            page = await site.get(f"/studio/train?{urlencode(fields)}")
            assert "30 different values in the sample, 100 % have one" in page.seen
            assert 'value="regression" selected' in page.text
            fields["what"] = f"{NAMES}team"
            page = await site.get(f"/studio/train?{urlencode(fields)}")
            assert 'value="classification" selected' in page.text
            assert 'value="team"' in page.text
            fields = {"element": '["rdf:"]', "what": f"{NAMES}knows"}
            page = await site.get(f"/studio/train?{urlencode(fields)}")
            assert f"{NAMES}knows (30)" in page.seen
            sent = {**fields, "task": "", "endpoint": "knows"}
            page = await site.post("/studio/train", sent)
            assert page.status == 303, page.seen
            (job,) = JobRecords(tmp_path / "store").jobs("export")
            assert job.request["command"] == "export-rdf"
            id = page.headers["Location"].rpartition("/")[2]
            assert (await site.post(f"/studio/train/runs/{id}/cancel", {})).status == 303
