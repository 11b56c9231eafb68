"""Methods that count paths, degrees or features, without parameters."""
