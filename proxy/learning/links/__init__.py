"""Which links are missing: methods that score candidates, a blend of them, predictions."""
