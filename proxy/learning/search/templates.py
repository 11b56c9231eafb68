"""The configuration that processing writes: this project's defaults, in Neptune's tiers."""

from __future__ import annotations

from typing import Any

from gremlink.proxy.learning.methods import AUTO, KNOWLEDGE_NAMES, LIGHTGCN, NETWORK
from gremlink.proxy.learning.processing.processed import UnusableExport
from gremlink.proxy.learning.search.configuration import FILE, LINKS, TEMPLATES, document_of
from gremlink.proxy.learning.settings import TrainingSettings

TASKS = {
    "node_classification": "node_class",
    "node_regression": "node_regression",
    "edge_classification": "edge_class",
    "edge_regression": "edge_regression",
    "link_prediction": LINKS,
}
"""Neptune's names of the tasks in this file."""

DEFAULTS = TrainingSettings()
MODEL_TYPES = {"heterogeneous": NETWORK, "kge": "transe"}
"""Neptune's default model for each type of model."""

Entry = dict[str, Any]


def reports(task: str, metric: str, model_type: str | None = None) -> dict[str, Any]:
    """Return the files beside processed data, by name: the configuration, and one for each model.

    `task` is one of `TASKS`. Raises ValueError for an unknown model type, `UnusableExport` for one
    that cannot do the task.
    """
    if model_type is not None and model_type not in MODEL_TYPES:
        listed = ", ".join(MODEL_TYPES)
        raise ValueError(f"the model type {model_type!r} is unknown: choose one of {listed}")
    links = task == "link_prediction"
    if model_type == "kge" and not links:
        raise UnusableExport(f"the model type 'kge' predicts links, and the target asks for {task}")
    model = AUTO if model_type is None else MODEL_TYPES[model_type]
    names = (NETWORK, LIGHTGCN, *KNOWLEDGE_NAMES) if links else (NETWORK,)
    found = {FILE: template(model, task, metric)}
    return found | {f"{TEMPLATES}/{name}.json": template(name, task, metric) for name in names}


def template(model: str, task: str, metric: str) -> dict[str, Any]:
    """Return the configuration of one model; that of `auto` is for the graph neural network."""
    links = task == "link_prediction"
    first = [
        tunable("num-hidden", "int", DEFAULTS.width, [16, 128], "power2"),
        tunable("num-epochs", "int", DEFAULTS.epochs, [50, 300], "linear", 50),
        tunable("lr", "float", DEFAULTS.learning_rate, [0.001, 0.03], "log"),
    ]
    second: list[Entry] = []
    third: list[Entry] = []
    fixed: list[Entry] = [
        {"param": "enable-early-stop", "type": "bool", "default": DEFAULTS.early_stop}
    ]
    if model in KNOWLEDGE_NAMES:
        second.append(tunable("dropout", "float", DEFAULTS.dropout, [0.0, 0.5], "linear"))
        if model in ("distmult", "complex"):
            ends = [0.0001, 0.1]
            third.append(tunable("regularization-coef", "float", DEFAULTS.penalty, ends, "log"))
    elif model != LIGHTGCN:
        second.append(tunable("dropout", "float", DEFAULTS.dropout, [0.0, 0.5], "linear"))
        second.append({"param": "layer-norm", "type": "bool", "default": DEFAULTS.layer_norm})
        if links:
            share = DEFAULTS.hidden_share
            second.append(tunable("hidden-share", "float", share, [0.05, 0.5], "linear"))
        third += [
            tunable("num-layer", "int", DEFAULTS.layers, [1, 3], "linear"),
            tunable("num-bases", "int", DEFAULTS.bases, [2, 8], "linear", 2),
            {"param": "global-norm", "type": "bool", "default": DEFAULTS.global_norm},
        ]
        if links:
            third.append({"param": "concat-node-embed", "type": "bool"})
            hard = DEFAULTS.hard_negatives
            fixed.append({"param": "hard-negatives", "type": "float", "default": hard})
        if "class" in TASKS[task]:
            third.append({"param": "use-class-weight", "type": "bool", "default": False})
        fixed += [
            {"param": "use-self-loop", "type": "bool", "default": DEFAULTS.self_loop},
            {"param": "use-residual", "type": "bool", "default": DEFAULTS.residual},
            {"param": "jumping-knowledge", "type": "bool", "default": DEFAULTS.jumping_knowledge},
            {"param": "l2norm", "type": "float", "default": DEFAULTS.weight_decay},
        ]
    return document_of(model, TASKS[task], metric, (first, second, third), fixed)


def tunable(
    name: str,
    kind: str,
    default: float,
    ends: list[float],
    spacing: str,
    step: float | None = None,
) -> Entry:
    """Return an entry with a range."""
    entry = {
        "param": name,
        "type": kind,
        "range": ends,
        "inc_strategy": spacing,
        "default": default,
    }
    return entry if step is None else {**entry, "inc_val": step}
