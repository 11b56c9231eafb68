"""Answers to property queries from a trained model: NumPy and SciPy only."""
