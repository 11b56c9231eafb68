"""Predictions inside Gremlin queries, from models trained on your own graph."""
