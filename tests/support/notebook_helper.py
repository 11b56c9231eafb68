"""The stand-in for the helper of AWS's sample notebooks, as a notebook imports it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

HELPER = Path(__file__).parents[2] / "docs" / "examples" / "neptune_ml_utils.py"
SPARQL_HELPER = HELPER.with_name("neptune_ml_sparql_utils.py")


def imported(file: Path = HELPER) -> Any:
    """A helper anew; modules beside it are found, as by a notebook."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(file.parent))
        spec.loader.exec_module(module)
    return module


def configure(home: Path, address: str = "http://localhost:1", **more: Any) -> None:
    """Tell it where the proxy is; `home` is to be the value of HOME."""
    host, port = address.removeprefix("http://").split(":")
    configuration = {"host": host, "port": int(port), "ssl": False, **more}
    (home / "graph_notebook_config.json").write_text(json.dumps(configuration))
