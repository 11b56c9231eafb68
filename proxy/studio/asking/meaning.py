"""The meaning of a model's scores, by what its report has measured."""

from __future__ import annotations

from gremlink.proxy.studio.endpoints import Described


def calibration_of(model: Described) -> str:
    """Return a sentence about what a score of the model means."""
    points = model.report.get("reliability") or []
    if model.task.endswith("regression"):
        return "A number has no score; the model's report says how far such numbers are off."
    if not model.is_link_model:
        return "A score is the model's estimate of the probability of this value."
    if not points:
        return "A score is the model's estimate of the probability that the link is there."
    weights = [float(each.get("mass", 1.0)) for each in points]
    error = sum(
        weight * abs(float(each["score"]) - float(each["share"]))
        for weight, each in zip(weights, points, strict=True)
    ) / max(sum(weights), 1e-9)
    return (
        "A score is an estimate of the probability that the link is there. On held-out links scores"
        f" were off by {100 * error:.0f} of 100 on average."
    )


def measured_of(model: Described) -> list[tuple[float, float]]:
    """Return scores, and the share of pairs with about this score that were links, by score."""
    points = (model.report.get("reliability") or []) if model.is_link_model else []
    found = [(each.get("score"), each.get("share")) for each in points]
    return sorted((float(a), float(b)) for a, b in found if a is not None and b is not None)
