"""Requests on stages by the paths and shapes of Databricks' workspace registry.

Clients written for it (its SDKs, R's brickster, curl in pipelines) name a request by model,
version and stage; ours name it by its id, and know aliases too.
"""

from __future__ import annotations

from typing import Any

from nbruns.endpoints.registry import comment, move_stage, version_number
from nbruns.endpoints.requests import may, says_archive
from nbruns.errors import NotFound
from nbruns.identity import acting_user
from nbruns.protocol.fields import optional, required
from nbruns.protocol.model_messages import registered_model_to_wire
from nbruns.records import TransitionRequest
from nbruns.store import Store
from nbruns.store.registry_rules import canonical_stage

Body = dict[str, Any]

_MOST_OPEN = 1_000
_ACTIVITIES = {
    "pending": "REQUESTED_TRANSITION",
    "approved": "APPROVED_REQUEST",
    "rejected": "REJECTED_REQUEST",
    "cancelled": "CANCELLED_REQUEST",
}
_ACTIONS = {
    "approve": "APPROVE_TRANSITION_REQUEST",
    "reject": "REJECT_TRANSITION_REQUEST",
    "cancel": "CANCEL_TRANSITION_REQUEST",
}
LEVELS = {"READ": "CAN_READ", "EDIT": "CAN_EDIT", "MANAGE": "CAN_MANAGE"}


def create(store: Store, body: Body) -> Body:
    """POST transition-requests/create."""
    asked = store.requests.create(
        *(required(body, "name"), version_number(body), canonical_stage(required(body, "stage"))),
        comment=comment(body),
    )
    return {"request": _request(store, asked)}


def list_open(store: Store, body: Body) -> Body:
    """GET transition-requests/list: the open ones of a version."""
    version = store.registry.get_version(required(body, "name"), version_number(body))
    page = store.requests.search(
        name=version.name, version=version.version, state="pending", limit=_MOST_OPEN
    )
    found = [_request(store, one) for one in page.items if not one.target.startswith("@")]
    return {"requests": found} if found else {}


def approve(store: Store, body: Body) -> Body:
    """POST transition-requests/approve: move the version."""
    asked = store.requests.approve(
        chosen(store, body, "approve").request_id,
        comment=comment(body),
        archives=says_archive(body),
    )
    return {"activity": _activity(store, asked)}


def reject(store: Store, body: Body) -> Body:
    """POST transition-requests/reject."""
    asked = chosen(store, body, "reject")
    asked = store.requests.reject(asked.request_id, comment=comment(body))
    return {"activity": _activity(store, asked)}


def delete(store: Store, body: Body) -> Body:
    """DELETE transition-requests/delete: take back what `creator` has asked for."""
    asked = chosen(store, body, "cancel")
    asked = store.requests.cancel(asked.request_id, comment=comment(body))
    return {"activity": _activity(store, asked)}


def transition_stage(store: Store, body: Body) -> Body:
    """POST databricks/model-versions/transition-stage: with a comment."""
    return {"model_version": move_stage(store, body)["model_version"]}


def get_model(store: Store, body: Body) -> Body:
    """GET databricks/registered-models/get: with what the acting user may do."""
    model = store.registry.get_model(required(body, "name"))
    level = "MANAGE"
    if store.policy is not None:
        level = store.policy.level(acting_user(), "model", model.name)
    wire = registered_model_to_wire(model) | {"permission_level": LEVELS[level]}
    return {"registered_model_databricks": wire}


def open_requests(store: Store, body: Body) -> list[TransitionRequest]:
    """The open requests a call means, the first made first."""
    page = store.requests.search(
        name=required(body, "name"),
        # No number of ours is that large, and SQLite would not take it.
        version=min(version_number(body), 2**63 - 1),
        target=canonical_stage(required(body, "stage")),
        state="pending",
        requester=optional(body, "creator") or None,
        limit=_MOST_OPEN,
    )
    return page.items[::-1]


def chosen(store: Store, body: Body, action: str) -> TransitionRequest:
    """The first of them that the acting user may do this with, else the first; or NotFound."""
    found = open_requests(store, body)
    if not found:
        raise NotFound(
            f"Nobody has an open request to move version {version_number(body)} of "
            f"'{required(body, 'name')}' to {canonical_stage(required(body, 'stage'))}"
        )
    return next((one for one in found if action in may(store, one)), found[0])


def _request(store: Store, asked: TransitionRequest) -> Body:
    return {
        "creation_timestamp": asked.asked_ms,
        "user_id": asked.requester,
        "activity_type": _ACTIVITIES["pending"],
        "comment": asked.comment,
        "to_stage": asked.target,
        "id": str(asked.request_id),
        "available_actions": [_ACTIONS[one] for one in may(store, asked)],
    }


def _activity(store: Store, asked: TransitionRequest) -> Body:
    """The row of the log that tells of a decision."""
    told = store.activity.search(request_id=asked.request_id, action=asked.state, limit=1).items[0]
    return {
        "id": str(told.activity_number),
        "creation_timestamp": told.at_ms,
        "last_updated_timestamp": told.at_ms,
        "user_id": told.user,
        "activity_type": _ACTIVITIES[asked.state],
        "comment": told.comment,
        "from_stage": told.before,
        "to_stage": asked.target,
    }
