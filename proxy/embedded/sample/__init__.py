"""The sample graph: 20 people and 25 friendships, as Neptune bulk-loader CSV."""

from __future__ import annotations

from pathlib import Path

FRIENDS = Path(__file__).parent / "friends"
"""The directory that `gremlink load` and the quick start read."""
