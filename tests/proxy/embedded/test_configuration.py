"""The files that the server reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gremlink.proxy.embedded.configuration import SETTINGS_FILE, write_configuration


def written(directory: Path, **changed: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"host": "::1", "port": 8183, "keep": True, "settings": {}}
    write_configuration(directory, **(arguments | changed))
    document: dict[str, Any] = json.loads((directory / SETTINGS_FILE).read_text())
    return document


def test_listens_where_asked(tmp_path: Path) -> None:
    settings = written(tmp_path)
    assert (settings["host"], settings["port"]) == ("::1", 8183)


def test_settings_replace(tmp_path: Path) -> None:
    settings = written(tmp_path, settings={"evaluationTimeout": 5, "gremlinPool": 2})
    assert settings["evaluationTimeout"] == 5
    assert settings["gremlinPool"] == 2
    assert settings["scriptEngines"].keys() == {"gremlin-lang", "gremlin-groovy"}


def test_graph_is_kept_only_if_asked(tmp_path: Path) -> None:
    properties = tmp_path / "conf" / "graph.properties"
    written(tmp_path, keep=True)
    assert "graphLocation" in properties.read_text()
    written(tmp_path, keep=False)
    assert "graphLocation" not in properties.read_text()
