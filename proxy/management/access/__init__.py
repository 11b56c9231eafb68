"""Access to the management API: credentials and signatures."""
