"""The models runs have logged, and the names they are registered under."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, NamedTuple

from IPython.core.error import UsageError

import nbruns
from nbruns.errors import InvalidState, NotFound, Unsupported
from nbruns.magics import runs_here
from nbruns.protocol.model_messages import models_in_tags
from nbruns.protocol.names import SOURCE_NAME_TAG
from nbruns.records import Run
from nbruns.rules import check_registry_tag

_MOST_NAMES = 1_000
_LOOKED_THROUGH = 100
_HOW_TO_LOG = 'mlflow.sklearn.log_model(model, name="model")'


class Model(NamedTuple):
    """A model of a run; without an id where an older MLflow logged it as files of the run."""

    name: str
    model_id: str
    source: str


class Wish(NamedTuple):
    """How a version is to be registered: under which name, and what is said of it."""

    name: str
    alias: str = ""
    description: str = ""
    tags: Mapping[str, str] = MappingProxyType({})
    comment: str = ""


class Version(NamedTuple):
    """What came out of a registration; an alias that needs approval was requested."""

    name: str
    number: str
    alias: str
    request_id: int | None = None


def registered_models() -> list[tuple[str, list[str]]]:
    """The names in the registry, each with its aliases."""
    with runs_here.local_store(runs_here.registry_uri()) as store:
        if store is not None:
            from nbruns.conditions import Search

            page = store.registry.search_models(Search(), limit=_MOST_NAMES, token=None)
            return [(model.name, list(model.aliases)) for model in page.items]
    import mlflow

    found = mlflow.MlflowClient().search_registered_models(max_results=_MOST_NAMES)
    return [(model.name, list(model.aliases)) for model in found]


def versions_of(name: str) -> list[str]:
    """The numbers of a name's versions, the newest first."""
    with runs_here.local_store(runs_here.registry_uri()) as store:
        if store is not None:
            from nbruns.protocol.filters import parse_search
            from nbruns.protocol.grammar import VERSIONS

            asked = parse_search(_named(name), ["version_number DESC"], VERSIONS)
            page = store.registry.search_versions(asked, limit=_MOST_NAMES)
            return [str(version.version) for version in page.items]
    import mlflow

    found = mlflow.MlflowClient().search_model_versions(_named(name), max_results=_MOST_NAMES)
    return sorted((str(version.version) for version in found), key=int, reverse=True)


def run_to_register(reference: str | None) -> Run:
    """The run that is named; else the active one, else the notebook's newest."""
    if reference:
        return runs_here.find(reference, "%run_register")
    import mlflow

    active = mlflow.active_run()
    if active is not None:
        return runs_here.run_of(mlflow.get_run(active.info.run_id))
    return runs_here.newest("%run_register")


def models_of(run: Run) -> list[Model]:
    """The models a run logged, oldest first."""
    import mlflow

    client = mlflow.MlflowClient()
    logged = [client.get_logged_model(link.model_id) for link in run.model_outputs]
    logged.sort(key=lambda model: model.creation_timestamp)
    found = [Model(one.name, one.model_id, f"models:/{one.model_id}") for one in logged]
    # What an MLflow before 3 left: folders of the run.
    folders = models_in_tags(run.tags)
    return found or [Model(path, "", f"{run.artifact_uri}/{path}") for path in folders]


def chosen_model(run: Run, wanted: str | None) -> Model:
    """The model to register: the only one, or the one asked for by its name or id."""
    models = models_of(run)
    if not models:
        raise UsageError(f"%run_register: run '{run.name}' has logged no model; {_way_out()}")
    if wanted:
        meant = [m for m in models if m.model_id.startswith(wanted)] or [
            m for m in models if m.name == wanted
        ]
    else:
        meant = models
    if len(meant) == 1:
        return meant[0]
    named = ", ".join(f"'{m.name}'" + (f" ({m.model_id})" if m.model_id else "") for m in models)
    if not meant:
        raise UsageError(f"%run_register: run '{run.name}' has no model '{wanted}'; it has {named}")
    raise UsageError(
        f"%run_register: run '{run.name}' has {len(models)} models: {named}; "
        "choose one with --model and its name or id"
    )


def register(run: Run, model: Model, wish: Wish) -> Version:
    """Make the next version of a name, and point an alias at it, or ask for that."""
    from mlflow import MlflowClient

    wish = wish._replace(name=wish.name or _notebooks_name(run), alias=wish.alias.lstrip("@"))
    _check(wish)
    client = MlflowClient()
    may_point = not wish.alias or _may_point(wish.name, wish.alias)
    _make_name(client, wish.name)
    version = client.create_model_version(
        wish.name,
        model.source,
        run_id=run.run_id,
        tags=dict(wish.tags),
        description=wish.description or None,
        model_id=model.model_id or None,
        await_creation_for=0,
    )
    number, request_id = str(version.version), None
    if wish.alias and may_point:
        _point(client, wish, number)
    elif wish.alias:
        request_id = nbruns.request_transition(
            wish.name, number, alias=wish.alias, comment=wish.comment
        ).request_id
    return Version(wish.name, number, wish.alias, request_id)


def _may_point(name: str, alias: str) -> bool:
    """Whether the rules let the user move the alias; a registry that is not ours has none."""
    try:
        targets = nbruns.registry.rights(name, alias=alias)["targets"]
    except (InvalidState, NotFound, Unsupported):
        return True
    return bool(targets[f"@{alias}"]["move"])


def _point(client: Any, wish: Wish, number: str) -> None:
    if wish.comment:
        nbruns.move(wish.name, number, alias=wish.alias, comment=wish.comment)
    else:
        client.set_registered_model_alias(wish.name, wish.alias, number)


def _named(name: str) -> str:
    """The filter that finds a name's versions; a name with both quotes in it has none."""
    quote = '"' if "'" in name else "'"
    return f"name = {quote}{name}{quote}"


def _make_name(client: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"):
            raise


def _check(wish: Wish) -> None:
    """Refuse what the registry would, before half of it is made."""
    from nbruns.panel.registry import alias_trouble, name_trouble

    trouble = name_trouble(wish.name) or (wish.alias and alias_trouble(wish.alias))
    if trouble:
        raise UsageError(f"%run_register: {trouble}")
    for key, value in wish.tags.items():
        check_registry_tag(key, value)


def _notebooks_name(run: Run) -> str:
    """The name of the notebook's file, as far as a model can be called so."""
    stem = PurePath(run.tags.get(SOURCE_NAME_TAG, "")).stem
    return re.sub(r"[/:]", "-", stem) or "model"


def _way_out() -> str:
    """How to get a model to register."""
    how = f"log one in the run: {_HOW_TO_LOG}"
    others = (run for run in runs_here.search(limit=_LOOKED_THROUGH) if run.model_outputs)
    newest = next(others, None)
    if newest is None:
        return how
    return f"{how}. The newest run with a model is '{newest.name}': --run \"{newest.name}\""
