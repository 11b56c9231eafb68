"""`model-hpo-configuration.json`: the parameters of a search, as Neptune ML documents the file.

Written beside processed data, edited by people, read by training.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremlink.errors import Error
from gremlink.proxy.graph.files.lenient_json import boolean, numbers, with_numbers
from gremlink.proxy.graph.spelling import misspelt
from gremlink.proxy.learning.search.parameter import FAN_OUTS, Kind, Parameter, Spacing, Value

FILE = "model-hpo-configuration.json"
TEMPLATES = "hpo-configuration-templates"

TIERS = ("1-tier-param", "2-tier-param", "3-tier-param")
FIXED = "fixed-param"
ENTRY = ("model", "task_type", "eval_metric", "eval_frequency", *TIERS, FIXED)
PARAMETER = (
    *("param", "range", "options", "type", "inc_strategy", "inc_val", "default"),
    *("node_strategy", "edge_strategy"),
)
"""The keys of a model and of a parameter; the user guide has more, which change nothing here."""

KINDS: tuple[Kind, ...] = ("bool", "int", "float")
SPACINGS: tuple[Spacing, ...] = ("linear", "log", "power2")
LINKS = "link_predict"
TASK_TYPES = ("node_class", "node_regression", LINKS, "edge_class", "edge_regression")
_ALIASES = {"link_prediction": LINKS}
"""The documentation's name of a task, where files of Neptune's have another."""

METRICS = ("acc", "acc_topk", "F1", "mse", "mrr", "precision", "recall", "roc_auc")
FREQUENCIES = ("evaluate_every_epoch", "evaluate_every_batch", "evaluate_every_pct")
SCALES = {"perM": 1e6, "per10M": 1e7, "per100M": 1e8}
"""Vertices or edges up to which a range is not scaled; on larger graphs it grows with them."""

_NUMBERS = ("range", "default", "options", "inc_val")
"""Keys of a parameter whose numbers a file may have as text."""

SECOND_FROM, THIRD_ABOVE = 10, 50
"""Trials from which the second tier is searched, and above which the third is, too."""


class BadHpoConfiguration(Error, ValueError):
    """The file cannot be used; the message names it and the entry."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The metric of trials; `topk` belongs to `acc_topk`."""

    name: str
    topk: int = 1


@dataclass(frozen=True, slots=True)
class HpoConfiguration:
    """The file's only model. `metric` is `None` where the file leaves it to the task; `task` is one
    of `TASK_TYPES`, `None` where the file names none.

    `frequency` is that of validations: its type and value.
    """

    model: str
    task: str | None
    metric: Metric | None
    frequency: tuple[str, float]
    tiers: tuple[tuple[Parameter, ...], ...]
    fixed: tuple[Parameter, ...]

    def searched(self, trials: int) -> tuple[Parameter, ...]:
        """Return the parameters of tier 1, from 10 trials of tier 2, above 50 of tier 3, too."""
        count = 1 + (trials >= SECOND_FROM) + (trials > THIRD_ABOVE)
        return tuple(each for tier in self.tiers[:count] for each in tier if each.is_tunable)

    def defaults(self) -> dict[str, Value]:
        """Return the default of every parameter that has one, of all tiers and the fixed."""
        every = [*(each for tier in self.tiers for each in tier), *self.fixed]
        return {each.name: each.default for each in every if each.default is not None}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parameters."""
        return tuple(each.name for tier in (*self.tiers, self.fixed) for each in tier)


def read_configuration(path: Path, vertices: int = 0, edges: int = 0) -> HpoConfiguration:
    """Read the file, and scale its ranges by the size of the graph.

    Raises `BadHpoConfiguration`, OSError.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadHpoConfiguration(f"{path} is not JSON: {error}") from error
    try:
        return configuration_of(document, vertices, edges)
    except BadHpoConfiguration as error:
        raise BadHpoConfiguration(f"{path}: {error}") from error


