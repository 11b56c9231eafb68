"""Trained networks as one method for a property."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gremlink.proxy.learning.properties.context import Context
from gremlink.proxy.learning.properties.methods.method import BaseModel
from gremlink.proxy.learning.trained.encoder import Encoder
from gremlink.proxy.learning.trained.head import Head
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects


@dataclass(frozen=True)
class Networks(BaseModel):
    """The mean of several networks' confidences or numbers; `encoders` made the heads' states."""

    form: Form
    heads: tuple[Head, ...]
    encoders: tuple[Encoder, ...] = ()

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return max(1, len(self.encoders[0].layers))

    def on(self, context: Context) -> Networks:
        """See `BaseModel.on`."""
        pairs = zip(self.heads, context.states(self.encoders), strict=True)
        return replace(self, heads=tuple(replace(head, states=states) for head, states in pairs))

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        outputs = [self.form.from_raw(head.raw(subjects)) for head in self.heads]
        return np.asarray(np.mean(outputs, axis=0), dtype=np.float64)
