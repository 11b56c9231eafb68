"""Link prediction: methods that score candidates, a blend of them, predictions."""