def configuration_of(document: Any, vertices: int = 0, edges: int = 0) -> HpoConfiguration:
    """Return the configuration in a document. Raises `BadHpoConfiguration`."""
    models = document.get("models") if isinstance(document, dict) else None
    if not isinstance(models, list) or len(models) != 1 or not isinstance(models[0], dict):
        count = len(models) if isinstance(models, list) else "no"
        raise BadHpoConfiguration(f'"models" has {count} entries: it must have exactly one')
    (entry,) = models
    _spelt(entry, ENTRY, "the model")
    missing = [key for key in ("model", *TIERS, FIXED) if key not in entry]
    if missing:
        raise BadHpoConfiguration(f"the model has no {', '.join(map(repr, missing))}")
    for key in (*TIERS, FIXED):
        if not isinstance(entry[key], list):
            raise BadHpoConfiguration(f"{key!r} must be a list, which may be empty")
    sizes = {"node_strategy": vertices, "edge_strategy": edges}
    tiers = tuple(tuple(_parameter(each, sizes) for each in entry[key]) for key in TIERS)
    fixed = tuple(_parameter(each, sizes) for each in entry[FIXED])
    found = HpoConfiguration(
        str(entry["model"]), _task(entry), _metric(entry), _frequency(entry), tiers, fixed
    )
    twice = {name for name in found.names if found.names.count(name) > 1}
    if twice:
        raise BadHpoConfiguration(f"{', '.join(sorted(twice))} stands there more than once")
    return found


def _parameter(entry: Any, sizes: Mapping[str, int]) -> Parameter:
    if not isinstance(entry, dict) or not isinstance(entry.get("param"), str):
        raise BadHpoConfiguration(f'an entry without "param": {json.dumps(entry)}')
    name = entry["param"]
    _spelt(entry, PARAMETER, name)
    entry = with_numbers(entry, _NUMBERS)
    kind = entry.get("type")
    if kind not in KINDS:
        raise BadHpoConfiguration(f"{name} has type {kind!r}: use one of {', '.join(KINDS)}")
    spacing = entry.get("inc_strategy", "linear")
    if spacing not in SPACINGS:
        listed = ", ".join(SPACINGS)
        raise BadHpoConfiguration(f"{name} has inc_strategy {spacing!r}: use one of {listed}")
    low = high = None
    if "range" in entry:
        low, high = _range(name, entry["range"], spacing)
        if spacing == "power2" and math.ceil(math.log2(low)) > math.floor(math.log2(high)):
            raise BadHpoConfiguration(
                f"range of {name} is {entry['range']}: no power of 2 is in it"
            )
        for key, size in sizes.items():
            if key in entry:
                if entry[key] not in SCALES:
                    listed = ", ".join(SCALES)
                    raise BadHpoConfiguration(f"{name} has {key} {entry[key]!r}: use {listed}")
                high *= max(1.0, size / SCALES[entry[key]])
    options = entry.get("options", [])
    if not isinstance(options, list):
        raise BadHpoConfiguration(f"options of {name} must be a list")
    # Of lists (fan-outs) only a default counts: Optuna chooses among plain values.
    plain = [_value(name, kind, each) for each in options if not isinstance(each, list)]
    default = entry.get("default")
    step = _step(name, entry.get("inc_val"))
    if kind == "int" and step is not None and step != int(step):
        raise BadHpoConfiguration(f"inc_val of {name} is {step}: it must be a whole number")
    return Parameter(
        name,
        kind,
        _default(name, kind, default),
        low,
        high,
        tuple(plain),
        spacing,
        step,
    )


