"""What a restore leaves behind, and above all what it must not take away."""

from __future__ import annotations

from typing import Any

import pytest

from nbruns.errors import InvalidValue
from nbruns.notebooks.canonical import as_kept
from nbruns.notebooks.restoring import restored, with_cell

SECRET = {"tags": ["nbruns-skip"]}


def code(cell_id: str, text: str, **metadata: Any) -> dict[str, Any]:
    shape = {"cell_type": "code", "outputs": [], "execution_count": None}
    return {**shape, "id": cell_id, "metadata": metadata, "source": text}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": list(cells)}


def texts(content: dict[str, Any]) -> list[str]:
    return [cell["source"] for cell in content["cells"]]


def test_a_restore_brings_the_revision() -> None:
    revision = notebook(code("a", "1"), code("b", "2"))

    assert restored(revision, notebook(code("b", "3"), code("c", "4"))) == revision


def test_a_cell_in_which_nothing_differs_stays_as_it_is() -> None:
    large = {"output_type": "stream", "name": "stdout", "text": "x" * 9_000_000}
    same = {**code("a", "1", collapsed=True), "execution_count": 7, "outputs": [large]}
    revision = as_kept(notebook({**code("a", "1"), "outputs": [large]}, code("b", "2")))

    back = restored(revision, notebook(code("b", "9"), same))

    assert back["cells"] == [same, code("b", "2")]


def test_the_present_text_of_a_skipped_cell_stays() -> None:
    revision = as_kept(notebook(code("a", "1"), code("s", "old secret", **SECRET)))
    present = notebook(code("s", "new secret", **SECRET), code("a", "9"))

    assert texts(restored(revision, present)) == ["1", "new secret"]


@pytest.mark.parametrize("tagged_now", [True, False])
def test_a_cell_skipped_then_or_now_stays_as_it_is_now(tagged_now: bool) -> None:
    revision = as_kept(notebook(code("s", "then", **({} if tagged_now else SECRET))))
    present = notebook(code("s", "now", **(SECRET if tagged_now else {})))

    assert restored(revision, present) == present


def test_a_skipped_cell_the_revision_does_not_know_stays_behind_its_neighbour() -> None:
    revision = notebook(code("a", "1"), code("b", "2"), code("c", "3"))
    present = notebook(
        code("top", "key", **SECRET),
        code("c", "3"),
        code("new", "x"),
        code("s", "password", **SECRET),
        code("t", "token", **SECRET),
    )

    assert texts(restored(revision, present)) == ["key", "1", "2", "3", "password", "token"]


def test_a_cell_is_taken_into_the_place_of_the_one_it_was() -> None:
    revision = notebook(code("a", "old"), code("b", "2"))
    present = notebook(code("b", "3"), code("a", "new"))

    assert texts(with_cell(present, revision, 1)) == ["3", "old"]


@pytest.mark.parametrize(("position", "expected"), [(1, "xbc"), (3, "bxc"), (5, "bcx")])
def test_a_cell_that_is_gone_comes_back_behind_its_neighbour(position: int, expected: str) -> None:
    texts_then = ["one", "bee", "two", "sea", "three"]
    revision = notebook(*(code(text[0] + text[1], text) for text in texts_then))
    present = notebook(code("be", "bee"), code("se", "sea"))

    taken = texts(with_cell(present, revision, position))

    letters = {"bee": "b", "sea": "c"}
    assert "".join(letters.get(text, "x") for text in taken) == expected


def test_a_cell_without_id_is_taken_into_its_likeness() -> None:
    def bare(text: str) -> dict[str, Any]:
        return {k: v for k, v in code("", text).items() if k != "id"}

    revision = {**notebook(bare("fit(model, rate=0.1)")), "nbformat_minor": 4}
    present = {**notebook(bare("load()"), bare("fit(model, rate=0.5)")), "nbformat_minor": 4}

    taken = with_cell(present, revision, 1)

    assert texts(taken) == ["load()", "fit(model, rate=0.1)"]
    assert "id" not in taken["cells"][1]


def test_the_text_of_a_skipped_cell_cannot_be_taken() -> None:
    revision = as_kept(notebook(code("s", "secret", **SECRET)))

    with pytest.raises(InvalidValue, match="nbruns-skip"):
        with_cell(notebook(code("s", "secret", **SECRET)), revision, 1)


@pytest.mark.parametrize("position", [0, 2])
def test_a_cell_that_never_was_cannot_be_taken(position: int) -> None:
    with pytest.raises(InvalidValue, match=f"'{position}'"):
        with_cell(notebook(), notebook(code("a", "1")), position)
