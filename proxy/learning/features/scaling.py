"""Feature matrices as vectors whose angles mean something."""

from __future__ import annotations

import numpy as np
from scipy import sparse

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


def unit_terms(counts: sparse.csr_array) -> sparse.csr_array:
    r"""Weigh counts by frequency and rarity, and scale the rows to length 1: float32 CSR.

    .. math:: x_{u,t} \propto (1 + \log n_{u,t}) \log \frac{|U|}{|\{v : n_{v,t} > 0\}|}

    Salton & Buckley, "Term-weighting approaches in automatic text retrieval", Information
    Processing & Management 24 (1988).
    """
    weighed = sparse.csr_array(counts, dtype=np.float32, copy=True)
    having = np.bincount(weighed.indices, minlength=weighed.shape[1])
    rarity = np.log(weighed.shape[0] / np.maximum(having, 1)).astype(np.float32)
    weighed.data = (1.0 + np.log(np.maximum(weighed.data, 1.0))) * rarity[weighed.indices]
    return unit_rows(weighed)


def unit_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """Scale the rows of a sparse matrix to length 1; those of zeros stay."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    squares = np.bincount(rows, matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[0])
    lengths = np.maximum(np.sqrt(squares), 1e-12)
    data = (matrix.data / lengths[rows]).astype(np.float32)
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
