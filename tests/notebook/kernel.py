"""A notebook kernel behind standard input and output; runs where graph-notebook is installed.

One JSON object a line comes in: `cell` is what to run, `values` are expressions to evaluate
afterwards. One goes out: `error` (empty if none), `text` of all streams, `values` as JSON.
"""

import json
import sys

from jupyter_client.manager import start_new_kernel

TIMEOUT = 3600.0


def main() -> None:
    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=TIMEOUT)
    try:
        for line in sys.stdin:
            request = json.loads(line)
            text: list[str] = []

            def hear(message: dict) -> None:
                content = message["content"]
                if message["msg_type"] == "stream":
                    text.append(content["text"])  # noqa: B023
                elif message["msg_type"] in ("display_data", "execute_result"):
                    text.append(str(content["data"].get("text/plain", "")))  # noqa: B023

            expressions = {
                name: f"__import__('json').dumps({value}, default=str)"
                for name, value in request.get("values", {}).items()
            }
            reply = client.execute_interactive(
                request["cell"],
                output_hook=hear,
                user_expressions=expressions,
                timeout=TIMEOUT,
                allow_stdin=False,
            )["content"]
            error = ""
            if reply["status"] != "ok":
                error = f"{reply['ename']}: {reply['evalue']}"
            values = {}
            for name, found in reply.get("user_expressions", {}).items():
                if found["status"] == "ok":
                    shown = found["data"]["text/plain"]
                    values[name] = json.loads(__import__("ast").literal_eval(shown))
                else:
                    values[name] = f"{found['ename']}: {found['evalue']}"
            answer = {"error": error, "text": "".join(text), "values": values}
            print(json.dumps(answer), flush=True)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
