"""Learning from an exported graph: features, models, scorers, training, reports, prediction.

Importing this package, or `links.prediction.predictor` in it, loads neither torch nor DGL; only
training does.
"""
