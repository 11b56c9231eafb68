"""Trained models, each in its file. Importing a model imports torch; DGL hides in `messages`."""
