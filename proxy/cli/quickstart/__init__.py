"""`gremlink quickstart`: the whole path on the sample graph, in Gremlin or in SPARQL."""
