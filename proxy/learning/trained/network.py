"""Trained networks as serving reads them."""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.proxy.learning.trained.embeddings import Embeddings, averaged
from gremlink.proxy.learning.trained.knowledge import KnowledgeEmbeddings

Trained = Embeddings | KnowledgeEmbeddings
"""Each makes a scorer of a relation."""


def together(several: Sequence[Trained]) -> Trained:
    """Join several trainings of one network into one that ranks by the mean of their scores."""
    if len(several) == 1:
        return several[0]
    neural = [each for each in several if isinstance(each, Embeddings)]
    if neural:
        return averaged(neural)
    return KnowledgeEmbeddings.side_by_side(
        [each for each in several if isinstance(each, KnowledgeEmbeddings)]
    )
