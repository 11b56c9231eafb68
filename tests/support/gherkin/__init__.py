"""TinkerPop's feature suite: its scenarios, their parameters, and how one is played."""
