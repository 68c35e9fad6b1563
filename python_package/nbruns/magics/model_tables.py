"""Requests and the activity log of registered models as tables in a cell."""

from __future__ import annotations

from IPython.core.error import UsageError

import nbruns
from nbruns.magics.reach import check_reachable
from nbruns.magics.run_table import moment
from nbruns.magics.runs_here import registry_uri
from nbruns.magics.table import Table
from nbruns.records import Activity, TransitionRequest

_MOST_ROWS = 50


def requests_table(name: str | None, *, only_open: bool) -> Table:
    """The requests about a model, or about all: those that are open, or every one."""
    check_reachable(registry_uri())
    state = "pending" if only_open else None
    found = nbruns.requests(name, state=state, output_format="list")
    decided = [] if only_open else ["state", "decided by", "answer"]
    about = f" about '{name}'" if name else ""
    return Table(
        ["request", "model", "version", "wanted", "asked by", "asked", "comment", *decided],
        [_of_request(one, only_open=only_open) for one in found[:_MOST_ROWS]],
        nothing=f"No {'open ' if only_open else ''}requests{about}",
        more=_more(len(found), "nbruns.requests()"),
    )


def activity_table(name: str | None, version: str | None) -> Table:
    """What was done to a model, or to all."""
    check_reachable(registry_uri())
    if version is not None and not version.isdecimal():
        raise UsageError(f"%model_activity: '{version}' is no version: give its number, such as 3")
    found = nbruns.activity(
        name, version=version, kind="model", max_results=_MOST_ROWS + 1, output_format="list"
    )
    about = f" '{name}'" if name else " any registered model"
    of_version = f" version {version}" if version else ""
    return Table(
        ["when", "who", "what", "model", "version", "from", "to", "comment"],
        [_of_activity(one) for one in found[:_MOST_ROWS]],
        nothing=f"Nothing was done to{about}{of_version} yet",
        more=_more(len(found), "nbruns.activity()"),
    )


def _of_request(asked: TransitionRequest, *, only_open: bool) -> list[str]:
    row = [
        str(asked.request_id),
        asked.name,
        str(asked.version),
        f"no {asked.target}" if asked.removes else asked.target,
        asked.requester,
        moment(asked.asked_ms),
        asked.comment,
    ]
    return row if only_open else [*row, asked.state, asked.decider or "", asked.decision]


def _of_activity(one: Activity) -> list[str]:
    what = f"{one.action} {one.target}" if one.target else one.action
    return [
        moment(one.at_ms),
        one.user,
        what,
        one.subject,
        str(one.version or ""),
        one.before or "",
        one.after or "",
        one.comment,
    ]


def _more(count: int, call: str) -> str:
    return f"The newest {_MOST_ROWS} are shown; {call} has all" if count > _MOST_ROWS else ""
