"""What `import gremlink` offers, and what it loads: pinned, so that changes are meant."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gremlink

FACE = [
    "AllPredictions",
    "FRIENDS",
    "Comparison",
    "Edge",
    "Embeddings",
    "Error",
    "Explanation",
    "Kind",
    "LinkModel",
    "Literal",
    "NotInstalled",
    "PredictedLink",
    "PredictedProperty",
    "ProcessReport",
    "PropertyExplanation",
    "PropertyModel",
    "Segments",
    "Sparql",
    "Table",
    "TrainReport",
    "Upstream",
    "WrongArgument",
    "__version__",
    "compare",
    "export",
    "export_rdf",
    "grammar",
    "gremlin_server",
    "load",
    "load_csv",
    "load_rdf",
    "process",
    "remove_predictions",
    "serve",
    "sparql_server",
    "train",
]


def test_what_is_exported_is_pinned() -> None:
    assert gremlink.__all__ == FACE
    assert set(FACE) <= set(dir(gremlink))


def test_every_name_is_there_and_documented() -> None:
    for name in FACE:
        found = getattr(gremlink, name)
        if callable(found):
            assert found.__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        gremlink.predict  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_know_the_names_and_no_others() -> None:
    tree = ast.parse(Path(gremlink.__file__).read_text(encoding="utf-8"))
    assert "__getattr__" not in {getattr(node, "name", "") for node in tree.body}
    typed = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.asname or alias.name
        for node in typed.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported | {"__version__"} == set(FACE)


def loaded_by(program: str) -> set[str]:
    """Top-level modules beyond the standard library, and all of gremlink, that a program loads."""
    code = f"import sys; before = set(sys.modules); {program}; print(*(set(sys.modules) - before))"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    names = set(ended.stdout.split())
    known = sys.stdlib_module_names
    return {
        name if name.startswith("gremlink") else top
        for name in names
        if (top := name.partition(".")[0]) not in known and not top.startswith("__")
    }


def test_importing_it_loads_nothing() -> None:
    assert loaded_by("import gremlink") == {"gremlink"}


def test_errors_and_the_version_load_little() -> None:
    assert loaded_by("import gremlink; gremlink.Error, gremlink.__version__") == {
        "gremlink",
        "gremlink.errors",
    }


def test_loading_a_model_needs_no_torch() -> None:
    found = loaded_by("import gremlink; gremlink.load, gremlink.serve, gremlink.train")
    assert not found & {"torch", "dgl", "sklearn", "optuna", "click"}


def test_python_m_is_the_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gremlink", "--version"], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip().endswith(gremlink.__version__)
