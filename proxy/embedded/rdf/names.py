"""Names that the embedded RDF store and the process that starts it share."""

from __future__ import annotations

READY = "ready"
"""The line on standard output of a store that listens."""
DATA = "store"
"""The folder of the data, in the store's directory."""
ADMISSION = "token"
"""The file of the token, in the store's directory."""
UNREADABLE_EXIT = 41
"""Exit code of a store whose data cannot be opened."""
