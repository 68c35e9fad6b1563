"""A real Jupyter server whose every folder lies under one, for all tests that need one."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


# They take seconds to load, and only the browser tests look at them.
_NOT_NEEDED = ("jupyterlab", "jupyter_lsp", "nbdime", "notebook", "notebook_shim")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class LiveServer:
    """A real `jupyter server` on loopback whose every folder lies under `folder`."""

    folder: Path
    options: tuple[str, ...] = ()
    base_url: str = "/"
    has_extension: bool = True
    config: str = ""
    token: str = field(default_factory=secrets.token_hex)
    port: int = field(default_factory=_free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        """Where nbruns keeps its database and artifacts."""
        return self.folder / "nbruns"

    @property
    def work(self) -> Path:
        """Where the notebooks lie."""
        return self.folder / "work"

    @property
    def url(self) -> str:
        """What an MLflow client takes as its tracking URI."""
        return f"http://127.0.0.1:{self.port}{self.base_url}nbruns"

    @property
    def log(self) -> str:
        """All the server has logged."""
        return (self.folder / "server.log").read_text("utf-8", "replace")

    def environment(self) -> dict[str, str]:
        """This process's environment with every Jupyter folder moved under `folder`."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "NBRUNS_"))}
        return kept | {
            "HOME": str(self.folder),
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "IPYTHONDIR": str(self.folder / "ipython"),
            "NBRUNS_HOME": str(self.home),
        }

    def command(self) -> list[str]:
        """What is started."""
        return [
            *self.program(),
            *("--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.base_url={self.base_url}",
            f"--ServerApp.root_dir={self.work}",
            f"--IdentityProvider.token={self.token}",
            *self.options,
        ]

    def program(self) -> list[str]:
        """A server with nbruns, and without what takes seconds to load for nothing."""
        return [
            *(sys.executable, "-m", "jupyter_server"),
            *(f"--ServerApp.jpserver_extensions={name}=False" for name in _NOT_NEEDED),
            f"--ServerApp.jpserver_extensions=nbruns={self.has_extension}",
        ]

    def start(self) -> None:
        """Start it and wait until it answers."""
        for name in ("work", "data", "config"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "config" / "jupyter_server_config.py").write_text(self.config)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.work,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait_until_up()

    def stop(self) -> None:
        """Ask it to stop; insist after a while."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A raw call below `nbruns/`, or of the server's own for a path that begins with '/'.

        Signed in by the token unless headers are given.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        signed_in = {"Authorization": f"token {self.token}"}
        with contextlib.closing(connection):
            ours = "" if path.startswith("/") else "nbruns/"
            target = self.base_url + ours + path.removeprefix("/")
            connection.request(method, target, body, signed_in if headers is None else headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of a call of the protocol."""
        sent = None if body is None else json.dumps(body).encode()
        answer = self.request(method, path, sent)
        return answer.status, answer.json()

    def wait_until_up(self, patience_s: float = 60) -> None:
        """Return when it answers; raise with its log when it does not."""
        assert self.process is not None
        until = time.monotonic() + patience_s
        while time.monotonic() < until and self.process.poll() is None:
            try:
                root = f"http://127.0.0.1:{self.port}{self.base_url}api"
                urllib.request.urlopen(root, timeout=2).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"The server did not start:\n{self.log[-4000:]}")


def connected(file: Path, patience_s: float = 60) -> BlockingKernelClient:
    """A client of the kernel with this connection file, once the kernel answers.

    A kernel that is being restarted gets other ports in the middle, and on a busy machine
    its heart may be late: then the client says it has died, and is made anew.
    """
    until = time.monotonic() + patience_s
    while True:
        client = BlockingKernelClient(connection_file=str(file))
        try:
            client.load_connection_file()
            client.start_channels()
            client.wait_for_ready(timeout=20)
            return client
        except (OSError, ValueError, RuntimeError):
            client.stop_channels()
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
