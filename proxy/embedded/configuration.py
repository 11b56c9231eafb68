"""Files for a stock Gremlin Server: settings, graph, start script, logging.

All paths in them are relative to the data directory, which is the server's working directory, so
none has to survive the quoting rules of three file formats.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GRAPH_FILE = "graph.kryo"
PREVIOUS_GRAPH_FILE = "graph.previous.kryo"
SERVER_LOG = "server.log"
CONSOLE_LOG = "console.log"
SETTINGS_FILE = "conf/gremlin-server.yaml"
LOGGING_FILE = "conf/logback.xml"
READY = "Channel started at port"
"""Console output of a server that listens."""
NOT_SAVED = "Could not save graph"
"""Log message of a server that could not save its graph."""
NO_GRAPH_EXIT = 41
"""Exit code of the start script if the kept graph could not be loaded."""

_SERIALIZERS = "org.apache.tinkerpop.gremlin.util.ser."
_REGISTRY = "org.apache.tinkerpop.gremlin.tinkergraph.structure.TinkerIoRegistry"
_MAX_CONTENT_LENGTH = 64 * 1024 * 1024

_GRAPH = """\
gremlin.graph=org.apache.tinkerpop.gremlin.tinkergraph.structure.TinkerGraph
gremlin.tinkergraph.vertexIdManager=ANY
gremlin.tinkergraph.edgeIdManager=ANY
gremlin.tinkergraph.vertexPropertyIdManager=LONG
"""

_KEPT = f"""\
gremlin.tinkergraph.graphLocation={GRAPH_FILE}
gremlin.tinkergraph.graphFormat=gryo
"""

# The parent holds the other end of standard input: end of file means that it has ended. System.exit
# runs the server's shutdown hook, which closes and so writes the graph.
_START = f"""\
try {{ graph }} catch (MissingPropertyException missing) {{ Runtime.runtime.halt({NO_GRAPH_EXIT}) }}

def watch = new Thread({{
    try {{ while (System.in.read() != -1); }} catch (IOException ignored) {{ }}
    System.exit(0)
}}, 'parent-watch')
watch.daemon = true
watch.start()

[g: traversal().withEmbedded(graph)]
"""

_LOGGING = f"""\
<configuration>
  <statusListener class="ch.qos.logback.core.status.NopStatusListener"/>
  <appender name="FILE" class="ch.qos.logback.core.rolling.RollingFileAppender">
    <file>{SERVER_LOG}</file>
    <rollingPolicy class="ch.qos.logback.core.rolling.FixedWindowRollingPolicy">
      <fileNamePattern>{SERVER_LOG}.%i</fileNamePattern>
      <minIndex>1</minIndex>
      <maxIndex>2</maxIndex>
    </rollingPolicy>
    <triggeringPolicy class="ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy">
      <maxFileSize>10MB</maxFileSize>
    </triggeringPolicy>
    <encoder><pattern>%d %-5level %logger{{20}} - %msg%n</pattern></encoder>
  </appender>
  <appender name="CONSOLE" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%msg%n%nopex</pattern></encoder>
  </appender>
  <logger name="org.apache.tinkerpop.gremlin.server.GremlinServer" level="INFO">
    <appender-ref ref="CONSOLE"/>
  </logger>
  <root level="WARN"><appender-ref ref="FILE"/></root>
</configuration>
"""


def write_configuration(
    directory: Path, *, host: str, port: int, keep: bool, settings: Mapping[str, Any]
) -> None:
    """Write `conf/` into the data directory.

    With `keep`, the graph is loaded from and saved to the directory; `settings` replace top-level
    entries of the server's settings file.
    """
    conf = directory / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    # YAML 1.1 reads JSON, and JSON has one way to quote.
    text = json.dumps({**_settings(host, port), **settings}, indent=2)
    file = directory / SETTINGS_FILE
    file.touch(mode=0o600)
    file.chmod(0o600)  # it may hold passwords
    file.write_text(text, encoding="utf-8")
    (directory / LOGGING_FILE).write_text(_LOGGING, encoding="utf-8")
    (conf / "graph.properties").write_text(_GRAPH + (_KEPT if keep else ""), encoding="utf-8")
    (conf / "start.groovy").write_text(_START, encoding="utf-8")


def _settings(host: str, port: int) -> dict[str, Any]:
    def serializer(name: str, **config: Any) -> dict[str, Any]:
        return {"className": _SERIALIZERS + name, "config": config}

    def graphson(name: str, version: int) -> dict[str, Any]:
        return serializer(f"{name}V{version}", ioRegistries=[f"{_REGISTRY}V{version}"])

    return {
        "host": host,
        "port": port,
        "channelizer": "org.apache.tinkerpop.gremlin.server.channel.WsAndHttpChannelizer",
        "gremlinPool": 8,
        "maxContentLength": _MAX_CONTENT_LENGTH,
        "graphs": {"graph": "conf/graph.properties"},
        "scriptEngines": {
            "gremlin-lang": {},
            "gremlin-groovy": {
                "plugins": {
                    "org.apache.tinkerpop.gremlin.server.jsr223.GremlinServerGremlinPlugin": {},
                    "org.apache.tinkerpop.gremlin.tinkergraph.jsr223.TinkerGraphGremlinPlugin": {},
                    "org.apache.tinkerpop.gremlin.jsr223.ImportGremlinPlugin": {
                        "classImports": ["java.lang.Math"],
                        "methodImports": ["java.lang.Math#*"],
                    },
                    "org.apache.tinkerpop.gremlin.jsr223.ScriptFileGremlinPlugin": {
                        "files": ["conf/start.groovy"]
                    },
                }
            },
        },
        # The first one that knows a mime type answers it.
        "serializers": [
            graphson("GraphSONMessageSerializer", 3),
            graphson("GraphSONMessageSerializer", 2),
            graphson("GraphSONMessageSerializer", 1),
            graphson("GraphSONUntypedMessageSerializer", 3),
            graphson("GraphSONUntypedMessageSerializer", 2),
            graphson("GraphSONUntypedMessageSerializer", 1),
            serializer("GraphBinaryMessageSerializerV1"),
            serializer("GraphBinaryMessageSerializerV1", serializeResultToString=True),
        ],
    }
