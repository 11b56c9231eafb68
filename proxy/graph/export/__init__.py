"""Export of a graph: parameters, schema, elements, files."""
