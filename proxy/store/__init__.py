"""What is kept on disk: artifacts of training, and the endpoints that serve them."""
