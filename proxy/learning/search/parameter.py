"""One entry of a hyper-parameter configuration: its values, and the choice among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["bool", "int", "float"]
Spacing = Literal["linear", "log", "power2"]
FAN_OUTS = ("fanout", "fanouts")
"""Neptune's names of the one parameter whose values are lists."""

Value = bool | int | float | tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as Neptune names it.

    `low` and `high` are the ends of its range, both included, or `options` are all its values;
    with neither it has its `default`; `None` is the training's own. `step` is the distance of
    values in a linear range.
    """

    name: str
    kind: Kind
    default: Value = None
    low: float | None = None
    high: float | None = None
    options: tuple[Value, ...] = ()
    spacing: Spacing = "linear"
    step: float | None = None

    @property
    def is_tunable(self) -> bool:
        """True where there is a choice."""
        return self.low is not None or len(self.options) > 1 or self.kind == "bool"

    def suggested(self, trial: Any) -> Value:
        """Return the value that Optuna suggests for a `trial`."""
        if self.kind == "bool" and self.low is None and not self.options:
            return bool(trial.suggest_categorical(self.name, [False, True]))
        if self.low is None or self.high is None:
            chosen: Value = trial.suggest_categorical(self.name, list(self.options))
            return chosen
        if self.spacing == "power2":
            low, high = math.ceil(math.log2(self.low)), math.floor(math.log2(self.high))
            return int(2 ** trial.suggest_int(self.name, low, high))
        log = self.spacing == "log"
        low_end, high_end = self.low, self.high
        step = None if log else self.step
        if step is not None:
            # The last value that steps reach.
            high_end = low_end + math.floor((high_end - low_end) / step + 1e-9) * step
        if self.kind == "int":
            ends = round(low_end), round(high_end)
            return int(trial.suggest_int(self.name, *ends, step=round(step or 1), log=log))
        return float(trial.suggest_float(self.name, low_end, high_end, step=step, log=log))

    def enqueued(self, value: Value) -> Any:
        """Return Optuna's form of a value; `None` for one that it cannot choose."""
        if value is None or (self.low is None and self.options and value not in self.options):
            return None
        if self.low is None or self.high is None or isinstance(value, tuple):
            return value
        if not self.low <= float(value) <= self.high:
            return None
        if self.spacing == "power2":
            power = math.log2(float(value))
            return round(power) if power.is_integer() else None
        if self.spacing == "linear" and self.step is not None:
            steps = (float(value) - self.low) / self.step
            return value if abs(steps - round(steps)) < 1e-9 else None
        return value


def in_words(parameters: Sequence[tuple[str, Value]]) -> str:
    """Return values in words: `lr 0.0042, num-hidden 64`."""
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {str(value).lower()}"
        for name, value in parameters
    )
