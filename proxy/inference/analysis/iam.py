"""The IAM role of an inference query: gremlink needs none, but applications name one.

Nothing is ever signed or called with a role. Its form is checked as Neptune checks it, and a
deployment may say which roles it takes for which endpoints, so that an application meets the
errors that it would meet there. An ARN is no secret: this is a rehearsal, no protection.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from gremlink.grammar.traversal import Argument, Kind, Literal
from gremlink.proxy.inference import errors
from gremlink.proxy.inference.analysis.options import IAM_ROLE, Settings
from gremlink.proxy.inference.errors import BadRequest, InvalidParameter, MissingParameter

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{1,12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
"""AWS, "IAM identifiers": partition, account, path and name; examples have shorter accounts."""


def role_arn(options: dict[str, Argument], settings: Settings) -> str | None:
    """Return the role that the options, or the settings, name; `None` where none is needed.

    Raises `InvalidParameter` for what is no ARN of a role, `MissingParameter` where the settings
    list roles and none is named.
    """
    match options.get(IAM_ROLE):
        case None if settings.default_role is not None:
            role = settings.default_role
        case None if settings.roles is None:
            return None
        case None:
            raise MissingParameter(errors.ROLE_MISSING)
        case Literal(Kind.STRING, str(role)):
            pass
        case _:
            raise InvalidParameter(errors.ROLE_INVALID)
    if not _ROLE.fullmatch(role):
        raise InvalidParameter(errors.ROLE_INVALID)
    return role


def authorise(role: str | None, endpoint: str, settings: Settings) -> None:
    """Raise `BadRequest` unless the settings let this role ask this endpoint."""
    if settings.roles is None or role is None:
        return
    patterns = settings.roles.get(role)
    if patterns is None:
        raise BadRequest(errors.ROLE_UNKNOWN.format(role))
    if not any(fnmatchcase(endpoint, pattern) for pattern in patterns):
        raise BadRequest(errors.ROLE_NOT_AUTHORISED.format(role, endpoint))
