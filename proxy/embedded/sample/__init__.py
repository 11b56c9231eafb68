"""The sample graph: 20 people and 25 friendships, as Neptune bulk-loader CSV and as RDF."""

from __future__ import annotations

from pathlib import Path

FRIENDS = Path(__file__).parent / "friends"
"""The directory that `gremlink load` and the quick start read."""

FRIENDS_RDF = Path(__file__).parent / "friends_rdf"
"""The same in Turtle, for the quick start with RDF."""
