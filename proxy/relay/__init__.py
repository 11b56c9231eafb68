"""The asynchronous server: one connection to the database for each connection of a client."""
