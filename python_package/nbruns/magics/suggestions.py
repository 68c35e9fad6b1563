"""The values Tab knows: names of runs, keys they were logged under, names in the registry.

They are read from the newest runs of the notebook when Tab is pressed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from nbruns.kernel.session import current
from nbruns.magics import runs_here
from nbruns.magics.reach import check_reachable
from nbruns.magics.registered import models_of, registered_models, versions_of
from nbruns.records import Run

_LOOKED_AT = 100
_STATUSES = ["'RUNNING'", "'FINISHED'", "'FAILED'", "'KILLED'"]
_ATTRIBUTES = ("run_name", "status", "start_time", "end_time", "user_id", "run_id")


def suggest(kind: str, before: list[str]) -> list[str]:
    """The values of a kind; `before` are the words that stand before."""
    if not _is_near():
        return []
    if kind in _OF_REGISTRY:
        return _OF_REGISTRY[kind](before)
    known: dict[str, Callable[[Iterable[Run]], Iterable[str]]] = {
        "runs": lambda runs: (run.name for run in runs),
        "params": lambda runs: (f"{key}=" for run in runs for key in run.params),
        "metrics": lambda runs: (f"{p.key}=" for run in runs for p in run.metrics),
        "tags": lambda runs: (f"{key}=" for run in runs for key in run.tags if _is_own(key)),
    }
    return list(dict.fromkeys(known[kind](_runs())))


def filter_keys() -> list[str]:
    """What a filter may compare."""
    runs = _runs()
    metrics = (f"metrics.{_key(p.key)}" for run in runs for p in run.metrics)
    params = (f"params.{_key(key)}" for run in runs for key in run.params)
    tags = (f"tags.{_key(key)}" for run in runs for key in run.tags if _is_own(key))
    attributes = (f"attributes.{name}" for name in _ATTRIBUTES)
    return list(dict.fromkeys([*metrics, *params, *tags, *attributes]))


def filter_values(key: str) -> list[str]:
    """The values a key of a filter had, in quotes."""
    field, _, name = key.rpartition(".")
    if name == "status" and field in ("", "attributes", "attribute", "attr", "run"):
        return _STATUSES
    runs = _runs()
    if name == "run_name":
        found = [run.name for run in runs]
    elif field in ("params", "param"):
        found = [run.params[name] for run in runs if name in run.params]
    elif field in ("tags", "tag"):
        found = [run.tags[name] for run in runs if name in run.tags]
    else:
        found = []
    return [f"'{value}'" for value in dict.fromkeys(found) if "'" not in value]


def _runs() -> list[Run]:
    return runs_here.search(limit=_LOOKED_AT) if _is_near() else []


def _is_near() -> bool:
    """Whether the store answers soon: Tab must not wait for `import mlflow` or a dead server."""
    if current() is not None and runs_here.local_home(runs_here.tracking_uri()) is not None:
        return True
    if "mlflow" not in sys.modules:
        return False
    check_reachable()
    return True


def _names(before: list[str]) -> list[str]:
    return [name for name, _ in registered_models()]


def _versions(before: list[str]) -> list[str]:
    """The versions of the model that is named first."""
    return versions_of(before[0]) if before else []


def _stages(before: list[str]) -> list[str]:
    from nbruns.store.registry_rules import STAGES

    return list(STAGES)


def _open_requests(before: list[str]) -> list[str]:
    import nbruns

    return [str(one.request_id) for one in nbruns.requests(output_format="list")]


def _aliases(before: list[str]) -> list[str]:
    """The aliases of the model that is named before, or of all."""
    models = registered_models()
    named = [aliases for name, aliases in models if name in before]
    found = named or [aliases for _, aliases in models]
    return list(dict.fromkeys(alias for aliases in found for alias in aliases))


def _logged_models(before: list[str]) -> list[str]:
    """The models of the run that `--run` names."""
    if "--run" not in before[:-1]:
        return []
    run = runs_here.find(before[before.index("--run") + 1], "%run_register")
    return [model.name for model in models_of(run)]


_OF_REGISTRY: dict[str, Callable[[list[str]], list[str]]] = {
    "models": _names,
    "versions": _versions,
    "stages": _stages,
    "aliases": _aliases,
    "requests": _open_requests,
    "logged_models": _logged_models,
}


def _is_own(key: str) -> bool:
    """Whether a tag is the user's: ours and MLflow's are set by themselves."""
    return not key.startswith(("mlflow.", "nbruns."))


def _key(key: str) -> str:
    """A key as a filter spells it."""
    return key if key.replace("_", "").isalnum() else f"`{key}`"
