"""Training whatever an export's configuration asks for: links, or a property."""

from __future__ import annotations

from pathlib import Path

from proxy.graph.export_files import CONFIGURATION
from proxy.learning.events import Progress
from proxy.learning.links import training
from proxy.learning.links.report import Report
from proxy.learning.processing.load import asks_for_property
from proxy.learning.properties.report import PropertyReport
from proxy.learning.properties.training import train_property
from proxy.learning.settings import AUTO, TrainingSettings


def train(
    export_directory: Path,
    artifact_directory: Path,
    *,
    model: str = AUTO,
    seed: int = 0,
    settings: TrainingSettings | None = None,
    configuration: str = CONFIGURATION,
    progress: Progress | None = None,
) -> Report | PropertyReport:
    """Train and write the artifact; without any target, links are learned, as in Neptune.

    `model` is one of `MODELS` for links, of `PROPERTY_MODELS` for a property. Raises what
    `training.train` and `train_property` do, and `UnusableExport` for several targets.
    """
    is_property = asks_for_property(export_directory, configuration)
    run = train_property if is_property else training.train
    return run(
        export_directory,
        artifact_directory,
        model=model,
        seed=seed,
        settings=settings,
        configuration=configuration,
        progress=progress,
    )
