"""Training for a property: splits, experiments, model selection."""
