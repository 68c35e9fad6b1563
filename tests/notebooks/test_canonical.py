"""What counts in a notebook, and that taking it apart loses nothing that does."""

from __future__ import annotations

from typing import Any

import pytest

from nbruns.notebooks.canonical import SkippedCells, cell_ids, join, split, with_executed
from nbruns.records import ExecutedCell


def code(cell_id: str, text: str, **more: Any) -> dict[str, Any]:
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {**blank, "id": cell_id, "source": text, **more}


def notebook(*cells: dict[str, Any], minor: int = 5) -> dict[str, Any]:
    return {"metadata": {"a": 1}, "nbformat": 4, "nbformat_minor": minor, "cells": list(cells)}


def ran(cell_id: str | None, source: str, count: int = 1) -> ExecutedCell:
    return ExecutedCell("k", count, cell_id, source, started_ms=0)


RESULT = {"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {}}


def test_a_notebook_taken_apart_is_the_same_when_joined() -> None:
    content = notebook(
        code("a", "1 + 1", outputs=[{**RESULT, "execution_count": 3}], execution_count=3),
        {
            "cell_type": "markdown",
            "id": "b",
            "metadata": {"tags": ["x"]},
            "source": "![](attachment:a.png)",
            "attachments": {"a.png": {"image/png": "AAAA"}},
        },
        code("c", "s = '\ud800 ünï 💾'"),
    )
    parts = split(content)

    assert join(parts.frame, parts.cells) == content


@pytest.mark.parametrize(
    "change",
    [
        {"execution_count": 9},
        {"metadata": {"collapsed": True}},
        {"metadata": {"execution": {"iopub.execute_input": "2026-01-01"}}},
        {"source": ["1 +", " 1"]},
    ],
    ids=["counter", "collapsed", "timing", "lines"],
)
def test_what_changes_with_each_execution_is_no_change(change: dict[str, Any]) -> None:
    before, after = notebook(code("a", "1 + 1")), notebook(code("a", "1 + 1", **change))

    assert split(after).digest == split(before).digest


@pytest.mark.parametrize(
    ("change", "is_code"),
    [
        ({"source": "1 + 2"}, True),
        ({"cell_type": "raw"}, True),
        ({"outputs": [RESULT]}, False),
        ({"metadata": {"tags": ["x"]}}, False),
    ],
    ids=["source", "type", "outputs", "tags"],
)
def test_what_a_reader_sees_is_a_change(change: dict[str, Any], is_code: bool) -> None:
    before, after = (
        split(notebook(code("a", "1 + 1"))),
        split(notebook(code("a", "1 + 1", **change))),
    )

    assert after.digest != before.digest
    assert (after.code_digest != before.code_digest) is is_code


def test_a_cell_tagged_to_be_skipped_is_kept_without_its_text() -> None:
    tagged = code("a", "SECRET = 1", outputs=[RESULT], metadata={"tags": ["nbruns-skip"]})
    parts = split(notebook(tagged, code("b", "x")))

    kept = join(parts.frame, parts.cells)["cells"][0]
    assert (kept["source"], kept["outputs"], kept["id"]) == ("", [], "a")


@pytest.mark.parametrize(
    ("cell_id", "text", "is_held"),
    [
        ("a", "edited since", True),
        ("b", "SECRET = 1", False),  # a cell of the file with that text of its own
        (None, "SECRET = 1\n", True),  # papermill, nbconvert
        ("vscode-notebook-cell:1", "SECRET = 1", True),
        (None, "x", False),
        (None, "", False),
    ],
)
def test_a_skipped_cell_is_known_by_its_id_or_else_by_its_text(
    cell_id: str | None, text: str, is_held: bool
) -> None:
    tagged = code("a", "SECRET = 1", metadata={"tags": ["nbruns-skip"]})
    skipped = SkippedCells(notebook(tagged, code("b", "x"), code("c", "")))

    assert skipped.hold(cell_id, text) is is_held


@pytest.mark.parametrize("cells", [None, 1, ["text"], [{"id": ["a"], "source": "x"}]])
def test_a_file_of_odd_cells_has_no_skipped_ones(cells: object) -> None:
    assert not SkippedCells({"cells": cells}).hold("a", "x")


def test_outputs_over_the_limit_are_left_out_and_say_so() -> None:
    large = {"output_type": "stream", "name": "stdout", "text": "x" * 5_000}
    parts = split(
        notebook(code("a", "1", outputs=[large]), code("b", "2", outputs=[RESULT])), 4_000
    )

    first, second = join(parts.frame, parts.cells)["cells"]
    assert "left out" in first["outputs"][0]["text"]
    assert second["outputs"][0]["data"] == RESULT["data"]


def test_outputs_are_switched_off_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBRUNS_OUTPUT_LIMIT", "0")
    parts = split(notebook(code("a", "1", outputs=[RESULT])))

    assert "text/plain" not in str(join(parts.frame, parts.cells))


def test_five_megabytes_of_outputs_are_kept() -> None:
    figure = {"output_type": "display_data", "data": {"text/html": "p" * 5_000_000}, "metadata": {}}
    content = notebook(code("a", "1", outputs=[figure]))
    parts = split(content)

    assert join(parts.frame, parts.cells) == content


def test_ids_count_only_where_the_format_keeps_them() -> None:
    assert cell_ids(notebook(code("a", "1"))) == ["a"]
    assert cell_ids(notebook(code("a", "1"), minor=4)) == []


def test_the_executed_text_stands_in_the_cell_that_ran() -> None:
    saved = notebook(code("a", "old", outputs=[RESULT]), code("b", "same", outputs=[RESULT]))

    joined = with_executed(saved, [ran("a", "older"), ran("a", "new", 2), ran("b", "same", 3)])

    assert [cell["source"] for cell in joined["cells"]] == ["new", "same"]
    assert [cell["outputs"] for cell in joined["cells"]] == [[], [RESULT]]
    assert saved["cells"][0]["source"] == "old"


def test_executed_cells_the_file_does_not_hold_follow_at_the_end() -> None:
    joined = with_executed(
        notebook(code("a", "1")), [ran("z", "2"), ran(None, "1"), ran(None, "3")]
    )

    assert [cell["source"] for cell in joined["cells"]] == ["1", "2", "3"]


def test_without_a_file_the_executed_cells_are_the_notebook() -> None:
    joined = with_executed(None, [ran("a", "1"), ran("b", "2")])

    assert [cell["id"] for cell in joined["cells"]] == ["a", "b"]
    assert joined["nbformat"] == 4


@pytest.mark.parametrize(
    "content",
    [
        {"nbformat": "4", "nbformat_minor": 5, "cells": [{"id": "a"}]},
        {"nbformat": None, "cells": []},
        {"nbformat": 4, "nbformat_minor": 5, "cells": None},
        {"nbformat": 4, "nbformat_minor": 5, "cells": ["a", None, {"id": ["a"]}, {"id": 7}, {}]},
    ],
)
def test_what_is_no_id_is_passed_over(content: dict[str, Any]) -> None:
    assert cell_ids(content) == []
