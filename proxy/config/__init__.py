"""All settings of gremlink: one TOML file, environment variables and flags, in one model.

Flags override the environment, the environment overrides the file, and the file overrides the
defaults. Unknown keys are errors everywhere. `docs/configuration.md` holds the table that `python
-m gremlink.proxy.config` prints.
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
    Sparql,
    Storage,
    StoreSettings,
    Upstream,
    keys,
)
from gremlink.proxy.config.sparql_addresses import Addresses
from gremlink.proxy.config.types import websocket_url

__all__ = [
    "Access",
    "Addresses",
    "Configuration",
    "ConfigurationError",
    "Embedded",
    "Inference",
    "Jobs",
    "Limits",
    "Listen",
    "Log",
    "Sparql",
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
