"""`python -m proxy.config` prints the table of all settings."""

from proxy.config.reference import reference

print(reference())
