"""Two trained models beside each other, as the command and the library show them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gremlink.proxy.learning.comparison.runs import Comparison, compare
from gremlink.proxy.learning.described import describe_artifact
from gremlink.proxy.store.artifacts import MANIFEST, ArtifactError


class NotComparable(ArtifactError):
    """A model has nothing that could be compared."""


class UnknownMetric(ArtifactError):
    """A metric that the models do not have."""

    def __init__(self, path: Path, metric: str, known: Sequence[str]) -> None:
        super().__init__(path, f"there is no metric {metric!r}: choose one of {', '.join(known)}")


def compare_artifacts(
    first: tuple[str, Path], other: tuple[str, Path], metric: str = ""
) -> Comparison:
    """Compare two models, each a name and an artifact; the first one is the one to beat.

    Without a metric it is the first one's headline. Raises `NotComparable`, `UnknownMetric`.
    """
    found = [describe_artifact(*each) for each in (first, other)]
    for run in found:
        if not (run.artifact / MANIFEST).is_file():
            raise NotComparable(run.artifact, f"is no artifact: there is no {MANIFEST} in it")
        if run.problem:
            raise NotComparable(run.artifact, run.problem)
        if not run.rows:
            raise NotComparable(
                run.artifact, "has no report of a training, so it has no figures: a transform, e.g."
            )
    comparison = compare(found, metric)
    if metric and metric != comparison.metric:
        raise UnknownMetric(found[0].artifact, metric, comparison.metrics)
    return comparison
