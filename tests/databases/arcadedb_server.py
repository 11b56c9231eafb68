"""An ArcadeDB server with a database `g`, until it is told to stop; run with the Python that has
`arcadedb-embedded`: `python arcadedb_server.py FOLDER PORT PASSWORD`."""

import signal
import sys

import arcadedb_embedded

folder, port, password = sys.argv[1:]
server = arcadedb_embedded.create_server(
    folder, password, {"http_port": int(port), "host": "127.0.0.1"}
)
server.start()
server.create_database("g")
print("ready", flush=True)
signal.sigwait([signal.SIGTERM, signal.SIGINT])
server.stop()
