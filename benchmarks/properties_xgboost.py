"""XGBoost on the features of the elements alone, fitted and judged on the rows of a training.

Not a method of the project: its wheel has 126 MiB, and scikit-learn's boosted trees are among the
project's methods. It is in the benchmark as the usual choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xgboost

from gremlink.proxy.learning.events import unheard
from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.properties.columns import Table
from gremlink.proxy.learning.properties.dataset import load_property
from gremlink.proxy.learning.properties.training.candidates import Candidates
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects
from gremlink.proxy.learning.workflows.train_properties import PropertyTask

NAME = "xgboost"


def xgboost_row(export: Path, seed: int) -> Mapping[str, float]:
    """Return its figures on the rows by which `train` with this seed judges its methods."""
    task = PropertyTask(load_property(export))
    experiment = task.experiment(AUTO, TrainingSettings(), seed, unheard)
    experiment.plan = replace(experiment.plan, names=(NAME,))
    experiment.candidates = OnlyXgboost(task.dataset, seed)
    return task.evaluate(experiment).metrics[NAME].compute()


class OnlyXgboost(Candidates):
    """One candidate."""

    def fit(self, name: str, rows: Indexes) -> Fitted:  # type: ignore[override]
        matrix = self.tables.own.rows(self.dataset.subjects.select(rows))
        form = self.dataset.target.form
        return Fitted(
            form, self.tables.own, fitted(form, matrix, self.dataset.truth[rows], self.seed)
        )


@dataclass
class Fitted:
    """Models, one for each output, or one for all."""

    form: Form
    table: Table
    models: list[xgboost.XGBModel]

    def outputs(self, subjects: Subjects) -> Outputs:
        matrix = self.table.rows(subjects)
        match self.form:
            case Form.NUMBER:
                return np.asarray(self.models[0].predict(matrix), np.float64)[:, None]
            case Form.ONE_CLASS:
                return np.asarray(self.models[0].predict_proba(matrix), np.float64)
        columns = [model.predict_proba(matrix)[:, 1] for model in self.models]
        return np.asarray(np.stack(columns, axis=1), np.float64)


def fitted(form: Form, matrix: Floats, truth: Floats, seed: int) -> list[xgboost.XGBModel]:
    """The library's defaults; a class for each output where an element may have several."""
    match form:
        case Form.NUMBER:
            return [xgboost.XGBRegressor(random_state=seed).fit(matrix, truth.ravel())]
        case Form.ONE_CLASS:
            return [xgboost.XGBClassifier(random_state=seed).fit(matrix, truth.argmax(axis=1))]
    return [
        xgboost.XGBClassifier(random_state=seed, base_score=0.5).fit(matrix, column.astype(int))
        for column in truth.T
    ]
