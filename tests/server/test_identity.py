"""Which notebook a run belongs to, whatever becomes of files, sessions and kernels."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

from jupyter_process import connected
from notebook_kernel import code_cell, execute
from served_notebook import ServedNotebook, experiment_name, tags

Open = Callable[..., ServedNotebook]

_ended = 0


def cells(name: str) -> list[dict[str, Any]]:
    return [code_cell(f"{name}-{number}", f"{name} = {number}") for number in range(3)]


def run_of(notebook: ServedNotebook, cell: str | None = None) -> dict[str, Any]:
    """A run that was started in a notebook, and ended."""
    global _ended  # noqa: PLW0603
    _ended += 1
    run = notebook.start_run(f"run {_ended}", **({} if cell is None else {"cell": cell}))
    notebook.run("mlflow.end_run()")
    return run


def experiment_of(run: dict[str, Any]) -> str:
    return str(run["info"]["experiment_id"])


def known_at(server: Any, path: str) -> dict[str, Any] | None:
    status, reply = server.ask("GET", f"api/1.0/notebooks/get?path={path}")
    return reply["notebook"] if status == 200 else None


def until_known(server: Any, path: str, is_right: Callable[[dict[str, Any]], bool]) -> None:
    until = time.monotonic() + 10
    while not ((found := known_at(server, path)) and is_right(found)):
        assert time.monotonic() < until, found
        time.sleep(0.05)


def test_a_notebook_moved_by_mv_keeps_its_experiment(opened: Open, live_server: Any) -> None:  # F2
    notebook = opened("mv.ipynb", *cells("mv"))
    before = run_of(notebook)
    (live_server.work / "into").mkdir()
    (live_server.work / "mv.ipynb").rename(live_server.work / "into" / "moved.ipynb")

    again = opened("into/moved.ipynb")
    after = run_of(again)
    stale = run_of(notebook)

    assert experiment_of(after) == experiment_of(before) == experiment_of(stale)
    assert experiment_name(live_server, after) == "moved"
    assert tags(stale)["mlflow.source.name"].endswith("/into/moved.ipynb")


def test_a_notebook_moved_by_git_mv_keeps_its_experiment(opened: Open, live_server: Any) -> None:
    notebook = opened("tracked.ipynb", *cells("git"))
    before = run_of(notebook)

    def git(*words: str) -> None:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *who, *words], cwd=live_server.work, check=True, capture_output=True)

    git("init")
    git("add", "tracked.ipynb")
    git("commit", "-m", "first")
    git("mv", "tracked.ipynb", "renamed.ipynb")
    git("commit", "-m", "second")
    # Another branch brings it back: a new file, with a new number, of the same cells.
    git("checkout", "-b", "other")

    after = run_of(opened("renamed.ipynb"))

    assert experiment_of(after) == experiment_of(before)
    assert experiment_name(live_server, after) == "renamed"


def test_a_notebook_without_cell_ids_is_followed_by_its_text(
    opened: Open, live_server: Any
) -> None:
    text = "a text long enough to know a notebook by"
    cell = {"cell_type": "markdown", "metadata": {}, "source": text}
    old = {"metadata": {}, "nbformat": 4, "nbformat_minor": 4, "cells": [cell]}
    (live_server.work / "older.ipynb").write_text(json.dumps(old))
    before = run_of(opened("older.ipynb"))
    (live_server.work / "older.ipynb").rename(live_server.work / "newer.ipynb")

    after = run_of(opened("newer.ipynb"))

    assert experiment_of(after) == experiment_of(before)


def test_a_notebook_follows_its_folder_while_a_run_is_active(
    opened: Open, live_server: Any
) -> None:
    (live_server.work / "p").mkdir()
    notebook = opened("p/inside.ipynb", *cells("inside"))
    active = notebook.start_run("active in a folder")

    notebook.ask("PATCH", "contents/p", {"path": "q"})
    notebook.ask(
        "PATCH", f"sessions/{notebook.session['id']}", {"path": "q/inside.ipynb", "name": "inside"}
    )
    notebook.run("mlflow.log_metric('b', 2)\nmlflow.end_run()")
    after = run_of(notebook)

    assert experiment_of(after) == experiment_of(active)
    assert tags(after)["mlflow.source.name"].endswith("/work/q/inside.ipynb")


def test_a_name_given_by_hand_outlives_a_rename(opened: Open, live_server: Any) -> None:
    notebook = opened("plain.ipynb", *cells("plain"))
    run = run_of(notebook)
    named = {"experiment_id": experiment_of(run), "new_name": "The churn study"}
    live_server.ask("POST", "api/2.0/mlflow/experiments/update", named)

    notebook.rename("plainer.ipynb")
    until_known(live_server, "plainer.ipynb", lambda found: True)

    assert experiment_name(live_server, run_of(notebook)) == "The churn study"


def test_a_copy_says_of_which_notebook_and_revision(opened: Open, live_server: Any) -> None:
    original = opened("model.ipynb", *cells("model"))
    run = run_of(original)
    content = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": cells("model")}
    body = {"run_id": run["info"]["run_id"], "path": "model.ipynb", "content": content}
    revision = live_server.ask("POST", "api/1.0/revisions/capture", body)[1]["revision"]
    original.ask("POST", "contents/", {"copy_from": "model.ipynb"})

    copied = run_of(opened("model-Copy1.ipynb"))

    path = f"api/2.0/mlflow/experiments/get?experiment_id={experiment_of(copied)}"
    said = live_server.ask("GET", path)[1]["experiment"]
    told = {tag["key"]: tag["value"] for tag in said["tags"]}
    assert said["name"] == "model-Copy1"
    assert told["nbruns.forked_from"].endswith("model.ipynb")
    assert told["nbruns.forked_revision"] == revision["revision_id"]
    assert experiment_of(run_of(original)) == experiment_of(run)


def test_a_session_that_is_ahead_of_its_file_waits_for_it(opened: Open, live_server: Any) -> None:
    """As "Save As" does in some versions of JupyterLab: first the session, then the file."""
    notebook = opened("first.ipynb", *cells("saved as"))
    before = run_of(notebook)
    path = "second.ipynb"
    notebook.ask("PATCH", f"sessions/{notebook.session['id']}", {"path": path, "name": path})
    time.sleep(1.5)  # what follows the sessions looks once a second
    assert known_at(live_server, path) is None

    (live_server.work / path).write_bytes((live_server.work / "first.ipynb").read_bytes())
    until_known(live_server, path, lambda found: found["forked_from"] is not None)
    after = run_of(notebook)

    assert experiment_of(after) != experiment_of(before)
    assert experiment_name(live_server, after) == "second"
    found = known_at(live_server, path)
    assert found is not None
    assert found["forked_from"] == tags(before)["nbruns.notebook"]


def test_a_deleted_notebook_that_is_restored_has_its_experiment_again(
    opened: Open, live_server: Any
) -> None:
    notebook = opened("lost.ipynb", *cells("lost"))
    before = run_of(notebook)
    saved = (live_server.work / "lost.ipynb").read_bytes()
    notebook.ask("DELETE", f"sessions/{notebook.session['id']}")
    notebook.ask("DELETE", "contents/lost.ipynb")

    (live_server.work / "restored").mkdir()
    (live_server.work / "restored" / "found.ipynb").write_bytes(saved)
    after = run_of(opened("restored/found.ipynb"))

    assert experiment_of(after) == experiment_of(before)


def test_a_new_untitled_notebook_is_not_the_deleted_one(opened: Open, live_server: Any) -> None:
    first = opened("Untitled.ipynb", *cells("untitled"))
    before = run_of(first)
    first.ask("DELETE", f"sessions/{first.session['id']}")
    first.ask("DELETE", "contents/Untitled.ipynb")
    made = first.ask("POST", "contents/", {"type": "notebook"})
    assert made["path"] == "Untitled.ipynb"

    second = opened("Untitled.ipynb")
    run = run_of(second, cell="not saved yet")
    second.rename("named.ipynb")
    until_known(live_server, "named.ipynb", lambda found: True)
    named = run_of(second)

    assert experiment_of(run) != experiment_of(before)
    assert experiment_of(named) == experiment_of(run)
    assert experiment_name(live_server, named) == "named"


def test_a_notebook_in_a_folder_of_a_taken_name_is_told_apart(
    opened: Open, live_server: Any
) -> None:
    (live_server.work / "deep" / "er").mkdir(parents=True)
    above = run_of(opened("same.ipynb", *cells("above")))
    below = run_of(opened("deep/er/same.ipynb", *cells("below")))

    assert experiment_name(live_server, above) == "same"
    assert experiment_name(live_server, below) == "er/same"
    assert tags(below)["mlflow.source.name"].endswith("/work/deep/er/same.ipynb")


class SharedKernel:
    """A further front end on a notebook's kernel: another notebook, or a console."""

    def __init__(self, notebook: ServedNotebook, path: str, kind: str = "notebook") -> None:
        kernel = {"id": notebook.kernel_id}
        body = {"path": path, "name": path, "type": kind, "kernel": kernel}
        self.session = notebook.ask("POST", "sessions", body)
        server = notebook.server
        self.client = connected(server.folder / "runtime" / f"kernel-{notebook.kernel_id}.json")

    def run(self, code: str, cell: str | None = None) -> str:
        reply = execute(self.client, code, cell=cell)
        assert reply.error == "", reply.error
        return reply.stdout.strip()

    def close(self) -> None:
        self.client.stop_channels()


