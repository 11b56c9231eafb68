"""Loading files into a server: the checks before, then the writing."""
