"""A model on a graph that is newer than its training: what was read of it, and what follows."""
