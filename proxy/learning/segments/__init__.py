"""Segments of vertices: groups that lie together among embeddings, and what marks them."""
