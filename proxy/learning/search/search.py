"""The search: Optuna proposes settings, trials train with them, weak ones are stopped early.

Trials run in rounds of as many as run at a time. A round's proposals and its pruning depend on
earlier rounds only, so the result of a seed does not depend on which trial ends first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from gremlink.errors import Error
from gremlink.proxy.learning.events import PhaseStarted, Progress
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.search.parameter import Parameter, Value, in_words
from gremlink.proxy.learning.timeline import is_over
from gremlink.proxy.messages.system_errors import reason_of

Tell = Callable[[float], None]
"""Takes the best value so far, larger is better; raises `Pruned` where that is not enough."""


class Reached(NamedTuple):
    """The end of a trial: the best `value`, and that on each group of the held-out data (see
    `groups_of`), for a significance test."""

    value: float
    groups: tuple[float, ...] = ()


Objective = Callable[[Mapping[str, Value], Tell], Reached]
"""Trains with parameters, reports each validation, and returns the end."""

State = Literal["complete", "pruned", "failed"]

WARM_UP = 2
"""First values of a trial, which are never compared."""

GROUPS = 10
LEAST_IN_GROUP = 5

LUCK = 2.0
"""Standard errors by which a trial has to be ahead of the first, that of the defaults: by luck
alone the best of a dozen is ahead by one and a half."""

LEAST_KNOWN = 3
"""Complete trials before one is stopped for being worse than their median."""


@dataclass(frozen=True, slots=True)
class Job:
    """A trial to run."""

    number: int
    parameters: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial that is over. `value` is the best one, `None` where it failed; `groups` are as in
    `Reached`; `seconds` it took; `reason` is the reason of a failure."""

    number: int
    parameters: Mapping[str, Value]
    value: float | None
    state: State
    seconds: float
    reason: str = ""
    groups: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The trials in their order, and the chosen one's parameters."""

    best: Mapping[str, Value]
    trials: tuple[TrialRow, ...]


Keep = Callable[[int, int, float], bool]
"""Takes a trial's number, the number of its validation and the value; False stops the trial."""


class Runner(Protocol):
    """A way to run trials: one after the other, or several at a time."""

    def run(self, jobs: Sequence[Job], keep: Keep) -> list[TrialRow]:
        """Run jobs; return the rows in their order."""
        ...


class Pruned(Exception):
    """The trial is worse than others and ends early."""


class SearchFailed(Error):
    """No trial came to an end; the message is the first one's reason."""


def run_trial(objective: Objective, job: Job, keep: Keep) -> TrialRow:
    """Run a trial in this process."""
    begun = time.perf_counter()
    reached: list[float] = []
    state: State = "complete"
    reason = ""
    groups: tuple[float, ...] = ()

    def tell(value: float) -> None:
        if not math.isfinite(value):
            raise ArithmeticError("what it is judged by is no number")
        reached.append(value)
        if not keep(job.number, len(reached) - 1, value):
            raise Pruned

    try:
        end = objective(job.parameters, tell)
        if not math.isfinite(end.value):
            raise ArithmeticError("what it is judged by is no number")
        reached.append(end.value)
        groups = tuple(end.groups)
    except Pruned:
        state = "pruned"
    except (ArithmeticError, RuntimeError, ValueError) as error:
        # A size that does not fit, a loss that is no number: other settings may do.
        state, reason = "failed", f"{type(error).__name__}: {reason_of(error)}"
    last = reached[-1] if reached and state != "failed" else None
    seconds = round(time.perf_counter() - begun, 2)
    return TrialRow(job.number, job.parameters, last, state, seconds, reason, groups)


def groups_of(count: int) -> list[Indexes]:
    """Return rows or queries in groups of equal size; none if there are too few."""
    if count < GROUPS * LEAST_IN_GROUP:
        return []
    return [np.arange(first, count, GROUPS) for first in range(GROUPS)]


@dataclass(frozen=True, slots=True)
class Here:
    """The runner of one trial after the other, in this process."""

    objective: Objective

    def run(self, jobs: Sequence[Job], keep: Keep) -> list[TrialRow]:
        """See `Runner.run`."""
        return [run_trial(self.objective, job, keep) for job in jobs]


def search(
    parameters: Sequence[Parameter],
    defaults: Mapping[str, Value],
    *,
    trials: int,
    parallel: int,
    seed: int,
    runner: Runner,
    progress: Progress,
    what: str,
) -> Found:
    """Try `trials` settings of the parameters, first the defaults where they are in the ranges.

    `what` is the name in progress.

    Proposals are those of the tree-structured Parzen estimator (Bergstra, Bardenet, Bengio & Kégl,
    NIPS 2011), after some random ones; a trial is stopped where its best value is below the
    median of others at the same point. A trial that is better than the first by no more than luck
    explains is not chosen. Raises `SearchFailed`.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    random_ones = max(2, min(10, trials // 3))
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=random_ones),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=LEAST_KNOWN, n_warmup_steps=WARM_UP),
    )
    known = {each.name: each.enqueued(defaults.get(each.name)) for each in parameters}
    study.enqueue_trial({name: value for name, value in known.items() if value is not None})
    rows: list[TrialRow] = []
    while len(rows) < trials and not (rows and is_over(progress)):
        asked = [study.ask() for _ in range(min(parallel, trials - len(rows)))]
        jobs = [_job(trial, len(rows) + place, parameters) for place, trial in enumerate(asked)]
        numbers = ", ".join(str(job.number + 1) for job in jobs)
        progress(PhaseStarted(f"{what}, trial {numbers} of {trials}{_best(rows)}"))
        by_number = {job.number: trial for job, trial in zip(jobs, asked, strict=True)}
        for trial, row in zip(asked, runner.run(jobs, _keeper(by_number)), strict=True):
            _tell(study, trial, row)
            rows.append(row)
    done = [row for row in rows if row.state == "complete" and row.value is not None]
    if not done:
        reasons = [row.reason for row in rows if row.reason]
        raise SearchFailed(f"no trial of {what} came to an end: {reasons[0] if reasons else ''}")
    # The first of equals: where nothing is better, the defaults stay.
    best = max(done, key=lambda row: (row.value or 0.0, -row.number))
    if done[0].number == 0 and not _is_ahead(best, done[0]):
        best = done[0]
    return Found(best.parameters, tuple(rows))


def _is_ahead(best: TrialRow, first: TrialRow) -> bool:
    """Return whether the difference is significant, by the groups that both have."""
    if not best.groups or len(best.groups) != len(first.groups):
        return True
    ahead = np.subtract(best.groups, first.groups)
    error = float(ahead.std(ddof=1)) / math.sqrt(len(ahead))
    return float(ahead.mean()) > LUCK * error


def _job(trial: Any, number: int, parameters: Sequence[Parameter]) -> Job:
    return Job(number, {each.name: each.suggested(trial) for each in parameters})


def _keeper(trials: Mapping[int, Any]) -> Keep:
    def keep(number: int, step: int, value: float) -> bool:
        trials[number].report(value, step)
        return not trials[number].should_prune()

    return keep


def _tell(study: Any, trial: Any, row: TrialRow) -> None:
    from optuna.trial import TrialState

    match row.state:
        case "complete":
            study.tell(trial, row.value)
        case "pruned":
            study.tell(trial, state=TrialState.PRUNED)
        case "failed":
            study.tell(trial, state=TrialState.FAIL)


def _best(rows: Sequence[TrialRow]) -> str:
    done = [row for row in rows if row.value is not None]
    if not done:
        return ""
    best = max(done, key=lambda row: row.value or 0.0)
    return f" (best so far: {in_words(list(best.parameters.items()))})"
