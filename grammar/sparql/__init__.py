"""SPARQL: terms of RDF, and the tokens of a query with their places in its text."""
