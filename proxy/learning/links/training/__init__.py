"""Training for links: holdout, base models, blend."""
