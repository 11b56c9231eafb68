"""Pages in the browser: ask, see why, train, compare; they act through the proxy's own API."""
