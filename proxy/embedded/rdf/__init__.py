"""The process of the embedded RDF store: SPARQL 1.1 over HTTP for whom has its token."""
