"""What the process of a served model runs: MLflow's own scoring server, on a port of its own.

Started by its path, also by the Python of an environment without nbruns: it imports
nothing of ours. It speaks to the server that started it by one line on its standard input
(what to load), which stays open as long as the server lives, and by marked lines on its
standard output.
"""

from __future__ import annotations

import hmac
import json
import os
import socket
import sys
import threading
import time
import traceback
from typing import Any

SECRET_HEADER = b"x-nbruns-worker"
KEEP_ALIVE_S = 3600
FAILED = 3


def main() -> None:
    """Load the model, say where it answers, and answer until the server is gone."""
    orders = json.loads(sys.stdin.buffer.readline())
    _end_with_the_server()
    try:
        begun = time.monotonic()
        app = _scoring_app(orders["model"])
        print(f"Loaded the model in {time.monotonic() - begun:.1f} s", flush=True)
    except BaseException as error:
        traceback.print_exc()
        missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
        told = {"error": f"{type(error).__name__}: {error}"[:2000], "missing": missing}
        _tell(orders["mark"], told)
        sys.exit(FAILED)
    _serve(_guarded(app, orders["secret"].encode()), orders["mark"])


def _end_with_the_server() -> None:
    """End this process when its standard input ends: the server is gone, by whatever means."""
    line = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait() -> None:
        while os.read(line, 1):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def _scoring_app(model: str) -> Any:
    from mlflow.pyfunc import load_model, scoring_server

    app = scoring_server.init(load_model(model))
    if type(app).__module__.partition(".")[0] == "flask":
        from mlflow.version import VERSION

        raise RuntimeError(f"MLflow {VERSION} is too old: its scoring server is no ASGI app yet")
    return app


def _guarded(app: Any, secret: bytes) -> Any:
    """The app for the server alone: every user of the machine can reach a port on loopback."""

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(SECRET_HEADER, b"")
            if not hmac.compare_digest(given, secret):
                await send({"type": "http.response.start", "status": 403, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
        await app(scope, receive, send)

    return guard


def _serve(app: Any, mark: str) -> None:
    import uvicorn

    # Named, for asyncio turns Nagle's algorithm off only where it reads 'TCP': else each
    # answer waits 40 ms for the receipt of its own head.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_keep_alive=KEEP_ALIVE_S
    )
    _tell(mark, {"port": listener.getsockname()[1]})
    uvicorn.Server(config).run(sockets=[listener])


def _tell(mark: str, told: dict[str, Any]) -> None:
    """A line for the server, whatever stands on the present one."""
    sys.stdout.flush()
    os.write(1, f"\n{mark}{json.dumps(told)}\n".encode())


if __name__ == "__main__":
    main()
