"""Methods for a property, beside the network."""
