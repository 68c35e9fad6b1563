"""What changed between two notebooks, as a reader would tell it."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from nbruns.notebooks.diff import CellChange, diff

SHOWN = {"output_type": "stream", "name": "stdout", "text": "two\nlines"}


def code(cell_id: str | None, text: str, **more: Any) -> dict[str, Any]:
    named = {"id": cell_id} if cell_id else {}
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {**blank, **named, "source": text, **more}


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    minor = 5 if any("id" in cell for cell in cells) else 4
    return {"metadata": metadata, "nbformat": 4, "nbformat_minor": minor, "cells": list(cells)}


def kinds(changes: tuple[CellChange, ...]) -> list[tuple[str, int | None, int | None]]:
    return [(one.kind, one.old_position, one.new_position) for one in changes]


ABC = [code("a", "x = 1"), code("b", "y = 2"), code("c", "z = 3")]


def test_nothing_changed() -> None:
    found = diff(notebook(*ABC), notebook(*ABC))

    assert found.words() == "unchanged"
    assert found.other_words() == ""
    assert found.changes == ()
    assert [cell.kind for cell in found.cells] == ["same"] * 3


def test_cells_are_edited_added_and_removed() -> None:
    new = notebook(code("a", "x = 10"), code("new", "import numpy"), code("c", "z = 3\nz"))

    found = diff(notebook(*ABC), new)

    assert kinds(found.cells) == [
        ("edited", 1, 1),
        ("removed", 2, None),
        ("added", None, 2),
        ("edited", 3, 3),
    ]
    assert found.words() == "cells 1, 3 edited, 1 added, 1 removed"
    assert (found.cells[0].old_source, found.cells[0].new_source) == ("x = 1", "x = 10")
    assert [line.kind for line in found.cells[0].lines] == ["removed", "added"]


@pytest.mark.parametrize(
    ("order", "words"),
    [("bca", "1 cell moved"), ("cab", "1 cell moved"), ("cba", "2 cells moved")],
)
def test_as_few_cells_as_possible_have_moved(order: str, words: str) -> None:
    by_id = {cell["id"]: cell for cell in ABC}

    assert diff(notebook(*ABC), notebook(*(by_id[one] for one in order))).words() == words


def test_a_cell_that_moved_and_was_edited_is_edited() -> None:
    found = diff(notebook(*ABC), notebook(ABC[1], ABC[2], code("a", "x = 5")))

    assert found.words() == "cell 3 edited"
    assert [cell.is_moved for cell in found.changes] == [True]


def test_what_execution_left_is_told_apart_from_what_was_written() -> None:
    new = [
        code("a", "x = 1", outputs=[SHOWN]),
        code("b", "y = 2", metadata={"tags": ["t"]}),
        code("c", "z = 3", execution_count=7, metadata={"scrolled": True}),
    ]

    found = diff(notebook(*ABC), notebook(*new, kernelspec={"name": "r"}))

    assert [cell.kind for cell in found.cells] == ["outputs", "metadata", "same"]
    assert found.words() == "unchanged"
    assert found.other_words() == "outputs of 1 cell, metadata of 1 cell, the notebook's metadata"


def test_what_the_kernel_says_of_its_language_is_no_change() -> None:
    old, new = ({"name": "python", "version": version} for version in ("3.11", "3.12"))

    found = diff(notebook(*ABC, language_info=old), notebook(*ABC, language_info=new))

    assert found.other_words() == ""


def test_a_text_in_lines_is_the_text() -> None:
    in_lines = {**SHOWN, "text": ["two\n", "lines"]}
    old = notebook(code("a", "x\ny", outputs=[SHOWN]))

    assert diff(old, notebook(code("a", ["x\n", "y"], outputs=[in_lines]))).changes == ()  # type: ignore[arg-type]


def test_a_file_without_ids_is_followed_by_its_texts() -> None:
    texts = ["import mlflow", "rate = 0.1\nfit(rate)", "show()", "score(model, test)"]
    old = notebook(*(code(None, text) for text in texts))
    new = notebook(
        *(code(None, text) for text in ["import mlflow", "score(model, test)"]),
        *(code(None, text) for text in ["rate = 0.5\nfit(rate)", "show()", "extra = {}"]),
    )

    found = diff(old, new)

    assert found.words() == "cell 3 edited, 1 added, 1 moved"
    assert found.cells[0].cell_id is None


def test_ids_that_another_tool_made_anew_are_no_new_cells() -> None:
    new = [code("p", "x = 1"), code("q", "fit(y, rate=0.2)"), code("r", "z = 3")]
    old = [code("a", "x = 1"), code("b", "fit(y, rate=0.1)"), code("c", "z = 3")]

    assert diff(notebook(*old), notebook(*new)).words() == "cell 2 edited"


def test_a_cell_cut_and_pasted_elsewhere_has_moved() -> None:
    assert diff(notebook(*ABC), notebook(*ABC[1:], code("z", "x = 1"))).words() == "1 cell moved"


def test_a_new_cell_is_new_however_much_it_resembles_one_that_is_gone() -> None:
    new = notebook(ABC[0], code("d", "y = 3"), ABC[2])

    assert diff(notebook(*ABC), new).words() == "1 cell added, 1 removed"


def test_a_cell_turned_into_text_is_edited() -> None:
    found = diff(
        notebook(*ABC), notebook({**ABC[0], "cell_type": "markdown", "source": "x = 1"}, *ABC[1:])
    )

    assert found.words() == "cell 1 edited"
    assert found.changes[0].cell_type == "markdown"


def test_the_text_of_a_skipped_cell_is_not_compared() -> None:
    secret = {"metadata": {"tags": ["nbruns-skip"]}}
    found = diff(notebook(code("a", "", **secret)), notebook(code("a", "password", **secret)))

    assert found.changes == ()
    assert found.cells[0].is_skipped


def test_long_lists_of_cells_are_told_in_ranges_or_counted() -> None:
    cells = [code(f"c{number}", f"v{number} = 1") for number in range(40)]

    def edited(*positions: int) -> str:
        new = [
            {**cell, "source": "other"} if at in positions else cell
            for at, cell in enumerate(cells, 1)
        ]
        return diff(notebook(*cells), notebook(*new)).words()

    assert edited(4, 5, 6, 9) == "cells 4–6, 9 edited"
    assert edited(*range(1, 40, 2)) == "20 cells edited"


@pytest.mark.parametrize(
    "content",
    [{}, {"cells": None}, {"cells": [None, 3, {"id": 7, "source": None, "metadata": None}]}],
)
def test_what_is_hardly_a_notebook_is_compared_all_the_same(content: dict[str, Any]) -> None:
    assert diff(content, content).words() == "unchanged"
    diff(content, notebook(*ABC))
    diff(notebook(*ABC), content)


class TestLargeOnes:
    """A notebook of a thousand cells, a cell of a megabyte: not seconds."""

    def edited(self, ids: bool) -> tuple[dict[str, Any], dict[str, Any]]:
        chance = random.Random(1)
        words = [f"name{number}" for number in range(300)]
        texts = [
            "\n".join(" ".join(chance.choices(words, k=8)) for _ in range(20)) for _ in range(1_000)
        ]
        new = [text.replace("name1", "other") for text in texts]
        return (
            notebook(*(code(f"a{n}" if ids else None, text) for n, text in enumerate(texts))),
            notebook(*(code(f"a{n}" if ids else None, text) for n, text in enumerate(new))),
        )

    @pytest.mark.parametrize("ids", [True, False])
    def test_a_thousand_cells_that_all_changed(self, ids: bool) -> None:
        old, new = self.edited(ids)
        began = time.process_time()

        found = diff(old, new)

        assert time.process_time() - began < 2
        assert found.words() == "cells 1–1000 edited"
        assert [cell.new_position for cell in found.cells] == list(range(1, 1_001))

    def test_a_megabyte_in_a_cell(self) -> None:
        text = "\n".join(f"row {number}: some words in this line" for number in range(30_000))
        began = time.process_time()

        (cell,) = diff(
            notebook(code("a", text)), notebook(code("a", text.replace("row 15000:", "row x:")))
        ).changes

        assert [line.kind for line in cell.lines if line.kind != "same"] == ["removed", "added"]
        assert time.process_time() - began < 2
