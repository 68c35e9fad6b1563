"""A real `nbruns serve` process, for the tests that need one."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_process import Answer, LiveServer

from nbruns.server.token_file import add_token


@dataclass
class GroupServer(LiveServer):
    """A server of a group, with the options it was given; nothing else of Jupyter beside it."""

    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def tokens(self) -> Path:
        """The file of the users' tokens."""
        return self.home / "tokens.yaml"

    def environment(self) -> dict[str, str]:
        return super().environment() | dict(self.environ)

    def command(self) -> list[str]:
        return [*nbruns("serve"), "--port", str(self.port), *self.options]

    def add_user(self, user: str) -> str:
        """The token of a user who is let in from now on."""
        return add_token(self.tokens, user)

    def run(self, *arguments: str) -> str:
        """What a command of nbruns prints."""
        return subprocess.run(
            nbruns(*arguments), env=self.environment(), capture_output=True, text=True, check=True
        ).stdout

    def ask_as(self, token: str, path: str = "nbruns/health") -> Answer:
        """A GET with a token, from the root of the server."""
        return self.request("GET", f"/{path}", headers={"Authorization": f"Bearer {token}"})

    def wait_until_up(self, patience_s: float = 60) -> None:
        assert self.process is not None
        until = time.monotonic() + patience_s
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"The server did not start:\n{self.log[-4000:]}")


def nbruns(*arguments: str) -> list[str]:
    """The command `nbruns` of this environment."""
    return [sys.executable, "-m", "nbruns.cli", *arguments]
