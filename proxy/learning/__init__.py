"""Learning from an exported graph: features, models, scorers, training, reports, prediction.

Importing this package, or `gremlink.proxy.learning.links.predictor`, loads neither torch nor DGL;
only training does.
"""
