"""The same notebook, a move, a copy, or a new one."""

from __future__ import annotations

import pytest

from nbruns.notebooks.lineage import Known, Met, decide


def known(
    path: str, cells: str, *, there: bool = True, deleted: bool = False, file_id: str | None = None
) -> Known:
    return Known(path, path, file_id, there, deleted, frozenset(cells))


def met(path: str, cells: str, file_id: str | None = None) -> Met:
    return Met(path, file_id, frozenset(cells))


@pytest.mark.parametrize(
    ("found", "others", "verdict", "of"),
    [
        (met("a", "xyz"), [known("a", "xyz")], "same", "a"),
        (met("a", "xyz"), [known("a", "pqr")], "same", "a"),
        (met("a", ""), [known("a", "xyz", deleted=True)], "same", "a"),
        (met("a", "xyz"), [known("a", "xyw", deleted=True)], "same", "a"),
        (met("a", "xyz"), [known("a", "pqr", deleted=True)], "new", None),
        (met("b", "xyz"), [known("a", "xyz", there=False)], "moved", "a"),
        (met("b", "xyzw"), [known("a", "xyz", there=False)], "moved", "a"),
        (met("b", "xyz"), [known("a", "xyz")], "copied", "a"),
        (met("b", "xyz"), [known("a", "xpq")], "new", None),
        (met("b", ""), [known("a", "", there=False)], "new", None),
        (met("b", "", "f1"), [known("a", "xyz", there=False, file_id="f1")], "moved", "a"),
        (met("b", "", "f1"), [known("a", "xyz", file_id="f1")], "new", None),
        (met("c", "xyz"), [known("a", "xyz"), known("b", "xyz", there=False)], "moved", "b"),
        (met("c", "xyz"), [known("a", "xyz"), known("b", "xyzw")], "copied", "a"),
        (met("a", "xyz"), [], "new", None),
    ],
)
def test_verdicts(found: Met, others: list[Known], verdict: str, of: str | None) -> None:
    decided, one = decide(found, others)

    assert (decided, one and one.notebook_id) == (verdict, of)
