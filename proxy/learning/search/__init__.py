"""Search of settings: Neptune's configuration of it, Optuna's search, trials side by side.

Imports nothing of the tasks; they pass an objective.
"""
