"""Settings that methods choose once for the parts of a cross-validation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from teams import write_teams

from gremlink.proxy.learning.properties.dataset import load_property
from gremlink.proxy.learning.properties.methods.tables import Tables


def test_parts_share_a_choice_and_all_rows_choose_anew(tmp_path: Path) -> None:
    data = load_property(write_teams(tmp_path, of_people={"label": ["team", "classification"]}))
    tables = Tables(data, 0)
    assert not tables.has_chosen("own", np.arange(80))
    assert tables.has_chosen("own", np.arange(81))
    assert not tables.has_chosen("smoothed", np.arange(81))
    assert not tables.has_chosen("own", np.arange(100))
    assert tables.has_chosen("own", np.arange(100))
