"""Runs when `make packaged-notebooks` asks for it: trainings on whole data sets take a while."""

from __future__ import annotations

import os

from notebook_kernel import PYTHON

collect_ignore_glob = [] if PYTHON and os.environ.get("PACKAGED_NOTEBOOKS") else ["test_*"]
