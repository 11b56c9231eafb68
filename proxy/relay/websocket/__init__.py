"""One client's WebSocket connection and its own connection to the database."""
