"""What the store knows about models that are served: where a target stands, and its files.

The processes themselves are the server's (`server/serving/`); `control` and `query` are
its calls in the table of access.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbruns.endpoints import model_files
from nbruns.endpoints.model_files import ModelFiles
from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.identity import acting_user
from nbruns.permissions import LEVELS
from nbruns.protocol.fields import find, optional, optional_int, required
from nbruns.records import ModelVersion
from nbruns.store import Store
from nbruns.store.artifacts import SCHEME
from nbruns.store.registry_rules import ACTIVE_STAGES, IS_PROMPT, canonical_stage, check_alias

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """What is served: a version, or whatever an alias or a stage holds."""

    name: str
    version: int | None = None
    alias: str | None = None
    stage: str | None = None

    @property
    def is_followed(self) -> bool:
        """Whether another version can come to stand there."""
        return self.version is None

    @property
    def text(self) -> str:
        """As in a `models:/` address, which is also its id."""
        return f"{self.name}@{self.alias}" if self.alias else f"{self.name}/{self._which}"

    @property
    def _which(self) -> str:
        return self.stage if self.version is None else str(self.version)  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Standing:
    """The version that stands at a target, and its files."""

    version: int
    files: ModelFiles


def start(store: Store, body: Body) -> tuple[Target, Standing]:
    """POST serving/start, GET serving/fit: the `version` of `name`, or an `alias`, or a `stage`."""
    target = target_of(body)
    return target, standing(store, target)


def name_in(served_id: str) -> str:
    """The model's name in the id of something served."""
    name, _, _ = served_id.rpartition("/" if "/" in served_id else "@")
    if not name:
        raise InvalidValue(
            f"Invalid id '{served_id[:200]}': expected <name>@<alias>, <name>/<version> or "
            "<name>/<stage>"
        )
    return name


def control(store: Store, body: Body) -> Body:
    """POST serving/stop, restart and remove, GET serving/logs: of the model `name`."""
    return {}


def query(store: Store, body: Body) -> Body:
    """The served model's own calls, of the model `name`."""
    return {}


def listed(store: Store, body: Body) -> dict[str, bool]:
    """GET serving/list: those of the `names` the acting user may read, and whether change too."""
    policy, user, names = store.policy, acting_user(), list(body["names"])
    if policy is None:
        return dict.fromkeys(names, True)
    levels = {name: LEVELS.index(policy.level(user, "model", name)) for name in names}
    read, edit = LEVELS.index("READ"), LEVELS.index("EDIT")
    return {name: level >= edit for name, level in levels.items() if level >= read}


def target_of(body: Body) -> Target:
    """The one version, alias or stage a call names."""
    name = required(body, "name")
    given = [
        field for field in ("version", "alias", "stage") if find(body, field) not in (None, "")
    ]
    if len(given) != 1:
        said = " and ".join(f"'{field}'" for field in given) or "none of them"
        raise InvalidValue(f"Give one of 'version', 'alias' and 'stage': this call gives {said}")
    if given == ["version"]:
        return Target(name, version=optional_int(body, "version"))
    if alias := optional(body, "alias"):
        alias = alias.removeprefix("@")
        check_alias(alias)
        return Target(name, alias=alias)
    stage = canonical_stage(required(body, "stage"))
    if stage not in ACTIVE_STAGES:
        raise InvalidValue(f"The stage '{stage}' is not served: {' or '.join(ACTIVE_STAGES)} is")
    return Target(name, stage=stage)


def standing(store: Store, target: Target) -> Standing:
    """Which version stands there now; NotFound for none, InvalidState where it has no files."""
    version = _version_at(store, target)
    shown = f"version {version.version} of '{version.name}'"
    if version.tags.get(IS_PROMPT, "").lower() == "true":
        raise InvalidState(f"{shown} is a prompt, not a model")
    if not store.artifacts.canonical(version.artifact_uri).startswith(SCHEME):
        raise InvalidState(
            f"The files of {shown} lie at '{version.artifact_uri[:200]}'. Models are loaded from "
            "this store's own artifacts only: log the model here and register it anew"
        )
    return Standing(
        version.version, model_files.read(store.artifacts.folder(version.artifact_uri), shown)
    )


def version_at(store: Store, target: Target) -> int:
    """The number of the version that stands there now; NotFound for none."""
    return _version_at(store, target).version


def _version_at(store: Store, target: Target) -> ModelVersion:
    if target.version is not None:
        return store.registry.get_version(target.name, target.version)
    if target.alias is not None:
        return store.registry.version_by_alias(target.name, target.alias)
    found = store.registry.latest_versions(target.name, [target.stage or ""])
    if not found:
        raise NotFound(f"No version of '{target.name}' is in the stage '{target.stage}'")
    return max(found, key=lambda version: version.version)