def _spelt(entry: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    wrong = misspelt(entry, known)
    if wrong is not None:
        raise BadHpoConfiguration(f"{where} has {wrong[0]!r}; did you mean {wrong[1]!r}?")


def _default(name: str, kind: Kind, found: Any) -> Value:
    if found is None:
        return None
    if not isinstance(found, list):
        return _value(name, kind, found)
    if name not in FAN_OUTS:
        return None
    counts = tuple(_value(name, kind, each) for each in found)
    if not counts or not all(isinstance(each, int) and each > 0 for each in counts):
        raise BadHpoConfiguration(f"{name} is {found}: it must be a list of positive counts")
    return tuple(int(each) for each in found)


def _range(name: str, found: Any, spacing: str) -> tuple[float, float]:
    is_pair = isinstance(found, list) and len(found) == 2
    if not is_pair or not all(_is_number(each) for each in found) or found[0] > found[1]:
        raise BadHpoConfiguration(f"range of {name} is {found}: it must be [lowest, highest]")
    if spacing != "linear" and found[0] <= 0:
        raise BadHpoConfiguration(f"range of {name} begins at {found[0]}: {spacing} needs more")
    return float(found[0]), float(found[1])


def _step(name: str, found: Any) -> float | None:
    if found is None:
        return None
    if not _is_number(found) or found <= 0:
        raise BadHpoConfiguration(f"inc_val of {name} is {found!r}: it must be a positive number")
    return float(found)


def _value(name: str, kind: Kind, found: Any) -> Value:
    if kind == "bool":
        if isinstance(boolean(found), bool):
            return bool(boolean(found))
        raise BadHpoConfiguration(f"{name} is {found!r}: it must be true or false")
    if not _is_number(found):
        raise BadHpoConfiguration(f"{name} is {found!r}: it must be a number")
    if kind == "int" and found != int(found):
        raise BadHpoConfiguration(f"{name} is {found!r}: it must be a whole number")
    return int(found) if kind == "int" else float(found)


def _is_number(found: Any) -> bool:
    return (
        isinstance(found, int | float)
        and not isinstance(found, bool)
        and abs(found) <= sys.float_info.max
    )


def _task(entry: Mapping[str, Any]) -> str | None:
    found = entry.get("task_type")
    task = _ALIASES.get(found, found) if isinstance(found, str) else found
    if task is not None and task not in TASK_TYPES:
        raise BadHpoConfiguration(f"task_type is {found!r}: use one of {', '.join(TASK_TYPES)}")
    return task


def _metric(entry: Mapping[str, Any]) -> Metric | None:
    found = entry.get("eval_metric")
    if found is None:
        return None
    name = found.get("metric") if isinstance(found, dict) else None
    if name not in METRICS:
        raise BadHpoConfiguration(f"eval_metric is {found}: use one of {', '.join(METRICS)}")
    topk: Any = numbers(found.get("topk", 1))
    if not _is_number(topk) or topk < 1:
        raise BadHpoConfiguration(f"topk of eval_metric is {topk!r}: it must be at least 1")
    return Metric(str(name), int(topk))


def _frequency(entry: Mapping[str, Any]) -> tuple[str, float]:
    found = entry.get("eval_frequency", {"type": FREQUENCIES[0], "value": 10})
    kind: Any = None
    value: Any = None
    if isinstance(found, dict):
        kind, value = found.get("type"), numbers(found.get("value"))
    if kind not in FREQUENCIES or not _is_number(value) or value <= 0:
        listed = ", ".join(FREQUENCIES)
        raise BadHpoConfiguration(f"eval_frequency is {found}: type is one of {listed}")
    return str(kind), float(value)


def document_of(
    model: str,
    task: str,
    metric: str,
    tiers: Sequence[Sequence[Mapping[str, Any]]],
    fixed: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Read the entry of one model."""
    entry = {
        "model": model,
        "task_type": task,
        "eval_metric": {"metric": metric},
        "eval_frequency": {"type": FREQUENCIES[0], "value": 10},
        **{key: list(tier) for key, tier in zip(TIERS, tiers, strict=True)},
        FIXED: list(fixed),
    }
    return {"models": [entry]}