START = "import mlflow\nwith mlflow.start_run() as run: pass\nprint(run.info.run_id)"


def found_run(server: Any, run_id: str) -> dict[str, Any]:
    return server.ask("GET", f"api/2.0/mlflow/runs/get?run_id={run_id}")[1]["run"]  # type: ignore[no-any-return]


def test_two_notebooks_on_one_kernel_keep_their_runs_apart(opened: Open, live_server: Any) -> None:
    first = opened("left.ipynb", *cells("left"))
    first.ask("PUT", "contents/right.ipynb", {"type": "notebook", "content": notebook_of("right")})
    second = SharedKernel(first, "right.ipynb")
    until_known(live_server, "right.ipynb", lambda found: True)
    time.sleep(0.2)  # the kernel's notebooks are written right after they are known

    ids = [
        first.run(START, cell="left-0").stdout.strip(),
        second.run(START, cell="right-1"),
        # Cells that are not saved yet are known by the connection they come over.
        first.run(START, cell="new on the left").stdout.strip(),
        second.run(START, cell="new on the right"),
    ]
    second.close()

    names = [experiment_name(live_server, found_run(live_server, one)) for one in ids]
    assert names == ["left", "right", "left", "right"]


def test_two_notebooks_on_one_kernel_keep_their_documents_apart(
    opened: Open, live_server: Any
) -> None:
    first = opened("up.ipynb", *cells("up"))
    first.ask("PUT", "contents/down.ipynb", {"type": "notebook", "content": notebook_of("down")})
    second = SharedKernel(first, "down.ipynb")
    until_known(live_server, "down.ipynb", lambda found: True)
    time.sleep(0.2)
    run_id = second.run(START, cell="down-1")

    def capture(name: str) -> Any:
        body = {"run_id": run_id, "path": f"{name}.ipynb", "content": notebook_of(name)}
        return live_server.ask("POST", "api/1.0/revisions/capture", body)[1]["revision"]

    assert capture("up") is None
    revision = capture("down")
    second.close()

    assert revision["path"] == "down.ipynb"
    found = known_at(live_server, "down.ipynb")
    assert found is not None
    assert revision["notebook_id"] == found["notebook_id"]


def test_what_a_console_starts_belongs_to_the_notebook_of_its_kernel(
    opened: Open, live_server: Any
) -> None:
    notebook = opened("spoken.ipynb", *cells("spoken"))
    run = run_of(notebook)
    console = SharedKernel(notebook, "console-1-1234", "console")

    run_id = console.run(START, cell="a cell of the console")
    console.close()

    found = found_run(live_server, run_id)
    assert experiment_of(found) == experiment_of(run)
    assert tags(found)["nbruns.notebook"] == tags(run)["nbruns.notebook"]


def test_a_console_of_its_own_logs_to_the_default_experiment(
    opened: Open, live_server: Any
) -> None:
    console = opened("console-2-1234", kind="console")

    assert experiment_of(run_of(console)) == "0"


def notebook_of(name: str) -> dict[str, Any]:
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": cells(name)}


def test_following_leaves_no_complaint_in_the_log(live_server: Any) -> None:
    lines = [line for line in live_server.log.splitlines() if "nbruns" in line.lower()]

    assert [line for line in lines if "[E " in line or "[W " in line or "Traceback" in line] == []
