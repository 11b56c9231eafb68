"""Ranking of held-out links: queries, ranks, metrics, reliability."""
