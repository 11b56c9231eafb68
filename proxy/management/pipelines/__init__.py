"""`/ml/pipelines`: from the graph to an endpoint in one request."""
