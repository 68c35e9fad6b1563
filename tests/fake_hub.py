"""The far side of a service's network: as much of a JupyterHub as says whose a token is."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeHub:
    """Answers `GET /hub/api/user` as a hub does, for the tokens it was given."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_away: bool = False
    asked: int = 0
    port: int = 0

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a call."""
        self.asked += 1
        if self.is_away:
            return 502, {"message": "Bad gateway"}
        user = self.users.get(authorization.removeprefix("token "))
        if path != "/hub/api/user" or user is None:
            return 403, {"status": 403, "message": "Missing or invalid credentials."}
        return 200, {"kind": "user", "groups": [], "admin": False, **user}

    @contextlib.contextmanager
    def listening(self) -> Iterator[FakeHub]:
        """Answer on loopback."""
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, said = hub.answer(self.path, self.headers.get("Authorization", ""))
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield self
        server.shutdown()
        server.server_close()

    def environment(self, service: str, port: int) -> dict[str, str]:
        """What a hub tells a service that it starts."""
        return {
            "JUPYTERHUB_API_URL": f"http://127.0.0.1:{self.port}/hub/api",
            "JUPYTERHUB_API_TOKEN": "the service's own",
            "JUPYTERHUB_SERVICE_NAME": service,
            "JUPYTERHUB_SERVICE_PREFIX": f"/services/{service}/",
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
            "JUPYTERHUB_OAUTH_ACCESS_SCOPES": json.dumps(
                ["access:services", f"access:services!service={service}"]
            ),
        }
