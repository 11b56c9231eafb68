"""Looking for better settings: Neptune's configuration of it, Optuna's search, trials side by side.

Imports nothing of the tasks; they hand over an objective.
"""
