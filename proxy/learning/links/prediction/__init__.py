"""Answers to link-prediction queries from a trained model: NumPy and SciPy only."""
