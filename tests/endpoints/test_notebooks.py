"""Our own calls about notebooks, on a real store without HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from nbruns.endpoints.routes import call
from nbruns.errors import InvalidValue, NotFound
from nbruns.records import ExecutedCell, Run
from nbruns.store import Store

CELL = {"cell_type": "code", "id": "a", "metadata": {}, "source": "x = 1", "outputs": []}
CONTENT: dict[str, Any] = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": [CELL]}


def ours(store: Store, method: str, where: str, /, **body: Any) -> dict[str, Any]:
    return call(store, method, f"api/1.0/{where}", body)


def captured(store: Store, run: Run, **more: Any) -> dict[str, Any]:
    body = {"run_id": run.run_id, "path": "a.ipynb", "content": CONTENT, **more}
    return ours(store, "POST", "revisions/capture", **body)["revision"]  # type: ignore[no-any-return]


def test_a_resolved_notebook_is_found_by_path_and_by_id(store: Store) -> None:
    made = ours(store, "POST", "notebooks/resolve", path="a.ipynb", cell_ids=["a"])["notebook"]

    assert ours(store, "GET", "notebooks/get", path="a.ipynb")["notebook"] == made
    found = ours(store, "GET", "notebooks/get", notebook_id=made["notebook_id"])
    assert found["notebook"] == made
    assert ours(store, "GET", "notebooks/list")["notebooks"] == [made]


def test_a_capture_is_tagged_on_its_run(store: Store, run: Run) -> None:
    revision = captured(store, run)

    assert store.runs.get(run.run_id).tags["nbruns.revision"] == revision["revision_id"]
    found = ours(store, "GET", "revisions/of-run", run_id=run.run_id)["revision"]
    assert found["revision_id"] == revision["revision_id"]


def test_a_run_started_elsewhere_learns_its_notebook(store: Store, run: Run) -> None:
    revision = captured(store, run)

    tags = store.runs.get(run.run_id).tags
    assert tags["nbruns.notebook"] == revision["notebook_id"]
    assert (tags["mlflow.source.name"], tags["mlflow.source.type"]) == ("a.ipynb", "NOTEBOOK")


def test_nothing_is_made_up_about_a_run_started_elsewhere(store: Store) -> None:  # F10
    body = {"experiment_id": "0", "tags": [{"key": "mlflow.source.name", "value": "model.R"}]}
    made = call(store, "POST", "api/2.0/mlflow/runs/create", body)["run"]["info"]
    captured(store, store.runs.get(made["run_id"]))

    run = store.runs.get(made["run_id"])
    assert run.user == ""
    assert run.tags["mlflow.source.name"] == "model.R"
    ours_only = {key for key in run.tags if key.startswith("nbruns.")}
    assert ours_only == {"nbruns.notebook", "nbruns.revision", "nbruns.code"}


def test_a_document_without_the_cell_that_started_the_run_is_another_one(
    store: Store, run: Run
) -> None:
    store.runs.set_tags(run.run_id, {"nbruns.cell": "a"})
    other = {**CONTENT, "cells": [{**CELL, "id": "b"}]}

    assert captured(store, run, path="b.ipynb", content=other) is None
    assert store.revisions.of_run(run.run_id) is None
    assert captured(store, run)["path"] == "a.ipynb"


def test_what_a_console_starts_is_kept_with_the_notebook_of_its_kernel(
    store: Store, run: Run
) -> None:
    notebook = ours(store, "POST", "notebooks/resolve", path="a.ipynb")["notebook"]
    store.kernels.bind("k", notebook["notebook_id"], "a.ipynb")
    told = {"nbruns.cell": "typed in a console", "nbruns.kernel": "k"}
    store.runs.set_tags(run.run_id, {**told, "nbruns.notebook": notebook["notebook_id"]})

    assert captured(store, run, path="b.ipynb") is None
    assert captured(store, run)["notebook_id"] == notebook["notebook_id"]


def test_a_run_that_names_no_cell_is_kept_with_its_own_notebook_alone(
    store: Store, run: Run
) -> None:
    ids = [
        ours(store, "POST", "notebooks/resolve", path=path)["notebook"]["notebook_id"]
        for path in ("a.ipynb", "b.ipynb")
    ]
    store.kernels.serve("k", ids, "b.ipynb")
    store.runs.set_tags(run.run_id, {"nbruns.kernel": "k", "nbruns.notebook": ids[0]})

    assert captured(store, run, path="b.ipynb") is None
    assert captured(store, run)["notebook_id"] == ids[0]


def test_the_end_of_a_run_brings_the_outputs(store: Store, run: Run) -> None:
    captured(store, run)
    shown = {"output_type": "stream", "name": "stdout", "text": "done"}
    end = captured(
        store, run, content={**CONTENT, "cells": [{**CELL, "outputs": [shown]}]}, reason="end"
    )

    whole = ours(store, "GET", "revisions/get", revision_id=end["revision_id"])
    assert whole["runs"] == [{"run_id": run.run_id, "name": "first", "moment": "end"}]
    assert whole["content"]["cells"][0]["outputs"] == [shown]
    assert store.runs.get(run.run_id).tags["nbruns.revision"] == end["revision_id"]


def test_revisions_are_listed_page_by_page_and_purged(store: Store, run: Run) -> None:
    first = captured(store, run)
    captured(store, run, content={**CONTENT, "cells": []}, reason="end")
    query = {"notebook_id": first["notebook_id"], "max_results": "1"}

    page = ours(store, "GET", "revisions/search", **query)
    rest = ours(store, "GET", "revisions/search", **query, page_token=page["next_page_token"])
    assert [one["revision_id"] for one in rest["revisions"]] == [first["revision_id"]]
    assert "next_page_token" not in rest

    ours(store, "POST", "revisions/purge", revision_id=first["revision_id"])
    with pytest.raises(NotFound):
        ours(store, "GET", "revisions/get", revision_id=first["revision_id"])


def test_what_ran_for_a_run_ends_with_it_and_with_its_process(store: Store, run: Run) -> None:
    store.runs.set_tags(run.run_id, {"nbruns.kernel": "k"})
    store.runs.update(run.run_id, status="FINISHED", ended_ms=2_000)
    times = [(10, 20), (900, 950), (900, 1_500), (900, 2_500), (3_000, 3_100)]
    store.kernels.record_cells(
        ExecutedCell("k", n, None, f"cell {n}", started, session_ms=session, position=n)
        for n, (session, started) in enumerate(times)
    )

    cells = ours(store, "GET", "kernels/executed", run_id=run.run_id)["cells"]

    assert [cell["source"] for cell in cells] == ["cell 1", "cell 2"]
    assert len(ours(store, "GET", "kernels/executed", kernel_id="k")["cells"]) == 5


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"content": None}, "'content'"),
        ({"content": {"cells": "none"}}, "'content'"),
        ({"content": {"cells": [1]}}, "not an object"),
        ({"reason": "middle"}, "'middle'"),
        ({"path": ""}, "'path'"),
    ],
)
def test_what_is_no_notebook_is_refused(
    store: Store, run: Run, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidValue, match=words):
        captured(store, run, **more)


def test_an_unknown_path_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match=r"'b\.ipynb'"):
        ours(store, "GET", "notebooks/get", path="b.ipynb")
