"""SPARQL 1.1 in front of an RDF store: forwarded, or answered with predictions."""
