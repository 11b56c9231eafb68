"""The real Gremlin Console, fed on its standard input."""

import os
import subprocess
from pathlib import Path

from gremlink.proxy.embedded import QUICK_TO_START
from gremlink.proxy.embedded.jars import resolve_jars
from gremlink.proxy.embedded.java import find_java

CONSOLE = (
    "org.apache.tinkerpop:gremlin-console:3.7.3",
    "ch.qos.logback:logback-classic:1.2.13",
)
PLUGINS = """\
org.apache.tinkerpop.gremlin.console.jsr223.DriverGremlinPlugin
org.apache.tinkerpop.gremlin.console.jsr223.UtilitiesGremlinPlugin
org.apache.tinkerpop.gremlin.tinkergraph.jsr223.TinkerGraphGremlinPlugin
"""
LOGGING = """\
<configuration>
  <statusListener class="ch.qos.logback.core.status.NopStatusListener"/>
  <root level="OFF"/>
</configuration>
"""
REMOTE = """\
hosts: [{host}]
port: {port}
serializer: {{ className: org.apache.tinkerpop.gremlin.util.ser.GraphBinaryMessageSerializerV1,
  config: {{ serializeResultToString: true }} }}
"""
CREDENTIALS = """\
username: {username}
password: {password}
"""


def console(
    url: str, directory: Path, lines: list[str], credentials: tuple[str, str] | None = None
) -> list[str]:
    """What the Console prints for these lines, without its prompts.

    `directory` is empty; `credentials` are a name and a password.
    """
    host, port = url.removeprefix("ws://").removesuffix("/gremlin").split(":")
    (directory / "ext").mkdir()
    (directory / "ext" / "plugins.txt").write_text(PLUGINS)
    (directory / "logback.xml").write_text(LOGGING)
    remote = directory / "remote.yaml"
    settings = REMOTE.format(host=host, port=port)
    if credentials is not None:
        username, password = credentials
        settings += CREDENTIALS.format(username=username, password=password)
    remote.write_text(settings)
    command = [
        str(find_java(None)),
        *QUICK_TO_START,
        "-Xmx256m",
        "-Dtinkerpop.ext=ext",
        "-Duser.working_dir=.",
        f"-Duser.home={directory}",
        "-Djava.util.prefs.userRoot=.",
        "-Dlogback.configurationFile=logback.xml",
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
        "-cp",
        os.pathsep.join(map(str, resolve_jars(CONSOLE))),
        "org.apache.tinkerpop.gremlin.console.Console",
        "-C",
    ]
    connecting = [f":remote connect tinkerpop.server {remote}", ":remote console"]
    run = subprocess.run(
        command,
        cwd=directory,
        input="\n".join([*connecting, *lines, ":exit", ""]),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    printed = [*run.stdout.splitlines(), *run.stderr.splitlines()]
    start = next(i for i, line in enumerate(printed) if "All scripts will now be sent" in line)
    return [line for line in printed[start + 1 :] if line.strip()]
