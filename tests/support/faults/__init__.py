"""A network that breaks, clients that ask through it, and a witness that counts their answers."""
