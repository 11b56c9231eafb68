"""Statistics of the databases behind the proxy."""
