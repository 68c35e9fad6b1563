"""When a run is said not to be reproducible from top to bottom, and when not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from nbruns.notebooks.hidden_state import reasons
from nbruns.records import ExecutedCell


def document(*cells: str | dict[str, Any], minor: int = 5) -> dict[str, Any]:
    """Cells by their text, with ids 'c1', 'c2'…; a dict adds to a cell or says otherwise."""
    made = []
    for number, cell in enumerate(cells, 1):
        told = {"source": cell} if isinstance(cell, str) else cell
        made.append({"cell_type": "code", "id": f"c{number}", "metadata": {}, **told})
        if minor < 5:
            del made[-1]["id"]
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": made}


def ran(*cells: tuple[str | None, str] | str, outcome: str = "ok") -> list[ExecutedCell]:
    """Executions in order: of a cell's id and text, or of 'id text' or 'id text!' (it raised)."""
    found = []
    for at, cell in enumerate(cells):
        cell_id, text = cell.split(" ", 1) if isinstance(cell, str) else cell
        how = "error" if text.endswith("!") else outcome
        found.append(
            ExecutedCell("k", at + 1, cell_id, text.rstrip("!"), 10 * at, 5, how, 0, at + 1)  # type: ignore[arg-type]
        )
    return found


FOUR = document("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("content", "executed"),
    [
        pytest.param(FOUR, ran("c1 a", "c2 b", "c3 c", "c4 d"), id="restart and run all"),
        pytest.param(FOUR, [], id="nothing is known"),
        pytest.param(FOUR, ran("c2 b", "c4 d"), id="some cells were left out"),
        pytest.param(FOUR, ran("c1 a", "c2 b", "c2 b", "c2 b"), id="again in place"),
        pytest.param(FOUR, ran("c1 a", "c2 b", "c3 c", "c2 b"), id="again, as it was"),
        pytest.param(FOUR, ran("c1 a", "c2 b", "c3 c", "c1 a", "c3 c"), id="again from above"),
        pytest.param(FOUR, ran("c1 a", "c2 old", "c2 b"), id="edited and run again"),
        pytest.param(
            FOUR, ran("c1 a", "c2 b", "c3 old", "c4 d", "c3 c"), id="the loop of an experiment"
        ),
        pytest.param(
            FOUR, ran("c1 a", "c2 old", "c3 c", "c2 b", "c3 c"), id="edited, and all below again"
        ),
        pytest.param(FOUR, ran("c2 b!", "c1 a", "c2 b"), id="raised, for a name was missing"),
        pytest.param(FOUR, ran("c3 c!", "c1 a", "c2 b"), id="raised, and never ran again"),
        pytest.param(FOUR, ran("x typo!", "c1 a"), id="raised, and was deleted"),
        pytest.param(
            document("a", {"cell_type": "markdown", "source": "text"}, "%%time\nb", "!ls"),
            ran("c1 a", "c3 %%time\nb", "c4 !ls"),
            id="markdown and magics",
        ),
        pytest.param(document("a", "b", "a"), ran("c1 a", "c2 b", "c3 a"), id="duplicates"),
        pytest.param(
            document("a", "b", "a", minor=4),
            ran((None, "a"), (None, "b"), (None, "a")),
            id="duplicates without ids",
        ),
        pytest.param(
            document("a", "b", "c", minor=4),
            ran((None, "a"), (None, "old"), (None, "b"), (None, "c")),
            id="edited without ids",
        ),
        pytest.param(
            document("a", {"source": "", "metadata": {"tags": ["nbruns-skip"]}}, "c"),
            ran("c1 a", "c2 ", "c3 c"),
            id="a cell whose text is not kept",
        ),
        pytest.param(
            document("a", {"source": "secret", "metadata": {"tags": ["nbruns-skip"]}}, "c"),
            ran("c1 a", "c2 old", "c3 c"),
            id="a cell tagged after it ran",
        ),
        pytest.param(
            FOUR, ran("vsc:1 a", "vsc:2 b", "vsc:3 c"), id="a front end with ids of its own"
        ),
        pytest.param(document("a", "b"), ran("c1 a", "cut b"), id="cut and pasted"),
        pytest.param(document("a\nb", "c"), ran("c1 a\r\nb\n", "c2 c"), id="ends of lines"),
        pytest.param({"cells": [3, {"cell_type": "code"}]}, ran("c1 a"), id="no real notebook"),
        pytest.param(FOUR, ran("c1 a", "c2 b", outcome="running"), id="still running"),
    ],
)
def test_no_false_alarm(content: dict[str, Any], executed: list[ExecutedCell]) -> None:  # N2
    assert reasons(content, executed) == ()


