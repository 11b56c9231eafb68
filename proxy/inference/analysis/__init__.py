"""Reading a traversal: its inferences and options, what leads to them, why they cannot be."""
