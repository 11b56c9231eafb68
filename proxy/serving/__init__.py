"""Predictions: from an endpoint's name and a command to its model's reply."""
