"""One endpoint for the tests of servers that are not the session's."""

from __future__ import annotations

from pathlib import Path

import pytest
from served import export_friends

from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store


@pytest.fixture(scope="session")
def friends_store(gremlin_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the endpoint `friends`, quickly trained on the sample."""
    directory = tmp_path_factory.mktemp("friends")
    export_friends(gremlin_server.url, directory / "export")
    settings = TrainingSettings(epochs=2, networks=1, folds=2)
    train(directory / "export", directory / "artifact", settings=settings)
    Store(directory / "store").create_endpoint("friends", directory / "artifact")
    return directory / "store"
