"""The notebook's commands: what they do, answer and refuse."""

from __future__ import annotations

import pytest
from notebook_kernel import NotebookKernel

from nbruns.magics.commands import MAGICS
from nbruns.protocol.names import RUN_LINE_MIME


# F24
def test_a_run_by_commands(kernel: NotebookKernel) -> None:
    began = kernel.run('%run_start "first try" --tag team=blue --description "less depth"')
    kernel.run("depth = 3")
    logged = kernel.run("%run_params depth={depth} kind='two words'")
    kernel.run("%run_metrics acc=0.9 loss=nan --step 2")
    ended = kernel.run("%run_end --status failed")

    run = kernel.runs()[0]
    assert began.plain == f"Run 'first try' started ({run.run_id})\n"
    assert logged.plain == f"2 parameters logged: run 'first try' ({run.run_id})\n"
    assert ended.plain == f"Run 'first try' ended: FAILED ({run.run_id})\n"
    assert (run.name, run.status) == ("first try", "FAILED")
    assert run.params == {"depth": "3", "kind": "two words"}
    assert {(point.key, point.step) for point in run.metrics} == {("acc", 2), ("loss", 2)}
    assert (run.tags["team"], run.tags["mlflow.note.content"]) == ("blue", "less depth")


def test_an_answer_is_a_link_in_jupyterlab_and_words_elsewhere(kernel: NotebookKernel) -> None:
    (shown,) = kernel.run("%run_start '<b>&'").shown
    kernel.run("%run_end")

    run = kernel.runs()[0]
    assert shown[RUN_LINE_MIME]["pieces"] == [
        "Run ",
        {"kind": "run", "id": run.run_id, "words": "<b>&"},
        " started",
    ]
    assert shown["text/html"] == "<div>Run <strong>&lt;b&gt;&amp;</strong> started</div>"
    assert shown["text/plain"] == f"Run '<b>&' started ({run.run_id})"


# F25
def test_another_start_ends_the_former_run(kernel: NotebookKernel) -> None:
    kernel.run("%run_start former")
    again = kernel.run("%run_start latter")
    kernel.run("%run_end")

    assert "run 'former' was still open" in again.stdout
    assert not again.error
    assert kernel.named("former").status == "FINISHED"
    assert kernel.named("latter").status == "FINISHED"


def test_a_nested_run_stands_in_the_active_one(kernel: NotebookKernel) -> None:
    kernel.run("%run_start outer\n%run_start inner --nested\n%run_end\n%run_end")

    inner, outer = kernel.named("inner"), kernel.named("outer")
    assert inner.tags["mlflow.parentRunId"] == outer.run_id
    assert (inner.status, outer.status) == ("FINISHED", "FINISHED")


# F27
@pytest.mark.parametrize("by", ["name", "id", "beginning of the id"])
def test_a_run_is_gone_on_with(kernel: NotebookKernel, by: str) -> None:
    kernel.run(f"%run_start 'by {by}'\n%run_end")
    run = kernel.named(f"by {by}")
    meant = {"name": f"'by {by}'", "id": run.run_id, "beginning of the id": run.run_id[:8]}[by]

    began = kernel.run(f"%run_start --resume {meant} --tag again=yes")
    (open_again,) = [one for one in kernel.runs() if one.run_id == run.run_id]
    kernel.run("%run_params late=1\n%run_end")

    (after,) = [one for one in kernel.runs() if one.run_id == run.run_id]
    assert began.plain == f"Run 'by {by}' goes on ({run.run_id})\n"
    assert open_again.status == "RUNNING"
    assert (after.status, after.params["late"], after.tags["again"]) == ("FINISHED", "1", "yes")


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("%run_note It's the *same* score", "It's the *same* score"),
        ("%%run_note\n# Less depth\n\n- {as} it $stands$", "# Less depth\n\n- {as} it $stands$"),
        ("%%run_note Less depth\nsame score", "Less depth\nsame score"),
    ],
)
def test_a_note_is_written(kernel: NotebookKernel, line: str, note: str) -> None:
    kernel.run("%run_start")
    kernel.run(line)
    kernel.run("%run_end")

    assert kernel.runs()[0].tags["mlflow.note.content"] == note


@pytest.mark.parametrize(
    ("line", "params"),
    [
        ("depth={depth}", {"depth": "3"}),
        ("depth=$depth", {"depth": "3"}),
        (
            "kind={kind} list={[depth, kind]}",
            {"kind": 'two "words"', "list": "[3, 'two \"words\"']"},
        ),
        ("n={rows['a b'] + 1} s={kind[4:]}", {"n": "8", "s": '"words"'}),
        ("where=a=b==c empty=", {"where": "a=b==c", "empty": ""}),
        ("größe=3 名前='ヴ ァ'", {"größe": "3", "名前": "ヴ ァ"}),
        (r"path=C:\data\new share=\\host\x", {"path": r"C:\data\new", "share": r"\\host\x"}),
        (r"said='it\'s' two\ words=1", {"said": "it's", "two words": "1"}),
        ("price={{depth}} home=$nowhere", {"price": "{depth}", "home": "$nowhere"}),
        ("brace={ json='{\"a\": [1]}'", {"brace": "{", "json": '{"a": [1]}'}),
    ],
)
def test_values_arrive_as_they_are_meant(
    kernel: NotebookKernel, line: str, params: dict[str, str]
) -> None:
    kernel.run("depth, kind, rows = 3, 'two \"words\"', {'a b': 7}")
    kernel.run("%run_start")
    told = kernel.run(f"%run_params {line}")
    kernel.run("%run_end")

    assert told.error + told.stderr == ""
    assert kernel.runs()[0].params == params


