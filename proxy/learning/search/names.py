"""Neptune's parameters by their names here, and those without an effect here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gremlink.proxy.graph.spelling import misspelt
from gremlink.proxy.learning.search.configuration import BadHpoConfiguration, HpoConfiguration
from gremlink.proxy.learning.search.parameter import FAN_OUTS, Value
from gremlink.proxy.learning.settings import TrainingSettings

SETTINGS = {
    "num-hidden": "width",
    "num-epochs": "epochs",
    "lr": "learning_rate",
    "dropout": "dropout",
    "layer-norm": "layer_norm",
    "global-norm": "global_norm",
    "num-layer": "layers",
    "num-layers": "layers",
    "num-bases": "bases",
    "concat-node-embed": "embed_featured",
    "use-class-weight": "class_weights",
    "use-self-loop": "self_loop",
    "use-residual": "residual",
    "jumping-knowledge": "jumping_knowledge",
    "enable-early-stop": "early_stop",
    "window-for-early-stop": "patience",
    "l2norm": "weight_decay",
    "regularization-coef": "penalty",
    "hidden-share": "hidden_share",
    "hard-negatives": "hard_negatives",
    "batch-size": "batch_size",
    **dict.fromkeys(FAN_OUTS, "fan_outs"),
}
"""Fields of `TrainingSettings`; `hidden-share`, `hard-negatives`, `use-residual` and
`jumping-knowledge` are not Neptune's."""

WITHOUT_EFFECT = {
    "sparse-embedding": "embeddings are dense",
    "sparse-lr": "embeddings learn at the rate of the rest",
    "per-feat-name-embed": "features are projected side by side",
    "low-mem": "there is one way to compute",
    "use-edge-features": "edges' features are read for the edges that are asked about",
    "edge-num-hidden": "edges' features are read for the edges that are asked about",
    "num-negs": "all candidates are negatives, or as many as memory allows",
    "neg-share": "all candidates are negatives, or as many as memory allows",
    "gamma": "the loss has no margin",
    "rel-part": "relations are not distributed",
}
"""Parameters of a configuration that change nothing here, with the reason."""


def applied(settings: TrainingSettings, values: Mapping[str, Value]) -> TrainingSettings:
    """Return the settings with parameters in Neptune's names. Raises ValueError for bad values."""
    fields = {SETTINGS[name]: value for name, value in values.items() if name in SETTINGS}
    return replace(settings, **fields)  # type: ignore[arg-type]


def parameters_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in Neptune's names; without those that are left to the training."""
    names = {field: name for name, field in reversed(SETTINGS.items())}
    return {
        names[field]: value
        for field, value in settings.items()
        if field in names and value is not None
    }


def with_frequency(settings: TrainingSettings, configuration: HpoConfiguration) -> TrainingSettings:
    """Return the settings with the configuration's validations; an epoch is one batch."""
    kind, value = configuration.frequency
    every = value * settings.epochs if kind == "evaluate_every_pct" else value
    return replace(settings, evaluate_every=max(1, round(every)))


def warnings_of(configuration: HpoConfiguration) -> tuple[str, ...]:
    """Return warnings about parameters that change nothing, and about unknown ones.

    Raises `BadHpoConfiguration` for a misspelt one.
    """
    idle = [name for name in configuration.names if name in WITHOUT_EFFECT]
    known = SETTINGS.keys() | WITHOUT_EFFECT.keys()
    wrong = misspelt(configuration.names, known)
    if wrong is not None:
        raise BadHpoConfiguration(f"there is no parameter {wrong[0]!r}; did you mean {wrong[1]!r}?")
    unknown = [name for name in configuration.names if name not in known]
    warnings = []
    if idle:
        listed = ", ".join(f"{name} ({WITHOUT_EFFECT[name]})" for name in idle)
        warnings.append(f"parameters of the search that have no effect here: {listed}")
    if unknown:
        warnings.append(f"unknown parameters of the search: {', '.join(unknown)}")
    return tuple(warnings)
