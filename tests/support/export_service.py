"""Neptune's export service as a client of it, without the SDK that does not know it."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from managed_proxy import Proxy, wait_for


def export(proxy: Proxy, output: str) -> str:
    """Export the graph behind the proxy as training data; where it is."""
    service = f"{proxy.address}/v1/neptune-export"
    body = {
        "command": "export-pg",
        "outputS3Path": output,
        "params": {"endpoint": "nowhere.example", "profile": "neptune_ml", "cloneCluster": False},
        "additionalParams": {"neptune_ml": {"version": "v2.0", "targets": [], "features": []}},
        "jobSize": "medium",
    }
    started = _post(service, body)
    assert started["jobName"].startswith("neptune-export-")
    ended = wait_for(
        lambda: _fetch(f"{service}/{started['jobId']}"), "succeeded", "failed", seconds=60
    )
    assert ended["status"] == "succeeded", ended
    return str(ended["outputS3Uri"])


def _post(url: str, document: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(document).encode(), method="POST")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def _fetch(url: str) -> Any:
    with urllib.request.urlopen(url) as response:
        return json.load(response)
