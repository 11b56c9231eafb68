"""Rewriting: plain Gremlin with the answers in the place of an inference."""
