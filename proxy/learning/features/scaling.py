"""Feature matrices as vectors whose angles mean something."""

from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.graph import Features, Floats


def unit_blocks(features: Features) -> Floats:
    r"""Scale features to vectors whose dot product is the mean of the properties' cosines: float32
    `[n, width]`.

    Every property gets the length :math:`1/\sqrt{|P|}`. A number enters as
    :math:`(\cos z, \sin z)` of its standardised value, so that the cosine of two of them depends
    on their difference alone. Rare categories that share a column are left out.
    """
    blocks = [block for block in features.blocks if block.kind != "other"]
    parts: list[Floats] = []
    for block in blocks:
        part = features.values[:, block.start : block.stop]
        if block.kind == "numerical":
            centre, spread = standard_of(part) if block.centre is None else (
                block.centre, block.spread
            )  # fmt: skip
            standard = (part - np.float32(centre)) / spread
            part = np.concatenate([np.cos(standard), np.sin(standard)], axis=1)
        length = np.linalg.norm(part, axis=1, keepdims=True)
        parts.append(part / np.maximum(length, 1e-12))
    joined = np.concatenate(parts, axis=1) / np.sqrt(len(parts))
    return np.asarray(joined, dtype=np.float32)


def standard_of(column: Floats) -> tuple[float, float]:
    """Return mean and standard deviation of a number, 1 if it does not vary: float32 `[vertices,
    1]`."""
    return float(column.mean()), float(column.std()) or 1.0
