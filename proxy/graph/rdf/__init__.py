"""Graphs of RDF: a store that speaks SPARQL, files of RDF and loading them."""
