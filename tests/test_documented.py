"""Documents name what the code takes: options of queries, fields of requests."""

import re
from pathlib import Path

from pydantic import BaseModel

from gremlink.proxy.inference.analysis import options
from gremlink.proxy.management import requests
from gremlink.proxy.management.sagemaker import requests as sagemaker

DOCS = Path(__file__).parent.parent / "docs"


def rows(text: str) -> set[str]:
    """Names in code marks in the first columns of the tables."""
    lines = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for line in lines for name in re.findall(r"`([^`]+)`", line)}


def test_every_option_of_a_query_has_a_row() -> None:
    text = (DOCS / "queries.md").read_text(encoding="utf-8")
    found = {name for name in rows(text) if name.startswith(options.PREFIX)}
    missing = set(options.OPTIONS) - found
    assert not missing, f"docs/queries.md, the tables of options: no row for {sorted(missing)}"
    assert found == set(options.OPTIONS)
    for name in (*options.TASKS, *options.SCORE_KEYS):
        assert f'("{name}")' in text, f"docs/queries.md does not show {name}"


def test_the_options_are_all_keys_that_the_code_has() -> None:
    keys = {value for value in vars(options).values() if isinstance(value, str)}
    named = {key for key in keys if key.startswith(options.PREFIX)} - {options.PREFIX}
    assert named == {*options.OPTIONS, *options.TASKS, *options.SCORE_KEYS}


def test_every_field_of_a_request_is_documented() -> None:
    text = (DOCS / "management.md").read_text(encoding="utf-8")
    pipelines = text.split("\n## From the graph to an endpoint in one request\n")[1].split("\n## ")[
        0
    ]
    fields = text.split("\n## Fields\n")[1].split("\n## ")[0]
    table, _, ignored = fields.partition("These fields have no effect")
    documented = rows(table) | set(re.findall(r"`([^`]+)`", ignored))
    known = {
        field
        for module in (requests, sagemaker)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for field in model.model_fields
    }
    documented |= rows(pipelines.split("\n## ")[0]) & known
    missing, unknown = known - documented, documented - known
    assert not missing, f"docs/management.md, Fields: {sorted(missing)} is not there"
    assert not unknown, f"docs/management.md, Fields: {sorted(unknown)} does not exist"
