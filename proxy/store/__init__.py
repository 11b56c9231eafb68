"""Files of the proxy: artifacts of training, endpoints that serve them, and job records."""
