"""Databases beside TinkerGraph; `make databases` runs this. Without GREMLINK_DATABASES nothing is
collected here: each is a download of its own."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("GREMLINK_DATABASES") else ["test_*"]
