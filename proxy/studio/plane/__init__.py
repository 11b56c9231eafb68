"""Vertices of a model in a plane, and their colours."""
