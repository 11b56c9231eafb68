"""All settings of gremlink: one TOML file, environment variables and flags, in one model.

Flags win over the environment, the environment over the file, the file over the defaults. An
unknown key is refused wherever it stands. `docs/configuration.md` holds the table of
`python -m gremlink.proxy.config`.
"""

from gremlink.proxy.config.reading import (
    ConfigurationError,
    child_environment,
    glance,
    load,
    variable,
)
from gremlink.proxy.config.reference import reference
from gremlink.proxy.config.sections import (
    Access,
    Configuration,
    Embedded,
    Inference,
    Jobs,
    Limits,
    Listen,
    Log,
    Storage,
    StoreSettings,
    Upstream,
    keys,
)
from gremlink.proxy.config.types import websocket_url

__all__ = [
    "Access",
    "Configuration",
    "ConfigurationError",
    "Embedded",
    "Inference",
    "Jobs",
    "Limits",
    "Listen",
    "Log",
    "Storage",
    "StoreSettings",
    "Upstream",
    "child_environment",
    "keys",
    "glance",
    "load",
    "reference",
    "variable",
    "websocket_url",
]