@pytest.mark.parametrize(
    ("content", "executed", "words"),
    [
        (FOUR, ran("c1 a", "c3 c", "c2 b"), ["cell 3 ran before cell 2"]),
        (FOUR, ran("c4 d", "c1 a", "c2 b", "c3 c"), ["cell 4 ran before cells 1–3"]),
        (FOUR, ran("c3 c", "c4 d", "c1 a"), ["cells 3–4 ran before cell 1"]),
        (
            FOUR,
            ran("c1 a", "c2 old", "c3 c", "c2 b", "c4 d"),
            ["cell 3 ran before cell 2 was edited and ran again"],
        ),
        (
            FOUR,
            ran("c1 a", "c2 b", "c3 c", "c2 other", "c3 c", "c2 b", "c3 c", "c1 new", "c1 a"),
            [],
        ),
        (
            FOUR,
            ran("c1 a", "c2 b", "c2 other", "c3 c", "c2 b", "c4 d"),
            ["cell 3 ran before cell 2 was edited and ran again"],
        ),
        (FOUR, ran("c1 a", "c2 old", "c3 c"), ["cell 2 was edited after it ran"]),
        (FOUR, ran("c1 x", "c2 y", "c3 c"), ["cells 1–2 were edited after they ran"]),
        (FOUR, ran("c1 a", "x gone"), ["1 executed cell is not in the notebook"]),
        (
            FOUR,
            ran("c1 a", "x gone", "x gone 2", "y gone", "c2 b"),
            ["2 executed cells are not in the notebook"],
        ),
        (
            FOUR,
            ran("c1 a", (None, "console"), "c2 b"),
            ["1 executed cell is not in the notebook"],
        ),
        (
            FOUR,
            ran("c2 old", "c1 a", "x gone"),
            [
                "cell 2 ran before cell 1",
                "cell 2 was edited after it ran",
                "1 executed cell is not in the notebook",
            ],
        ),
        (
            document("a", {"source": "b", "cell_type": "markdown"}, "c"),
            ran("c2 b", "c3 c"),
            ["1 executed cell is not in the notebook"],
        ),
        (
            document("a", "b", "c", minor=4),
            ran((None, "c"), (None, "b")),
            ["cell 3 ran before cell 2"],
        ),
    ],
)
def test_what_is_sure_is_said(
    content: dict[str, Any], executed: list[ExecutedCell], words: list[str]
) -> None:  # N2
    assert list(reasons(content, executed)) == words


def test_many_reasons_are_counted() -> None:
    backwards = ran(*(f"c{n} {n}" for n in range(9, 0, -1)))

    found = reasons(document(*"123456789"), backwards)

    assert found[0] == "cells 2–9 ran before cell 1"
    assert found[-1] == "5 more out of order"
    assert len(found) == 4


def test_a_long_session_takes_no_time() -> None:
    content = document(*(f"text {n}" for n in range(400)))
    executed = ran(*(f"c{n % 400 + 1} text {n % 400}, once {n > 400}" for n in range(8_000, 0, -1)))

    began = time.perf_counter()
    assert reasons(content, executed)
    assert time.perf_counter() - began < 1
