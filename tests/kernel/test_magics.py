"""The notebook's commands: what they do, confirm and refuse."""

from __future__ import annotations

import pytest
from notebook_kernel import NotebookKernel


def test_a_run_by_commands(kernel: NotebookKernel) -> None:
    began = kernel.run('%run_start "first try" --tag team=blue --description "less depth"')
    kernel.run("depth = 3")
    kernel.run("%run_params depth={depth} kind='two words'")
    kernel.run("%run_metrics acc=0.9 loss=nan --step 2")
    ended = kernel.run("%run_end --status failed")

    run = kernel.runs()[0]
    assert began.stdout == f"Run 'first try' started ({run.run_id})\n"
    assert ended.stdout == "Run 'first try' ended: FAILED\n"
    assert (run.name, run.status) == ("first try", "FAILED")
    assert run.params == {"depth": "3", "kind": "two words"}
    assert {(point.key, point.step) for point in run.metrics} == {("acc", 2), ("loss", 2)}
    assert (run.tags["team"], run.tags["mlflow.note.content"]) == ("blue", "less depth")


def test_a_note_is_written(kernel: NotebookKernel) -> None:
    kernel.run("%run_start")
    kernel.run("%run_note It's the *same* score")
    kernel.run("%run_end")

    assert kernel.runs()[0].tags["mlflow.note.content"] == "It's the *same* score"


def test_runs_shows_a_table_and_escapes_it(kernel: NotebookKernel) -> None:
    kernel.run("%run_start <b>bold</b>")
    kernel.run("%run_end")

    html = kernel.run("%runs").html
    assert "&lt;b&gt;bold" in html
    assert "<b>bold" not in html


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%run_end", "no run is active"),
        ("%run_params a=1", "no run is active"),
        ("%run_params", "say which"),
        ("%run_params depth", "needs key=value, not 'depth'"),
        ("%run_metrics acc=high", "is no number: 'high'"),
        ("%run_start --tag blue", "needs key=value, not 'blue'"),
        ("%run_start --colour red", "unrecognized arguments: --colour"),
        ("%run_end --status lost", "invalid choice: 'LOST'"),
        ("%run_note", "write the note"),
        ('%run_start "open', "Cannot read"),
        ("%autolog perhaps", "on or off, not 'perhaps'"),
        ("%runs metrics.", "%runs:"),
    ],
)
def test_a_wrong_use_is_told_in_one_line(kernel: NotebookKernel, line: str, words: str) -> None:
    reply = kernel.run(line)

    told = reply.stderr + reply.error
    assert "UsageError" in told
    assert words in told
    assert "Traceback" not in told


def test_each_command_has_help(kernel: NotebookKernel) -> None:
    for name in (
        "run_start",
        "run_end",
        "run_params",
        "run_metrics",
        "run_note",
        "autolog",
        "runs",
    ):
        magic = f"get_ipython().magics_manager.magics['line']['{name}']"
        assert kernel.run(f"print({magic}.__doc__)").stdout.strip()
