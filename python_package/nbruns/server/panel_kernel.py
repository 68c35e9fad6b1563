"""The hidden kernels in which the runs panel lives, and the call that starts one.

A kernel of its own, since an app in the notebook's kernel dies with it and does not
answer while a cell runs. It is a kernel of the server like any other, so that browsers
reach it, the server restarts it when it dies, and ends it when the server ends; only
its kernelspec is listed nowhere.

Users who sign in by name have one each, which asks in their name: whoever listens to a
kernel hears all that its widgets show, and a policy may keep that from them. It parts
what browsers are sent, no more than that. Jupyter lets each of a server's users into every
kernel of the server, this one included, and all kernels run as the same user of the system:
who runs code in another's panel asks in the other's name, and who reads the database's file
need not ask. Where users must not trust each other, each needs a server (as on a hub), and
the store one that none of them runs code on (`nbruns serve`).

Limits: with kernels on a gateway there is no panel kernel; a server on a unix socket
hands out an `http+unix` address; a certificate of the server is trusted by name of its file.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
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
from nbruns.server.tickets import Tickets

KERNEL_NAME = "nbruns-panel"
SESSION_TYPE = "nbruns-panel"

_FORSAKEN_AFTER_S = 3600.0
_APP = "from nbruns.panel.app import start; start()"
# What a notebook's kernel is told, and what would run the user's own start-up code.
_NOT_INHERITED = ("MLFLOW_", "NBRUNS_", "PYTHONSTARTUP", "IPYTHONDIR", "JPY_SESSION_NAME")


@dataclass
class _Kept:
    """A user's kernel, and when their browser last asked for it."""

    kernel_id: str = ""
    asked_s: float = 0.0
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)


class PanelKernels:
    """The panel's kernel of each user: at most one, started when their first browser asks."""

    def __init__(
        self, serverapp: ServerApp, tickets: Tickets, address: Callable[[ServerApp], str]
    ) -> None:
        self.serverapp = serverapp
        self.tickets = tickets
        # Asked when the kernel starts: the server takes its port after its extensions are set up.
        self.address = address
        self._kept: defaultdict[str | None, _Kept] = defaultdict(_Kept)
        specs = serverapp.kernel_spec_manager
        assert specs is not None, "a server that loads extensions has its managers"
        hide_kernelspec(specs, self._kernelspec())

    async def start(self, user: str | None) -> str:
        """The id of a user's kernel; it is started if it does not run.

        None is whoever has the server's one token. Raises Unsupported where the server's
        kernels run elsewhere.
        """
        kept = self._kept[user]
        async with kept.starting:
            kept.asked_s = time.monotonic()
            if not kept.kernel_id or not await self._is_kept(kept.kernel_id):
                kept.kernel_id = await self._launch(user)
                await self._end_forsaken()
        return kept.kernel_id

    async def _end_forsaken(self) -> None:
        """End the kernels of users who left: each holds 60 MB, and is back in a second."""
        manager: Any = self.serverapp.kernel_manager
        for user, kept in list(self._kept.items()):
            if kept.starting.locked() or time.monotonic() - kept.asked_s < _FORSAKEN_AFTER_S:
                continue
            if kept.kernel_id not in manager:
                del self._kept[user]
            elif not manager.kernel_model(kept.kernel_id)["connections"]:
                del self._kept[user]
                await ensure_async(manager.shutdown_kernel(kept.kernel_id))

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

    async def _launch(self, user: str | None) -> str:
        if self.serverapp.gateway_config.gateway_enabled:
            raise Unsupported("The runs panel needs kernels on this server, not on a gateway")
        self.profile_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        manager: Any = self.serverapp.kernel_manager
        kernel_id = await ensure_async(
            manager.start_kernel(kernel_name=KERNEL_NAME, env=self.environment(user))
        )
        # With a session it has a name in JupyterLab, and is no 'unused' kernel there.
        sessions: Any = self.serverapp.session_manager
        name = "Runs panel" if user is None else f"Runs panel of {user}"
        try:
            await ensure_async(
                sessions.create_session(
                    path=SESSION_TYPE, name=name, type=SESSION_TYPE, kernel_id=kernel_id
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

    def environment(self, user: str | None) -> dict[str, str]:
        """The server's environment without what is meant for notebooks, and the way back."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_INHERITED)}
        ours = {
            "NBRUNS_SERVER_URL": self.address(self.serverapp),
            "NBRUNS_PANEL_TOKEN": self.tickets.give(user),
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
    """POST api/1.0/panel/start: the id of the user's panel kernel."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Start the kernel where it does not run."""
        try:
            panels: PanelKernels = self.settings["nbruns_panel"]
            status, reply = 200, {"kernel_id": await panels.start(self.user)}
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