def test_names_of_a_function_are_found(kernel: NotebookKernel) -> None:
    kernel.run("def fit(depth):\n    %run_start deep-{depth}\n    %run_end\nfit(12)")

    assert kernel.runs()[0].name == "deep-12"


def test_a_metric_is_any_number(kernel: NotebookKernel) -> None:
    kernel.run("import math\nloss = math.inf")
    kernel.run("%run_start\n%run_metrics acc=-1.5e-3 loss={loss} n=1_000\n%run_end")

    values = {point.key: point.value for point in kernel.runs()[0].metrics}
    assert (values["acc"], values["n"]) == (-0.0015, 1000)
    assert values["loss"] > 1e300


def test_autologging_is_switched(kernel: NotebookKernel) -> None:
    said = [kernel.run(line).plain for line in ("%autolog off", "%autolog", "%autolog ON")]

    assert said == [f"Autologging is {state}\n" for state in ("off", "off", "on")]


def test_runs_are_a_table_and_a_text(kernel: NotebookKernel) -> None:
    kernel.run("%run_start <b>bold</b>\n%run_params depth=5 same=1\n%run_metrics acc=0.5\n%run_end")
    kernel.run("%run_start plain\n%run_params depth=6 same=1\n%run_metrics acc=0.75\n%run_end")

    table = kernel.run("%runs params.same = '1' and metrics.acc > 0.1")
    head, first, second, *more = table.plain.rstrip().splitlines()
    assert head.split() == ["run", "status", "started", "took", "acc", "depth"]
    assert first.split()[0] == "plain"
    assert second.split()[-2:] == ["0.5", "5"]
    assert more == []
    assert "&lt;b&gt;bold" in table.html
    assert "<b>bold" not in table.html
    assert [line.split()[0] for line in kernel.run("%runs bol").plain.splitlines()] == [
        "run",
        "<b>bold</b>",
    ]
    assert "matches params.same = '2'" in kernel.run("%runs params.same = '2'").plain


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%run_end", "no run is active"),
        ("%run_params a=1", "no run is active"),
        ("%run_note nothing", "no run is active"),
        ("%run_params", "required: key=value"),
        ("%run_params a=1 a=2", "names 'a' twice: '1' and '2'"),
        ("%run_params a={nowhere}", "name 'nowhere' is not defined"),
        ("%run_params =3", "needs key=value, not '=3'"),
        ("%run_metrics acc=1 --step first", "invalid int value: 'first'"),
        ("%run_start --resume nobody", "has no run 'nobody'"),
        ("%run_start name --resume nobody", "takes no name"),
        ("%%tracked --tag blue\n1", "needs key=value, not 'blue'"),
        ("%%tracked --color red\n1", "unrecognized arguments: --color"),
        ("%%tracked", "the cell body is empty"),
        ("%%run_note\n ", "write the note"),
        ("%run_params depth", "needs key=value, not 'depth'"),
        ("%run_metrics acc=high", "is no number: 'high'"),
        ("%run_start --tag blue", "needs key=value, not 'blue'"),
        ("%run_start --colour red", "unrecognized arguments: --colour"),
        ("%run_end --status lost", "invalid choice: 'LOST'"),
        ("%run_note", "write the note"),
        ('%run_start "open', "Cannot read"),
        ("%autolog perhaps", "invalid choice: 'perhaps' (choose from"),
        ("%runs metrics.", "%runs:"),
    ],
)
def test_a_wrong_use_is_told_in_one_line(kernel: NotebookKernel, line: str, words: str) -> None:
    reply = kernel.run(line)

    told = reply.stderr + reply.error
    assert "UsageError" in told
    assert words in told
    assert "Traceback" not in told


def test_runs_are_live_where_a_page_has_widgets(kernel: NotebookKernel) -> None:
    kernel.run("%run_start listed\n%run_end")
    (shown,) = kernel.run("%runs", cell="r").shown

    widget = shown["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert "listed" in shown["text/html"]
    assert "listed" in shown["text/plain"]
    kept = "from ipywidgets import Widget\nimport ipywidgets.widgets.widget as kept\n"
    assert kernel.run(f"{kept}print('{widget}' in kept._instances)").stdout == "True\n"
    again = kernel.run("%runs", cell="r").shown[0]
    assert again["application/vnd.jupyter.widget-view+json"]["model_id"] != widget
    # The cell's former table is gone from its page, and so from the kernel.
    assert kernel.run(f"print('{widget}' in kept._instances)").stdout == "False\n"


def test_what_the_store_refuses_is_a_wrong_use(kernel: NotebookKernel) -> None:
    kernel.run("%run_start\n%run_params depth=3")
    reply = kernel.run("%run_params depth=4")
    kernel.run("%run_end")

    assert reply.error.startswith("UsageError: %run_params: ") or "UsageError" in reply.stderr
    assert "'depth'" in reply.stderr + reply.error


@pytest.mark.parametrize("name", [name for kind in MAGICS for name in kind.magics["line"]])
def test_each_command_has_help_with_examples(kernel: NotebookKernel, name: str) -> None:
    help_text = kernel.paged(f"%{name}?")
    assert f"  %{name}" in help_text
    assert "Examples::" in help_text


def test_help_opens_in_the_pager(kernel: NotebookKernel) -> None:
    shown = kernel.paged("%run_start?") + kernel.paged("%%tracked?")

    assert "--resume RUN" in shown
    assert "FAILED with the traceback when it raises" in shown
