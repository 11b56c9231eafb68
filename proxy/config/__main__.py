"""`python -m gremlink.proxy.config` prints the table of all settings."""

from gremlink.proxy.config.reference import reference

print(reference())
