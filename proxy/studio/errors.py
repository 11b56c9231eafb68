"""Errors of the proxy that a page shows.

StudioError
├── ApiRefused       the management API refused a request; has its status and code
├── QueryRefused     the database, or the proxy, refused a query; has the status code
├── DatabaseGone     there is no connection, or it broke
└── WrongInput       a field of a form, or of an address, has a value that means nothing
"""

from __future__ import annotations

from gremlink.errors import Error


class StudioError(Error):
    """Root of the errors of this package; the message is for people."""


class ApiRefused(StudioError):
    """A refused request to the management API: HTTP `status`, Neptune's `code`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class QueryRefused(StudioError):
    """A refused query; `status` is the Gremlin status code, `code` Neptune's, if there is one."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class DatabaseGone(StudioError):
    """No connection to the database."""


class WrongInput(StudioError):
    """A wrong value; `field` is the name of the field that has it, empty for the whole form."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field
