"""What training a network leaves behind for serving, whatever the network."""

from __future__ import annotations

from proxy.learning.links.scorers.embedding import Embeddings
from proxy.learning.links.scorers.knowledge import KnowledgeEmbeddings

Trained = Embeddings | KnowledgeEmbeddings
"""Each makes a scorer of a relation."""
