"""Queries over HTTP: forwarded, or answered with predictions."""
