"""The same notebook, a move, a copy, or a new one."""

from __future__ import annotations

import pytest

from nbruns.notebooks.lineage import Known, Met, decide, marks


def known(
    path: str, cells: str, *, there: bool = True, deleted: bool = False, file_id: str | None = None
) -> Known:
    return Known(path, path, file_id, there, deleted, frozenset(cells))


def met(path: str, cells: str, file_id: str | None = None, *, blank: bool = False) -> Met:
    return Met(path, file_id, frozenset(cells), blank)


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
        # A new notebook that got the name of a deleted one, and one that stays.
        (met("a", "", blank=True), [known("a", "xyz", deleted=True, there=False)], "new", None),
        (met("a", "", blank=True), [known("a", "xyz")], "same", "a"),
        # Restored from the bin into another folder.
        (met("b", "xyz"), [known("a", "xyz", deleted=True, there=False)], "moved", "a"),
        # Another notebook was moved into its place, or the two were swapped.
        (met("a", "pqr"), [known("a", "xyz"), known("b", "pqr", there=False)], "moved", "b"),
        (
            met("a", "p", "2"),
            [known("a", "x", file_id="1"), known("b", "p", file_id="2")],
            "moved",
            "b",
        ),
        (met("a", "xyz"), [known("a", "xyz"), known("b", "xyz", there=False)], "same", "a"),
        # A copy of a copy.
        (met("b-Copy1", "xyz"), [known("a", "xyz"), known("b", "xyz")], "copied", "b"),
        # Much was added to it, or deleted, before it was met again.
        (met("b", "xyzpqrstuvw"), [known("a", "xyz", there=False)], "moved", "a"),
        (met("b", "xy"), [known("a", "xyzpqrstuvw")], "copied", "a"),
        (met("b", "xyzp"), [known("a", "xy"), known("c", "xyz")], "copied", "c"),
    ],
)
def test_verdicts(found: Met, others: list[Known], verdict: str, of: str | None) -> None:
    decided, one = decide(found, others)

    assert (decided, one and one.notebook_id) == (verdict, of)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ({"nbformat": 4, "nbformat_minor": 5, "cells": [{"id": "a"}, {"id": "b"}]}, 2),
        ({"nbformat": 4, "nbformat_minor": 4, "cells": [{"source": ["x" * 40]}, {}]}, 1),
        ({"nbformat": "4", "cells": [3, {"source": "too short"}]}, 0),
        ({"cells": "none"}, 0),
        ({"cells": [{"source": 3}]}, 0),
        (["a list"], 0),
        (None, 0),
    ],
)
def test_what_a_notebook_is_known_by(content: object, count: int) -> None:
    assert len(set(marks(content))) == count
