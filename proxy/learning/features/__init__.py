"""Properties as numbers: encodings, their inference, and the feature matrix."""
