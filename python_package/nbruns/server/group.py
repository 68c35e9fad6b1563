"""A server of its own for a group: the endpoints, and nothing else of Jupyter Server.

It runs no kernels and shows no files of the machine, and loads no model: whoever runs code
as the user of the server has the store's file, and no policy binds them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import secrets
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_core.application import JupyterApp
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from nbruns.errors import InvalidValue, NbrunsError
from nbruns.server.app import ARTIFACTS, RETRY_S, NbrunsApp, server_url
from nbruns.server.artifact_handlers import ArtifactHandler
from nbruns.server.closing import close_abandoned
from nbruns.server.events import EventsHandler
from nbruns.server.group_identity import HubIdentity, TokenIdentity, access_scopes
from nbruns.server.handlers import HealthHandler, ProtocolHandler
from nbruns.server.token_file import read_tokens

DEFAULT_PORT = 8780
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Setting:
    """What `nbruns serve` was asked for; None where nothing was said."""

    home: Path
    tokens: Path
    host: str | None = None
    port: int | None = None
    policy: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    is_of_hub: bool = False
    more: Sequence[str] = ()


class GroupApp(NbrunsApp):
    """The part of the extension that a group shares."""

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """None: what is set for somebody's notebooks is not meant for a group."""

    def initialize_settings(self) -> None:
        """Make what handlers share."""
        self._share_store()

    def initialize_handlers(self) -> None:
        """The protocol, at the root as well as below `nbruns/` as where notebooks are."""
        self.handlers.extend(
            [
                (r"/(?:nbruns/)?" + ARTIFACTS, ArtifactHandler),
                (r"/(?:nbruns/)?events", EventsHandler),
                (r"/(?:nbruns/)?health", HealthHandler),
                (r"/(?:nbruns/)?(.*)", ProtocolHandler),
            ]
        )

    async def _follow(self) -> None:
        """Close runs whose process on this machine is gone, for as long as the server runs."""
        missing: set[str] | None = None
        said = ""
        while True:
            pause_s = _LOOK_EVERY_S
            try:
                missing, said = await self.store.run(close_abandoned, missing), ""
            except NbrunsError as error:
                pause_s = RETRY_S
                if str(error) != said:
                    said = str(error)
                    self.log.error("nbruns keeps nothing for now. %s", said)
            await asyncio.sleep(pause_s)


class GroupServer(ServerApp):
    """Jupyter Server without kernels, files and pages."""

    # The one that could end the server from afar is among them.
    default_services = ()  # type: ignore[assignment]

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """None: what is set for somebody's notebooks is not meant for a group."""

    def init_signal(self) -> None:
        """Stop in order when told to, by whichever signal."""
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, self._signal_stop)

    def start_app(self) -> None:
        """Say where it is; Jupyter's own words are of notebooks."""
        JupyterApp.start(self)
        extension = _extension_of(self)
        self.log.info(
            "nbruns serves '%s' at %s (process %d)",
            *(extension.home, server_url(self).removesuffix("/"), os.getpid()),
        )
        if extension.store.policy is None:
            self.log.info("No policy is set: every user may do everything")
        if not self.certfile and not _is_loopback(self.ip):
            self.log.warning(
                "It listens on %s without TLS: tokens can be read on their way. Give it --certfile "
                "and --keyfile, or a proxy that has them",
                self.ip or "all addresses",
            )


def serve(setting: Setting) -> int:
    """Run a server until it is told to stop; InvalidValue for what cannot be done so."""
    config = _config_of(setting)
    server = GroupServer.instance(config=config)
    server.initialize(argv=list(setting.more), find_extensions=False)
    server.start()
    return 0


def _config_of(setting: Setting) -> Config:
    host, port, base_url = setting.host, setting.port, "/"
    identity: type[Any] = TokenIdentity
    if setting.is_of_hub:
        identity, (hubs_host, hubs_port, base_url) = HubIdentity, _place_of_service()
        host, port = host or hubs_host, port if port is not None else hubs_port
    else:
        read_tokens(setting.tokens)
    ours = {"home": str(setting.home)}
    if setting.policy is not None:
        ours["policy_file"] = str(setting.policy)
    jupyters = {
        "ip": host or "127.0.0.1",
        "port": DEFAULT_PORT if port is None else port,
        "port_retries": 0,
        "base_url": base_url,
        "certfile": str(setting.certificate or ""),
        "keyfile": str(setting.key or ""),
        "jpserver_extensions": {__name__: True},
        "reraise_server_extension_failures": True,
        "identity_provider_class": identity,
        # Known by their tokens, users may come by any name of the machine.
        "allow_remote_access": True,
        "allow_root": True,
        "open_browser": False,
        "cookie_secret": secrets.token_bytes(32),
    }
    return Config(
        {"ServerApp": jupyters, "NbrunsApp": ours, "TokenIdentity": {"file": str(setting.tokens)}}
    )


def _place_of_service() -> tuple[str | None, int | None, str]:
    """Where the hub wants its service: address, port and prefix, out of what it told the process.

    Raises InvalidValue where no hub has told it anything.
    """
    if not os.environ.get("JUPYTERHUB_API_URL"):
        raise InvalidValue(
            "JUPYTERHUB_API_URL is not set: --hub is for a service of a JupyterHub, which sets "
            "it for those it starts itself (for others set it as the hub's documentation says)"
        )
    access_scopes()
    place = urlsplit(os.environ.get("JUPYTERHUB_SERVICE_URL", ""))
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX") or "/"
    return place.hostname, place.port, prefix


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _extension_of(server: ServerApp) -> NbrunsApp:
    (extension,) = server.extension_manager.extension_apps[__name__]
    assert isinstance(extension, NbrunsApp)
    return extension


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """As Jupyter Server finds what it is to load."""
    return [{"module": __name__, "app": GroupApp}]
