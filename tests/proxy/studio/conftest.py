"""A model with embeddings that the tests of pages share."""

from __future__ import annotations

from pathlib import Path

import pytest

import gremlink
from tests.support.communities import write_communities


@pytest.fixture(scope="session")
def factorised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 24 people and 8 things by a factorisation."""
    here = tmp_path_factory.mktemp("factorised")
    write_communities(here / "export")
    gremlink.train(here / "export", here / "artifact", model="ials", budget=1)
    return here / "artifact"
