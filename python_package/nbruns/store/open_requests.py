"""Requests that events overtake: what was asked for is there already, or cannot be any more.

Done by whoever makes the change, in the same transaction: a list of open requests is true.
"""

from __future__ import annotations

from nbruns.identity import acting_user, now_ms
from nbruns.records import Occasion
from nbruns.store.activity import ActivityLog
from nbruns.store.database import Database


def overtake(
    db: Database,
    activity: ActivityLog,
    number: int,
    why: str,
    *,
    version: int | None = None,
    target: str | None = None,
    removes: bool | None = None,
) -> None:
    """Close the open requests of a registered model that ask for this, or for anything."""
    rows = db.conn.execute(
        """
        update requests set state = 'overtaken', decided_ms = ?, decider = ?, decision = ?
        where state = 'pending'
        and history = (select history from registered_models where registered_number = ?)
        and (?5 is null or version = ?5)
        and (?6 is null or target = ?6)
        and (?7 is null or removes = ?7)
        returning request_number, version, target, requester
        """,
        (now_ms(), acting_user(), why, number, version, target, removes),
    ).fetchall()
    for request_id, of_version, asked, requester in rows:
        activity.add_of_model(
            "overtaken",
            number,
            version=of_version,
            target=asked,
            occasion=Occasion(why, requester, request_id),
        )
