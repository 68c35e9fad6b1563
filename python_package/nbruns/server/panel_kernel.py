"""The hidden kernel in which the runs panel lives, and the call that starts it.

A kernel of its own, since an app in the notebook's kernel dies with it and does not
answer while a cell runs. It is a kernel of the server like any other, so that browsers
reach it, the server restarts it when it dies, and ends it when the server ends; only
its kernelspec is listed nowhere.

Limits: with kernels on a gateway there is no panel kernel; a server on a unix socket
hands out an `http+unix` address; a certificate of the server is trusted by name of its file.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.auth.decorator import authorized
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import ensure_async
from tornado import web

from nbruns.errors import NbrunsError, Unsupported
from nbruns.protocol.errors import wire_error
from nbruns.server.signed_in import SignedIn

KERNEL_NAME = "nbruns-panel"
SESSION_TYPE = "nbruns-panel"

_APP = "from nbruns.panel.app import start; start()"
# What a notebook's kernel is told, and what would run the user's own start-up code.
_NOT_INHERITED = ("MLFLOW_", "NBRUNS_", "PYTHONSTARTUP", "IPYTHONDIR", "JPY_SESSION_NAME")


class PanelKernel:
    """The panel's kernel: at most one, started when the first browser asks."""

    def __init__(
        self, serverapp: ServerApp, secret: str, address: Callable[[ServerApp], str]
    ) -> None:
        self.serverapp = serverapp
        self.secret = secret
        # Asked when the kernel starts: the server takes its port after its extensions are set up.
        self.address = address
        self.kernel_id: str | None = None
        self._starting = asyncio.Lock()
        specs = serverapp.kernel_spec_manager
        assert specs is not None, "a server that loads extensions has its managers"
        hide_kernelspec(specs, self._kernelspec())

    async def start(self) -> str:
        """The kernel's id; it is started if it does not run.

        Raises Unsupported where the server's kernels run elsewhere.
        """
        async with self._starting:
            if self.kernel_id is None or not await self._is_kept(self.kernel_id):
                self.kernel_id = await self._launch()
            return self.kernel_id

    async def _is_kept(self, kernel_id: str) -> bool:
        """Whether the server runs the kernel, or is about to restart it."""
        manager: Any = self.serverapp.kernel_manager
        if kernel_id not in manager:
            return False
        kernel = manager.get_kernel(kernel_id)
        if kernel.autorestart or await ensure_async(kernel.is_alive()):
            return True
        await ensure_async(manager.shutdown_kernel(kernel_id, now=True))
        return False

    async def _launch(self) -> str:
        if self.serverapp.gateway_config.gateway_enabled:
            raise Unsupported("The runs panel needs kernels on this server, not on a gateway")
        self.profile_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        manager: Any = self.serverapp.kernel_manager
        kernel_id = await ensure_async(
            manager.start_kernel(kernel_name=KERNEL_NAME, env=self.environment())
        )
        # With a session it has a name in JupyterLab, and is no 'unused' kernel there.
        sessions: Any = self.serverapp.session_manager
        try:
            await ensure_async(
                sessions.create_session(
                    path=SESSION_TYPE, name="Runs panel", type=SESSION_TYPE, kernel_id=kernel_id
                )
            )
        except BaseException:
            # Nobody would know it: each further try would leave one more behind.
            await ensure_async(manager.shutdown_kernel(kernel_id, now=True))
            raise
        return str(kernel_id)

    @property
    def profile_folder(self) -> Path:
        """Where the kernel's IPython keeps its profile."""
        return Path(self.serverapp.runtime_dir) / KERNEL_NAME

    def environment(self) -> dict[str, str]:
        """The server's environment without what is meant for notebooks, and the way back."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_INHERITED)}
        ours = {
            "NBRUNS_SERVER_URL": self.address(self.serverapp),
            "NBRUNS_PANEL_TOKEN": self.secret,
            "NBRUNS_AUTOLOG": "off",
        }
        if self.serverapp.certfile:
            ours["NBRUNS_SERVER_CERT"] = str(Path(self.serverapp.certfile).absolute())
        return inherited | ours

    def _kernelspec(self) -> KernelSpec:
        command = [
            *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
            # A profile of its own: the user's start-up files and extensions stay out.
            f"--ipython-dir={self.profile_folder}",
            "--HistoryManager.enabled=False",
            "--InteractiveShellApp.extensions=[]",
            "--InteractiveShellApp.extra_extensions=[]",
            # Else a notebook folder with a `plotly.py` in it would break the panel.
            "--InteractiveShellApp.ignore_cwd=True",
            f"--InteractiveShellApp.exec_lines={[_APP]!r}",
        ]
        return KernelSpec(
            argv=command,
            display_name="Runs panel",
            language="python",
            metadata={"supported_encryption": ["curve"]},
        )


class PanelStartHandler(SignedIn):
    """POST api/1.0/panel/start: the id of the running panel kernel, and the user's ticket."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Start the kernel where it does not run."""
        try:
            reply: dict[str, Any] = {"kernel_id": await self.settings["nbruns_panel"].start()}
            if self.user is not None:
                reply["ticket"] = self.settings["nbruns_tickets"].give(self.user)
            status = 200
        except NbrunsError as error:
            status, reply = wire_error(error)
        self.say(status, reply)


def hide_kernelspec(specs: KernelSpecManager, spec: KernelSpec) -> None:
    """Let a manager find a kernelspec by name without listing it.

    Done to the manager the server has, for its class is the user's choice.
    """
    listed = specs.get_kernel_spec

    def get_kernel_spec(kernel_name: str) -> KernelSpec:
        return spec if kernel_name == KERNEL_NAME else listed(kernel_name)

    vars(specs)["get_kernel_spec"] = get_kernel_spec
