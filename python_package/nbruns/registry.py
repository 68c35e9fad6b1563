"""The rules of the model registry from Python: requests, decisions, and what was done.

    import nbruns
    asked = nbruns.request_transition("churn", 3, alias="champion", comment="two points better")
    nbruns.approve(asked.request_id, comment="agreed")      # somebody else
    nbruns.holder("churn", alias="champion", at="2026-05-03")

Asked of the registry MLflow's client uses: the store's file, or a server. MLflow's client
moves versions as ever; `move` and `remove` here can say why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from nbruns.errors import InvalidState, InvalidValue, NbrunsError
from nbruns.protocol.errors import CODES
from nbruns.protocol.model_messages import version_from_wire
from nbruns.protocol.names import OWN_PREFIX
from nbruns.records import Activity, ModelVersion, TransitionRequest

_PAGE = 1_000
_MLFLOW = "api/2.0/mlflow/"


def move(
    name: str,
    version: int | str,
    *,
    stage: str | None = None,
    alias: str | None = None,
    archive_existing_versions: bool = False,
    comment: str = "",
) -> ModelVersion:
    """Move a version to a stage, or point an alias at it; the version as it then stands.

    The log keeps the comment. Raises NotPermitted where a rule says who may: ask then with
    `request_transition`.
    """
    which: dict[str, Any] = {"name": name, "version": str(version)}
    if _checked_alias(stage, alias, archive_existing_versions) is None:
        where = {"stage": stage, "archive_existing_versions": archive_existing_versions}
        body = which | where | {"comment": comment}
        reply = _ask("POST", "model-versions/transition-stage", body, prefix=_MLFLOW)
    else:
        body = which | {"alias": str(alias).removeprefix("@"), "comment": comment}
        _ask("POST", "registered-models/alias", body, prefix=_MLFLOW)
        reply = _ask("GET", "model-versions/get", which, prefix=_MLFLOW)
    return version_from_wire(reply["model_version"])


def remove(name: str, *, alias: str, comment: str = "") -> None:
    """Take an alias away from the version that has it; out of a stage leads `move` to 'None'."""
    body = {"name": name, "alias": alias.removeprefix("@"), "comment": comment}
    _ask("DELETE", "registered-models/alias", body, prefix=_MLFLOW)


def request_transition(
    name: str,
    version: int | str,
    *,
    stage: str | None = None,
    alias: str | None = None,
    remove: bool = False,
    archive_existing_versions: bool = False,
    comment: str = "",
) -> TransitionRequest:
    """Ask that a version be moved to a stage, or given an alias (with `remove`: lose it)."""
    body = {
        "name": name,
        "version": str(version),
        "stage": stage,
        "alias": alias,
        "remove": remove,
        "archive_existing_versions": archive_existing_versions,
        "comment": comment,
    }
    return _request(_ask("POST", "requests/create", body))


def approve(
    request: TransitionRequest | int,
    *,
    comment: str = "",
    archive_existing_versions: bool | None = None,
) -> TransitionRequest:
    """Grant a request: its move is made. `archive_existing_versions` overrules what it says."""
    archive = {"archive_existing_versions": archive_existing_versions}
    return _decide("approve", request, comment, archive)


def reject(request: TransitionRequest | int, *, comment: str = "") -> TransitionRequest:
    """Say no to a request."""
    return _decide("reject", request, comment, {})


def cancel(request: TransitionRequest | int, *, comment: str = "") -> TransitionRequest:
    """Take a request of one's own back."""
    return _decide("cancel", request, comment, {})


def requests(
    name: str | None = None,
    *,
    version: int | str | None = None,
    stage: str | None = None,
    alias: str | None = None,
    state: str | None = "pending",
    requester: str | None = None,
    output_format: str = "pandas",
) -> Any:
    """Requests, the newest first, as a DataFrame, or (`output_format="list"`) as records.

    The open ones, unless `state` says otherwise: approved, rejected, cancelled, overtaken,
    or None for all.
    """
    query = {
        "name": name,
        "version": version,
        "stage": stage,
        "alias": alias,
        "state": state,
        "requester": requester,
    }
    found = [_request({"request": one}) for one in _pages("requests/search", "requests", query)]
    return _as(output_format, found, TransitionRequest, ("asked_ms", "decided_ms"))


def activity(
    model: str | None = None,
    *,
    version: int | str | None = None,
    user: str | None = None,
    action: str | None = None,
    kind: str | None = None,
    since: datetime | str | int | None = None,
    until: datetime | str | int | None = None,
    max_results: int = 1_000,
    output_format: str = "pandas",
) -> Any:
    """What was done, the newest first, as a DataFrame, or (`output_format="list"`) as records.

    A model is found under every name it has had, also after it is gone. Kind "model" leaves
    out what was done to anything but registered models. Moments are
    datetimes, texts such as '2026-05-03' in local time, or milliseconds.
    """
    query = {
        "kind": kind or ("model" if version is not None else None),
        "model": model,
        "version": version,
        "user": user,
        "action": action,
        "since_ms": _moment(since),
        "until_ms": _moment(until),
    }
    rows = _pages("activity/search", "activities", query, most=max_results)
    return _as(output_format, [Activity(**row) for row in rows], Activity, ("at_ms",))


