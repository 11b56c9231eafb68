"""Gremlin traversals: one form, and the encodings people write them in.

Knows nothing of sockets, models or Neptune.
"""
