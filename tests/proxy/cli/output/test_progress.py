"""What a waiting person sees, and that nobody else sees anything."""

import io

import pytest
from rich.console import Console

from gremlink.proxy.cli.output import console, progress
from gremlink.proxy.learning.events import EpochDone, PhaseStarted

EPOCH = EpochDone("network", 5, 20, 0.25, 0.5, 12.4)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Standard error as a terminal that somebody watches."""
    written = io.StringIO()
    terminal = Console(file=written, force_terminal=True, width=120, color_system=None)
    monkeypatch.setattr(console, "is_interactive", lambda: True)
    monkeypatch.setattr(console, "errors", lambda: terminal)
    return written


def test_epoch_in_words() -> None:
    assert progress.figures(EPOCH) == "epoch 5 of 20  loss 0.2500  gain 0.5000  12 s left"


def test_epoch_before_the_first_validation() -> None:
    epoch = EpochDone("network", 1, 20, 0.25, None, 60)
    assert progress.figures(epoch) == "epoch 1 of 20  loss 0.2500  60 s left"


def test_training_shows_phase_and_figures(screen: io.StringIO) -> None:
    with progress.training_progress() as tell:
        tell(PhaseStarted("features"))
        tell(EPOCH)
    assert "network" in screen.getvalue()
    assert progress.figures(EPOCH) in screen.getvalue()


def test_graph_shows_counts(screen: io.StringIO) -> None:
    with progress.graph_progress() as tell:
        tell("vertices", 1000, None)
        tell("edges [x]", 1000, 2000)
    assert "edges [x]" in screen.getvalue()
    assert "1,000 of 2,000" in screen.getvalue()


def test_without_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with progress.training_progress() as tell:
        tell(EPOCH)
    with progress.graph_progress() as tell_graph:
        tell_graph("vertices", 1, 2)
    assert capfd.readouterr() == ("", "")
