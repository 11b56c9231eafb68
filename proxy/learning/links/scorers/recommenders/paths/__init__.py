"""Ranking by typed paths: which relations lead from a source to a candidate."""
