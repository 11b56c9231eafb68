"""Neptune ML's SERVICE in SPARQL: the way of one request, without sockets or models."""
