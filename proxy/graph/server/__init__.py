"""A connection to a Gremlin server: requests, formats and results."""
