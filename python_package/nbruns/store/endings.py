"""How a run that did not end by itself is ended, and the words that say where it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbruns.identity import now_ms

if TYPE_CHECKING:
    from nbruns.records import RunStatus
    from nbruns.store import Store

END_REASON_TAG = "nbruns.end_reason"
_LONGEST = 500


def where_it_stood(store: Store, run_id: str, cell: int | None) -> str:
    """The last cell and the last step, as far as they are known."""
    steps = [point.step for point in store.metrics.latest(run_id)]
    words = f"; last cell [{cell}]" if cell else ""
    return words + (f"; last step {max(steps)}" if steps else "")


def keep_reason(store: Store, run_id: str, reason: str, cell: int | None) -> None:
    """Write down why a run ended, and where it stood."""
    words = reason[:_LONGEST] + where_it_stood(store, run_id, cell)
    store.runs.set_tags(run_id, {END_REASON_TAG: words})


def close(
    store: Store, run_id: str, status: RunStatus, reason: str, *, cell: int | None = None
) -> None:
    """End a run for whoever left it open."""
    keep_reason(store, run_id, reason, cell)
    store.runs.update(run_id, status=status, ended_ms=now_ms())
    store.hidden_state.tag(run_id)


def say_better(store: Store, kernel_id: str, reason: str, better: str) -> None:
    """Put the server's reason in place of a kernel's own, on the runs the kernel just ended."""
    with store.db.atomic():
        store.db.conn.execute(
            """
            update tags
            set value = ?1 || substr(value, length(?2) + 1)
            where key = ?3 and substr(value, 1, length(?2)) = ?2
            and run_number in (
                select r.run_number
                from tags kernel join runs r using (run_number)
                where kernel.key = 'nbruns.kernel' and kernel.value = ?4
                    and length(kernel.value) <= 100 and r.ended_ms > ?5
            )
            """,
            (better, reason, END_REASON_TAG, kernel_id, now_ms() - 60_000),
        )
