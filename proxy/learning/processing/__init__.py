"""Processing of an export into a graph: numbered vertices, encoded features, targets, splits."""
