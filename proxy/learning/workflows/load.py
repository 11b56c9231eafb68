"""A trained model of links or of a property, from its artifact and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremlink.proxy.learning.links.prediction import model as links
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.properties.prediction import artifact as properties
from gremlink.proxy.learning.properties.prediction.model import PropertyModel
from gremlink.proxy.store.artifacts import Artifact
from gremlink.proxy.store.reading import making

Model = LinkModel | PropertyModel


def model_in(artifact: Artifact, directory: Path) -> Model:
    """Return the model in an artifact that was read from `directory`. Raises `DamagedArtifact`."""
    with making("a model", directory):
        if artifact.manifest.get("task") == links.TASK:
            return links.from_artifact(artifact)
        return properties.from_artifact(artifact)


def artifact_of(model: Model, about: Mapping[str, Any]) -> Artifact:
    """Return the model as an artifact; `about` goes into the manifest."""
    if isinstance(model, LinkModel):
        return links.to_artifact(model, about)
    return properties.to_artifact(model, about)
