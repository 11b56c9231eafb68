"""From an export to a processed graph: numbered vertices, encoded features, targets, splits."""