def holder(
    name: str,
    *,
    stage: str | None = None,
    alias: str | None = None,
    at: datetime | str | int | None = None,
) -> list[int]:
    """The versions that held a stage or an alias of a model at a moment, or now."""
    query = {"name": name, "stage": stage, "alias": alias, "at_ms": _moment(at)}
    found: list[int] = _ask("GET", "registry/holder", query)["versions"]
    return found


def rights(name: str, *, alias: str | None = None) -> dict[str, Any]:
    """What you may do with a model: `level`, and of each target whether you may move there.

    The targets are the stages, the aliases it has, and the one that is named.
    """
    aliases = None if alias is None else [alias]
    return _ask("GET", "registry/rights", {"name": name, "aliases": aliases})


def _decide(
    action: str, request: TransitionRequest | int, comment: str, more: dict[str, Any]
) -> TransitionRequest:
    request_id = request.request_id if isinstance(request, TransitionRequest) else request
    body = {"request_id": request_id, "comment": comment} | more
    return _request(_ask("POST", f"requests/{action}", body))


def _request(reply: dict[str, Any]) -> TransitionRequest:
    known = TransitionRequest.__dataclass_fields__
    return TransitionRequest(**{k: v for k, v in reply["request"].items() if k in known})


def _pages(
    call: str, name: str, query: dict[str, Any], *, most: int | None = None
) -> Iterator[dict[str, Any]]:
    """All rows of a search, or the first `most` of them."""
    count, token = 0, None
    while most is None or count < most:
        size = _PAGE if most is None else min(_PAGE, most - count)
        reply = _ask("GET", call, query | {"max_results": size, "page_token": token})
        yield from reply[name]
        count += len(reply[name])
        token = reply.get("next_page_token")
        if token is None:
            return


def _checked_alias(stage: str | None, alias: str | None, archives: bool) -> str | None:
    """The alias to move; None where it is a stage."""
    if stage and alias:
        raise InvalidValue(f"Name a stage or an alias, not both ('{stage}', '{alias}')")
    if not stage and not alias:
        raise InvalidValue("Name where to: stage='Production', or alias='champion'")
    if alias and archives:
        raise InvalidValue(
            f"Nothing can be archived for the alias '{alias}': archive_existing_versions is "
            "for stages"
        )
    return alias or None


def _moment(at: datetime | str | int | None) -> int | None:
    if at is None or isinstance(at, int):
        return at
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        return int(moment.timestamp() * 1_000)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidValue(
            f"'{at}' is no moment: give a datetime, a text such as '2026-05-03 14:00', or "
            "milliseconds since 1970"
        ) from error


def _as(output_format: str, found: list[Any], kind: type[Any], times: tuple[str, ...]) -> Any:
    if output_format == "list":
        return found
    if output_format != "pandas":
        raise InvalidValue(f"Invalid output_format '{output_format}': 'pandas' or 'list'")
    try:
        import pandas as pd
    except ImportError as error:
        raise InvalidState(
            "A DataFrame needs pandas: install it, or ask for output_format='list'"
        ) from error
    names = list(kind.__dataclass_fields__)
    frame = pd.DataFrame([[getattr(one, name) for name in names] for one in found], columns=names)
    for name in times:
        moments = pd.to_datetime(frame.pop(name), unit="ms", utc=True)
        frame.insert(names.index(name), name.removesuffix("_ms"), moments)
    return frame


def _ask(
    method: str, call: str, fields: dict[str, Any], *, prefix: str = OWN_PREFIX
) -> dict[str, Any]:
    """The reply to a call (of ours, or below `prefix`) from the registry MLflow's client uses."""
    import mlflow

    given = {name: value for name, value in fields.items() if value is not None}
    uri = str(mlflow.get_registry_uri())
    if uri.partition(":")[0] == "nbruns":
        from nbruns.endpoints.routes import call as answer
        from nbruns.mlflow_store.homes import store_at

        return answer(store_at(uri), method, prefix + call, given)
    if uri.startswith(("http://", "https://")):
        return _ask_server(uri, method, prefix + call, given)
    raise InvalidState(
        f"The registry '{uri}' is not one of nbruns: set MLFLOW_REGISTRY_URI to nbruns: or to "
        "a server's address"
    )


def _ask_server(uri: str, method: str, call: str, given: dict[str, Any]) -> dict[str, Any]:
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    sent = {"params": given} if method == "GET" else {"json": given}
    answer = http_request(
        host_creds=get_default_host_creds(uri),
        endpoint=f"/{call}",
        method=method,
        **sent,
    )
    try:
        told: dict[str, Any] = json.loads(answer.text)
    except ValueError as error:
        raise InvalidState(f"'{uri}' is no server of nbruns: it knows no requests") from error
    if answer.status_code == 200:
        return told
    for kind, (code, _) in CODES.items():
        if code == told.get("error_code"):
            raise kind(told["message"])
    raise NbrunsError(str(told.get("message") or f"'{uri}' answered {answer.status_code}"))
