"""Asking: queries of our own for inputs, neighbourhoods and labels, and reading their results."""
