"""Settings of a graph neural network's training."""

from __future__ import annotations

from dataclasses import dataclass, field

from gremlink.proxy.learning.models.gnn.mini_batches import Sampling
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings
from gremlink.proxy.learning.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Settings of one training of the network."""

    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    epochs: int = 200
    learning_rate: float = 0.01
    weight_decay: float = 1e-4
    hidden_share: float = 0.2
    hard_negatives: float = 0.0
    class_weights: bool = False
    sampling: Sampling = field(default_factory=Sampling)


def fit_settings(settings: TrainingSettings, epochs: int | None = None) -> FitSettings:
    """Return the graph neural network's part of the settings."""
    return FitSettings(
        EncoderSettings(
            settings.width,
            settings.layers,
            settings.dropout,
            bases=settings.bases,
            self_loop=settings.self_loop,
            layer_norm=settings.layer_norm,
            global_norm=settings.global_norm,
            residual=settings.residual,
            jumping_knowledge=settings.jumping_knowledge,
            embed_featured=settings.embed_featured is not False,
        ),
        epochs=epochs or settings.epochs,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        hidden_share=settings.hidden_share,
        hard_negatives=settings.hard_negatives,
        class_weights=settings.class_weights,
        sampling=Sampling.of(settings),
    )
