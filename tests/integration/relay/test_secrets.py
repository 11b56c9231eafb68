"""Planted secrets are in no log, no message to anybody else, and no record."""

import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import uuid
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from managed_proxy import announced
from raw_websocket import RawWebSocket

from gremlink.grammar.traversal import Entries, Literal
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3
from gremlink.proxy.wire.request import RequestMessage, write_request

SECRETS = {
    name: f"planted-{name}-9f8e7d"
    for name in ("upstream", "sasl", "basic", "literal", "binding", "token", "aws", "header")
}
QUERY = (
    'g.with("Neptune#ml.endpoint", "nobody").V().has("x", "LITERAL").out("FRIEND")'
    '.with("Neptune#ml.prediction").hasLabel("User")'
).replace("LITERAL", SECRETS["literal"])


def requests() -> list[tuple[int, bytes]]:
    """Inferences with a literal: refused, malformed, broken, unknown to the database."""
    aliases = Entries(((Literal.string("g"), Literal.string("g")),))
    found = []
    for format in (GRAPHBINARY, GRAPHSON_3):
        for text in (QUERY, QUERY + ".out(", QUERY + ".noSuchStep()", "Neptune#ml. " + QUERY):
            bindings = Entries(((Literal.string("b"), Literal.string(SECRETS["binding"])),))
            args = {"gremlin": Literal.string(text), "aliases": aliases, "bindings": bindings}
            request = RequestMessage(format, uuid.uuid4(), "eval", "", args)
            opcode, payload = write_request(request)
            found += [(opcode, payload), (opcode, payload[:-9]), (opcode, payload + b"\0\1")]
        sasl = base64.b64encode(b"\0user\0" + SECRETS["sasl"].encode()).decode()
        args = {"sasl": Literal.string(sasl)}
        request = RequestMessage(format, uuid.uuid4(), "authentication", "traversal", args)
        found.append(write_request(request))
    return found


def talk(url: str) -> None:
    """All of them over WebSocket, each on a connection of its own."""
    for opcode, payload in requests():
        with RawWebSocket(url) as client:
            client.send(opcode, payload)
            client.send(0x9, b"are you there")
            while (got := client.frame()) is not None and got[0] not in (0x8, 0xA):
                pass


def ask(url: str) -> None:
    """By HTTP, with credentials; and what is no HTTP."""
    place = urlsplit(url).netloc
    token = base64.b64encode(f"user:{SECRETS['basic']}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "X-Secret": SECRETS["header"]}
    for path, body in (
        ("/gremlin", {"gremlin": QUERY}),
        ("/gremlin", {"gremlin": QUERY, "bindings": 7}),
        ("/gremlin/explain", {"gremlin": QUERY}),
        ("/gremlin", {"gremlin": f"'{SECRETS['literal']}'"}),
        ("/ml/endpoints", {}),
        ("/loader", {"source": SECRETS["literal"]}),
    ):
        connection = http.client.HTTPConnection(place, timeout=60)
        connection.request("POST", path, json.dumps(body), headers)
        connection.getresponse().read()
        connection.close()
    host, port = place.split(":")
    for said in (
        b"GET /gremlin?%s HTTP/9.9\r\n\r\n",
        b"%s\r\n\r\n",
        b"GET / HTTP/1.1\r\n%s\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), 30) as client:
            client.sendall(said % SECRETS["header"].encode())
            client.settimeout(5)
            while client.recv(4096):
                pass


def manage(url: str, directory: Path) -> None:
    """An export that fails, and keys that are wrong."""
    for secret in (SECRETS["aws"], SECRETS["aws"] + "x"):
        client = boto3.client(
            "neptunedata",
            region_name="us-east-1",
            endpoint_url=url.replace("ws", "http", 1).removesuffix("/gremlin"),
            aws_access_key_id="AKID",
            aws_secret_access_key=secret,
            config=Config(retries={"max_attempts": 0}),
        )
        with closing(client), suppress(ClientError):
            client.start_loader_job(
                source="s3://bucket/nothing",
                format="csv",
                s3BucketRegion="us-east-1",
                iamRoleArn="x",
            )


def test_no_secret_is_written_anywhere(graph_url: str, tmp_path: Path) -> None:
    parts = urlsplit(graph_url)
    upstream = f"ws://user:{SECRETS['upstream']}@{parts.netloc}{parts.path}"
    environment = {
        **os.environ,
        "GREMLINK_STORE_DIRECTORY": str(tmp_path / "store"),
        "GREMLINK_UPSTREAM_URL": upstream,
        "GREMLINK_ACCESS_TOKEN": SECRETS["token"],
        "GREMLINK_ACCESS_AWS_ACCESS_KEY_ID": "AKID",
        "GREMLINK_ACCESS_AWS_SECRET_ACCESS_KEY": SECRETS["aws"],
        "AWS_SECRET_ACCESS_KEY": SECRETS["aws"],
        "PYTHONASYNCIODEBUG": "1",
    }
    written = tmp_path / "proxy.log"
    command = [sys.executable, "-m", "gremlink", "serve", "--port", "0"]
    command += ["--log-format", "json", "--log-level", "debug"]
    with written.open("w") as errors:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=errors, text=True)
    try:
        url = announced(process, written).replace("http", "ws") + "/gremlin"
        talk(url)
        ask(url)
        manage(url, tmp_path)
    finally:
        process.terminate()
        process.wait(30)
    lines = written.read_text().splitlines()
    said = [json.loads(line) for line in lines if not line.startswith("gremlink ")]
    assert len(said) > 20
    assert all({"time", "level", "logger", "message"} <= set(line) for line in said)
    hidden = {
        name: [secret, base64.b64encode(secret.encode()).decode()[4:-4]]
        for name, secret in SECRETS.items()
    }
    for file in tmp_path.rglob("*"):
        if not file.is_file():
            continue
        content = file.read_bytes()
        for name, forms in hidden.items():
            for form in forms:
                found = content.find(form.encode())
                assert found < 0, (name, file, content[max(0, found - 300) : found + 100])
