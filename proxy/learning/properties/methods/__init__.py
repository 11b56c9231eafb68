"""Methods for a property, beside the network, each with its cost and what an artifact keeps.

`gremlink.proxy.learning.methods` names them and their classes.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gremlink.proxy.learning.methods import PROPERTY_METHODS
from gremlink.proxy.learning.properties.methods.method import PropertyMethod, StoredModel


def _class(place: str) -> Any:
    """Load a class of this package."""
    module, _, name = place.rpartition(".")
    return getattr(import_module(f"{__name__}.{module}"), name)


METHODS: dict[str, type[PropertyMethod]] = {
    name: _class(place) for name, place in PROPERTY_METHODS.items()
}
"""Methods by name, in the order of reports."""

STORED: dict[str, type[StoredModel]] = {
    kind: model for method in METHODS.values() for model in method.models for kind in model.kinds
}
"""Classes of fitted methods, by the name that artifacts use."""
