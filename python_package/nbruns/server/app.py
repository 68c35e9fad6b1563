"""The server extension: what it adds to Jupyter Server, and what kernels inherit from it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from traitlets import Bool, Dict, Unicode, default

from nbruns.endpoints.guard import POLICY_VARIABLE
from nbruns.errors import NbrunsError
from nbruns.identity import home_folder
from nbruns.notebooks.canonical import kept_output_bytes
from nbruns.permissions import Policy
from nbruns.server.artifact_handlers import ArtifactHandler
from nbruns.server.events import Changes, EventsHandler
from nbruns.server.handlers import HealthHandler, ProtocolHandler
from nbruns.server.kernel_runs import KernelRuns
from nbruns.server.kernels import KernelFollower
from nbruns.server.panel_kernel import PanelKernels, PanelStartHandler
from nbruns.server.passing_handlers import InvocationsHandler, PingHandler, VersionHandler
from nbruns.server.policy_in_force import InForce, read_policy
from nbruns.server.revision_handlers import CopyHandler, RestoreHandler
from nbruns.server.scoring_handlers import SCORING
from nbruns.server.scoring_jobs import ScoringJobs
from nbruns.server.serving_handlers import SERVING_HANDLERS
from nbruns.server.static import PlotlyHandler
from nbruns.server.store_thread import ARTIFACT_BASE, StoreThread
from nbruns.server.tickets import Tickets
from nbruns.server.watched_file import WatchedFile
from nbruns.store.artifacts import Artifacts

RETRY_S = 10.0
ARTIFACTS = r"(?:ajax-)?api/[23]\.0/mlflow-artifacts/artifacts/(.+)"
_POLICY_LOOK_S = 1.0


class NbrunsApp(ExtensionApp):
    """Runs, notebooks' revisions and a model registry beside the notebooks."""

    name = "nbruns"
    description = "Experiment tracking, notebook revisions and a model registry."

    home = Unicode(
        help="""The folder of the store. Defaults to the environment's NBRUNS_HOME, else to
        the folder 'nbruns' in Jupyter's data directory."""
    ).tag(config=True)

    autolog = Bool(
        True, help="Whether kernels record fits as runs, unless their notebook says otherwise."
    ).tag(config=True)

    policy = Dict(
        help="""Who may do what with experiments and registered models, as a policy file has
        it. Without one everybody who is signed in may do everything."""
    ).tag(config=True)

    policy_file = Unicode(
        help="""A YAML file with the policy. Defaults to the environment's NBRUNS_POLICY. A
        policy that is wrong stops the server with the line at fault. It is read again when it
        changes; one that is wrong then leaves the one before in force."""
    ).tag(config=True)

    scoring: ScoringJobs | None = None
    _is_following = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._tasks: list[asyncio.Task[None]] = []
        self._environment_before: dict[str, str | None] = {}

    @default("policy_file")
    def _default_policy_file(self) -> str:
        return os.environ.get(POLICY_VARIABLE, "")

    @default("home")
    def _default_home(self) -> str:
        return str(home_folder())

    def initialize_settings(self) -> None:
        """Make what handlers share, and tell kernels where the store is."""
        assert self.serverapp is not None, "Jupyter links an extension to its server first"
        home, in_force = self._share_store()
        tickets = Tickets()
        self.scoring = ScoringJobs(home)
        self.settings.update(
            nbruns_scoring=self.scoring,
            nbruns_tickets=tickets,
            nbruns_panel=PanelKernels(self.serverapp, tickets, server_url),
        )
        page = self.settings.setdefault("page_config_data", {})
        page["nbrunsOutputLimit"] = str(kept_output_bytes())
        self.follower = KernelFollower(self.serverapp, self.store)
        # Which store it is; that MLflow uses it is for the kernels that have nbruns to say.
        told = {"NBRUNS_HOME": str(home)} | ({} if self.autolog else {"NBRUNS_AUTOLOG": "off"})
        if in_force.file is not None:
            told[POLICY_VARIABLE] = str(in_force.file)
        self._environment_before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)

    def _share_store(self) -> tuple[Path, InForce]:
        """Make what handlers need wherever they are; the store's home, and the policy."""
        assert self.serverapp is not None, "Jupyter links an extension to its server first"
        home = Path(self.home).expanduser().absolute()
        try:
            runtime_folder = Path(self.serverapp.runtime_dir)
            in_force = read_policy(self.policy, self.policy_file, runtime_folder, self.log)
        except NbrunsError as error:
            # To go on without the policy would let everybody in.
            self.log.critical("nbruns cannot use its policy. %s", error)
            self.exit(1)
        self.in_force = in_force
        self.store = StoreThread(home, in_force.policy)
        self.changes = Changes(home / "nbruns.db")
        self.kernel_runs = KernelRuns(self.serverapp, self.store)
        self.settings.update(
            nbruns_store=self.store,
            nbruns_artifacts=Artifacts(home / "artifacts", ARTIFACT_BASE),
            nbruns_events=self.changes,
            nbruns_kernel_runs=self.kernel_runs,
        )
        return home, in_force

    def initialize_handlers(self) -> None:
        """Everything lies under `<base_url>nbruns/`; what nobody knows is answered in JSON too."""
        self.handlers.extend(
            [
                (r"/nbruns/" + ARTIFACTS, ArtifactHandler),
                (r"/nbruns/events", EventsHandler),
                (r"/nbruns/health", HealthHandler),
                (r"/nbruns/api/1\.0/panel/start", PanelStartHandler),
                (r"/nbruns/api/1\.0/revisions/restore", RestoreHandler),
                (r"/nbruns/api/1\.0/revisions/copy", CopyHandler),
                *((rf"/nbruns/api/1\.0/scoring/{name}", made) for name, made in SCORING.items()),
                *((rf"/nbruns/api/1\.0/serving/{name}", one) for name, one in SERVING_HANDLERS),
                (r"/nbruns/serving/(.+)/invocations", InvocationsHandler),
                (r"/nbruns/serving/(.+)/ping", PingHandler),
                (r"/nbruns/serving/(.+)/version", VersionHandler),
                (r"/nbruns/static/plotly\.min\.js", PlotlyHandler),
                (r"/nbruns/(.*)", ProtocolHandler),
            ]
        )

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        self._tasks.append(asyncio.create_task(self._follow()))
        if self.in_force.watched is not None:
            self._tasks.append(asyncio.create_task(self._keep_policy(self.in_force.watched)))

    async def stop_extension(self) -> None:
        """Follow no longer, close the store and leave the environment as it was."""
        self.changes.close()
        for task in self._tasks:
            task.cancel()
        if self.scoring is not None:
            await self.scoring.close()
        if served := self.settings.get("nbruns_served"):
            await served.stop_all()
        if self._is_following:
            await self.follower.stop()
        await self.store.stop()
        for name, value in self._environment_before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    async def _keep_policy(self, file: WatchedFile[Policy]) -> None:
        """Go by what the policy's file says, from a second after it was written on."""
        while True:
            self.store.go_by(await asyncio.to_thread(file.look))
            await asyncio.sleep(_POLICY_LOOK_S)

    async def _follow(self) -> None:
        """Follow notebooks and kernels, from the moment on at which the store can be used."""
        said = ""
        while not self._is_following:
            try:
                await self.follower.start()
                self.kernel_runs.start()
                self._is_following = True
            except NbrunsError as error:
                if str(error) != said:
                    said = str(error)
                    self.log.error("nbruns keeps nothing for now. %s", said)
                await asyncio.sleep(RETRY_S)
            except Exception:
                # Whatever it is, the rest of the extension can do without.
                self.log.exception("nbruns does not follow notebooks and kernels")
                return


def server_url(serverapp: ServerApp) -> str:
    """Where a process on this machine reaches the extension."""
    if serverapp.sock:
        origin = f"http+unix://{quote(serverapp.sock, safe='')}"
    else:
        scheme = "https" if serverapp.certfile else "http"
        host = serverapp.ip if serverapp.ip not in ("", "0.0.0.0", "::", "*") else "127.0.0.1"
        origin = f"{scheme}://{f'[{host}]' if ':' in host else host}:{serverapp.port}"
    return url_path_join(origin, serverapp.base_url, "nbruns/")
