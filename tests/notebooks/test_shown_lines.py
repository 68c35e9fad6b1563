"""What IPython shows of a skipped cell in the traceback of another one."""

from __future__ import annotations

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from nbruns.notebooks.canonical import as_kept
from nbruns.records import NotebookContent

SECRET = "def connect():\n    key = 'hunter'\n    raise OSError('refused' or 'hunter')  # comment"
CALL = "1 + 1\nconnect()"


def code(cell_id: str, source: str, *tags: str, **more: object) -> dict[str, object]:
    metadata = {"tags": list(tags)}
    return {"cell_type": "code", "id": cell_id, "metadata": metadata, "source": source, **more}


def read(output: dict[str, object]) -> str:
    """A traceback as a reader sees it."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))  # type: ignore[call-overload]


def notebook(*cells: dict[str, object]) -> NotebookContent:
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": list(cells)}


@pytest.fixture(params=["Context", "Plain", "Verbose"])
def failed(request: pytest.FixtureRequest) -> dict[str, object]:
    """The output of a cell that failed in a function of another one, as IPython shows it."""
    shell = InteractiveShell()
    shell.InteractiveTB.set_mode(mode=request.param)
    shown: list[str] = []
    shell._showtraceback = lambda _, __, lines: shown.extend(lines)  # type: ignore[method-assign]
    shell.run_cell(SECRET)
    shell.run_cell(CALL)
    return {"output_type": "error", "ename": "OSError", "evalue": "refused", "traceback": shown}


def test_its_lines_are_left_out_and_the_others_stay(failed: dict[str, object]) -> None:
    called = code("b", CALL, outputs=[failed])
    assert "hunter" in read(failed)

    kept = as_kept(notebook(code("a", SECRET, "nbruns-skip"), called))["cells"][1]

    shown = read(kept["outputs"][0])
    assert "hunter" not in shown
    assert "raise" not in shown
    assert "(not kept: the cell is tagged nbruns-skip)" in shown
    assert "connect" in shown
    assert "OSError" in shown


def test_where_nothing_is_skipped_all_of_it_stays(failed: dict[str, object]) -> None:
    whole = notebook(code("a", SECRET), code("b", CALL, outputs=[failed]))

    assert as_kept(whole)["cells"][1]["outputs"] == [failed]
