"""The whole panel without a browser: a real server, a store written by another process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from live_panel import panel_at

from nbruns.panel.connection import Address
from nbruns.panel.list_client import ListClient, Part
from nbruns.panel.run_panel import RunPanel
from nbruns.records import LoggedModel, MetricPoint, Notebook, Run
from nbruns.store import Store

StartRun = Callable[..., Run]
Until = Callable[..., Awaitable[None]]
Say = Callable[..., None]


def names(panel: RunPanel) -> list[str]:
    """What the rows are called that are there; others are still on their way."""
    return [row["name"] for row in panel.list.window["rows"] if row]


def ready_model(store: Store, run: Run) -> LoggedModel:
    model = store.models.create(run.experiment_id, name="model", source_run_id=run.run_id)
    return store.models.finalize(model.model_id, "READY")


def test_a_notebook_without_runs_says_how_to_start_one(
    address: Address, path: str, until: Until
) -> None:
    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: panel.list.note.get("title") == "No runs yet")
            assert panel.list.note["code"] == "mlflow.start_run()"

    asyncio.run(look())


def test_no_notebook_says_to_open_one(address: Address, until: Until) -> None:
    async def look() -> None:
        async with panel_at(address, None) as panel:
            await until(lambda: panel.list.note.get("text") == "Open a notebook to see its runs.")

    asyncio.run(look())


# F6
def test_a_run_and_its_metrics_appear_within_a_second(
    address: Address, notebook_run: StartRun, kernel_store: Store, path: str, until: Until
) -> None:
    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: panel.list.note)
            run = notebook_run("live")
            await until(lambda: names(panel) == ["live"], 1.0)
            kernel_store.metrics.append(run.run_id, [MetricPoint("loss", 0.25, at_ms=1)])
            cell = {"text": "0.25"}
            await until(lambda: panel.list.window["rows"][0]["cells"] == [cell], 1.0)
            assert panel.header.about["counts"] == {"RUNNING": 1}

    asyncio.run(look())


def test_the_runs_of_other_notebooks_stay_out(
    address: Address, notebook_run: StartRun, kernel_store: Store, path: str, until: Until
) -> None:
    notebook_run("mine")
    kernel_store.runs.create("0", name="elsewhere")

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            assert names(panel) == ["mine"]

    asyncio.run(look())


def test_following_another_notebook_changes_the_rows_and_the_ticks(
    address: Address, notebook_run: StartRun, path: str, until: Until, say: Say
) -> None:
    run = notebook_run("mine")

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            say(panel.list, type="tick", run_id=run.run_id, ticked=True)
            panel.follow("another.ipynb")
            await until(lambda: panel.list.note.get("title") == "No runs yet")
            assert panel.selection.ticked == ()
            panel.follow(path)
            await until(lambda: names(panel) == ["mine"])
            assert panel.selection.ticked == (run.run_id,)

    asyncio.run(look())


def test_an_answer_about_the_former_notebook_comes_too_late(
    address: Address, notebook_run: StartRun, path: str, until: Until
) -> None:
    notebook_run("mine")

    async def look() -> None:
        async with panel_at(address, None) as panel:
            asked, answered = asyncio.Event(), asyncio.Event()
            find = panel.feed.client.find_notebook

            async def find_slowly(path: str) -> Notebook | None:
                found = await find(path)
                if found is not None:
                    asked.set()
                    await answered.wait()
                return found

            panel.feed.client.find_notebook = find_slowly  # type: ignore[method-assign]
            panel.follow(path)
            await asked.wait()
            panel.follow("another.ipynb")
            answered.set()
            await until(lambda: panel.list.note.get("title") == "No runs yet")
            await asyncio.sleep(0.5)
            assert names(panel) == []
            assert panel.header.about["title"] == "another"

    asyncio.run(look())


def test_runs_show_after_the_notebook_s_experiment_was_deleted(
    address: Address, notebook_run: StartRun, kernel_store: Store, path: str, until: Until
) -> None:
    former = notebook_run("former")

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel) == ["former"])
            kernel_store.experiments.delete(former.experiment_id)
            await until(lambda: names(panel) == [])
            notebook_run("anew")
            await until(lambda: names(panel) == ["anew"])

    asyncio.run(look())


# F34 F35
def test_two_ticked_runs_are_drawn_and_their_parameters_compared(
    *,
    address: Address,
    notebook_run: StartRun,
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    runs = [notebook_run(name, started_ms=at) for name, at in (("one", 1), ("two", 2))]
    for run, depth in zip(runs, ("4", "8"), strict=True):
        kernel_store.runs.log_params(run.run_id, {"depth": depth, "seed": "1"})
        points = [MetricPoint("acc", step / 10, step=step, at_ms=1) for step in range(4)]
        kernel_store.metrics.append(run.run_id, points)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            sent: list[dict[str, Any]] = []
            panel.compare.chart.send = lambda message, buffers=None: sent.append(message)
            await until(lambda: len(names(panel)) == 2)
            for run in runs:
                say(panel.list, type="tick", run_id=run.run_id, ticked=True)
            await until(lambda: sent)
            figure = sent[0]["figures"]["acc"]
            assert [trace["name"] for trace in figure["data"]] == ["one", "two"]
            assert figure["data"][0]["x"] == [0, 1, 2, 3]
            table = panel.compare.differences.table
            params = next(part for part in table["sections"] if part["key"] == "params")
            assert [row["name"] for row in params["rows"]] == ["depth"]
            assert list(params["same"]) == [("seed", "1")]
            assert panel.compare in panel.detail.children

            point = MetricPoint("acc", 0.9, step=4, at_ms=2)
            kernel_store.metrics.append(runs[1].run_id, [point])
            await until(lambda: sent[-1]["type"] == "extend", 1.5)
            assert sent[-1]["points"] == {"acc": [[[], []], [[4], [0.9]]]}

    asyncio.run(look())


def test_one_ticked_run_shows_its_card(
    *,
    address: Address,
    notebook_run: StartRun,
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    run = notebook_run("one", tags={"team": "growth", "nbruns.notebook": "x"})
    kernel_store.runs.log_params(run.run_id, {"depth": "4"})
    kernel_store.runs.update(run.run_id, status="FINISHED", ended_ms=2_000_000_000_000)
    ready_model(kernel_store, run)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            say(panel.list, type="only", run_id=run.run_id)
            await until(lambda: panel.card.card.get("models"))
            card = panel.card.card
            assert [pair["name"] for pair in card["params"]] == ["depth"]
            assert [pair["name"] for pair in card["tags"]] == ["team"]
            assert card["models"][0]["name"] == "model"
            say(panel.list, type="clear")
            await until(lambda: panel.card not in panel.detail.children)

    asyncio.run(look())


# F76 F79
def test_a_model_is_registered_and_its_badge_shows(
    *,
    address: Address,
    notebook_run: StartRun,
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    run = notebook_run("one")
    model = ready_model(kernel_store, run)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            say(panel.list, type="act", name="register", run_id=run.run_id)
            await until(lambda: panel.form.form.get("stage") == "asking")
            say(panel.form, type="submit", name="badged", alias="champion", model="")
            await until(lambda: panel.form.form.get("stage") == "done")
            badge = "badged v1 @champion"
            await until(lambda: panel.list.window["rows"][0]["badge"] == badge, 2.0)
            say(panel.form, type="cancel")
            assert panel.form.form == {}

    asyncio.run(look())
    version = kernel_store.registry.version_by_alias("badged", "champion")
    assert (version.run_id, version.model_id) == (run.run_id, model.model_id)


def test_what_the_server_refuses_is_said_in_the_form(
    *,
    address: Address,
    notebook_run: StartRun,
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    run = notebook_run("one")
    ready_model(kernel_store, run)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            say(panel.list, type="act", name="register", run_id=run.run_id)
            await until(lambda: panel.form.form.get("stage") == "asking")
            say(panel.form, type="submit", name="x" * 300, alias="", model="")
            await until(lambda: panel.form.form["errors"])
            assert "256" in panel.form.form["errors"]["name"]

    asyncio.run(look())


def test_any_part_of_a_long_list_is_fetched_when_it_is_looked_at(
    address: Address,
    notebook_run: StartRun,
    path: str,
    until: Until,
    say: Say,
) -> None:
    for number in range(130):
        notebook_run(f"run-{number:03}", started_ms=1000 + number)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            assert panel.list.window["total"] == 130
            assert panel.header.about["counts"] == {"RUNNING": 130}
            say(panel.list, type="look", first=100, count=25)
            await until(lambda: names(panel)[:1] == ["run-029"])
            assert len(names(panel)) == 25

    asyncio.run(look())


def test_a_reader_further_down_keeps_the_rows_under_the_eye(
    address: Address, notebook_run: StartRun, path: str, until: Until, say: Say
) -> None:
    for number in range(130):
        notebook_run(f"run-{number:03}", started_ms=1000 + number)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            say(panel.list, type="look", first=100, count=25)
            await until(lambda: names(panel)[:1] == ["run-029"])
            moves: list[int] = []
            panel.list.observe(lambda change: moves.append(change["new"]["moved"]), ["window"])
            notebook_run("newest", started_ms=9_000)
            await until(lambda: panel.list.window["total"] == 131)
            assert sum(moves) == 1
            assert names(panel)[:2] == ["run-030", "run-029"]

    asyncio.run(look())


# F28
def test_nested_runs_fold_under_their_parent_and_a_search_finds_them(
    address: Address, notebook_run: StartRun, path: str, until: Until, say: Say
) -> None:
    sweep = notebook_run("sweep", started_ms=1_000)
    for name in ("trial-1", "trial-2"):
        notebook_run(name, started_ms=2_000, tags={"mlflow.parentRunId": sweep.run_id})

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel) == ["sweep"])
            assert panel.list.window["rows"][0]["children"] == 2
            say(panel.list, type="expand", run_id=sweep.run_id, expanded=True)
            await until(lambda: len(names(panel)) == 3)
            assert [row["depth"] for row in panel.list.window["rows"]] == [0, 1, 1]
            say(panel.toolbar, type="filter", text="trial-2", final=True)
            await until(lambda: names(panel) == ["trial-2"])
            assert panel.list.window["rows"][0]["parent"] == "sweep"

    asyncio.run(look())


# F32
def test_a_filter_is_carried_out_or_found_fault_with(
    address: Address, notebook_run: StartRun, path: str, until: Until, say: Say
) -> None:
    for name in ("oak", "elm"):
        notebook_run(name)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: len(names(panel)) == 2)
            say(panel.toolbar, type="filter", text="status = 'RUNNING' and oak", final=True)
            await until(lambda: names(panel) == ["oak"])
            assert panel.header.status == "RUNNING"
            say(panel.toolbar, type="filter", text="metrics.acc >", final=False)
            assert panel.toolbar.trouble == {}
            say(panel.toolbar, type="filter", text="metrics.acc >", final=True)
            assert panel.toolbar.trouble["at"] == 13
            assert names(panel) == ["oak"]
            say(panel.toolbar, type="filter", text="birch", final=True)
            await until(lambda: panel.list.note.get("title") == "No run matches")
            assert panel.toolbar.trouble == {}
            say(panel.list, type="act", name="clear-filter", run_id="")
            await until(lambda: len(names(panel)) == 2)

    asyncio.run(look())


# F40
def test_the_winner_by_a_metric_is_marked_and_its_columns_are_kept(
    *,
    address: Address,
    notebook_run: StartRun,
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    for name, accuracy in (("good", 0.9), ("better", 0.95), ("none", None)):
        run = notebook_run(name)
        if accuracy:
            points = [MetricPoint("acc", accuracy / 2, 0, 1), MetricPoint("acc", accuracy, 1, 2)]
            kernel_store.metrics.append(run.run_id, points)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: panel.list.columns)
            say(panel.list, type="sort", column="metrics.`acc`")
            await until(lambda: names(panel) == ["better", "good", "none"])
            # Who is best of all is learnt after the rows are there.
            await until(lambda: panel.list.window["rows"][0]["cells"][0].get("best"))
            cells = [row["cells"][0] for row in panel.list.window["rows"]]
            assert [cell.get("best") for cell in cells] == [True, None, None]
            assert cells[0]["spark"] == "0f"
            say(panel.toolbar, type="aggregate", key="acc", value="min")
            await until(lambda: panel.list.window["rows"][0]["cells"][0]["text"] == "0.475")
            say(panel.toolbar, type="columns", names=["attributes.user_id", "metrics.`acc`"])
            await until(lambda: panel.list.window["rows"][0]["cells"][0]["text"] == "ada")

        async with panel_at(address, path) as panel:
            await until(lambda: len(panel.list.columns) == 2)
            assert panel.list.columns[1]["aggregate"] == "min"

    asyncio.run(look())


def test_a_deleted_run_comes_back_by_undo_and_out_of_the_trash(
    address: Address, notebook_run: StartRun, path: str, until: Until, say: Say
) -> None:
    sweep = notebook_run("sweep")
    notebook_run("trial", tags={"mlflow.parentRunId": sweep.run_id})
    notebook_run("other")

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: len(names(panel)) == 2)
            say(panel.list, type="tick", run_id=sweep.run_id, ticked=True)
            say(panel.list, type="act", name="delete", run_id=sweep.run_id)
            await until(lambda: names(panel) == ["other"])
            assert panel.list.snack["text"] == "“sweep” deleted with 1 nested run"
            assert panel.selection.ticked == ()
            undo = {"name": "undo", "run_id": "", "token": panel.list.snack["token"]}
            say(panel.list, type="act", **undo)
            await until(lambda: len(names(panel)) == 2)

            say(panel.list, type="act", name="delete", run_id=sweep.run_id)
            await until(lambda: panel.toolbar.trash["deleted"] == 2)
            say(panel.toolbar, type="trash", open=True)
            await until(lambda: sorted(names(panel)) == ["sweep", "trial"])
            say(panel.list, type="act", name="purge", run_id=sweep.run_id)
            await until(lambda: names(panel) == ["trial"])
            trial = panel.list.window["rows"][0]["id"]
            say(panel.list, type="act", name="restore", run_id=trial)
            await until(lambda: panel.list.note.get("title") == "The trash is empty")
            say(panel.list, type="act", name="leave-trash", run_id="")
            await until(lambda: len(names(panel)) == 2)

    asyncio.run(look())


def test_a_run_is_renamed_in_its_row(
    address: Address, notebook_run: StartRun, path: str, until: Until, say: Say
) -> None:
    run = notebook_run("before")

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            say(panel.list, type="act", name="rename", run_id=run.run_id, text="after")
            await until(lambda: names(panel) == ["after"])

    asyncio.run(look())


# F41
def test_a_notebook_that_logs_elsewhere_says_so_and_leads_there_and_back(
    *,
    address: Address,
    notebook_run: StartRun,
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    own = notebook_run("own")
    notebook = kernel_store.notebooks.resolve(own.tags["mlflow.source.name"])
    sweeps = kernel_store.experiments.create("sweeps").experiment_id
    tags = {"nbruns.notebook": notebook.notebook_id}
    kernel_store.runs.create(sweeps, name="away", tags=tags)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel) == ["own"])
            assert panel.header.about["elsewhere"] == {"experiment_id": sweeps, "name": "sweeps"}
            say(panel.list, type="tick", run_id=own.run_id, ticked=True)
            say(panel.header, type="elsewhere", experiment_id=sweeps)
            await until(lambda: names(panel) == ["away"])
            assert (panel.header.about["title"], panel.header.about["way_back"]) == ("sweeps", True)
            assert panel.selection.ticked == ()
            say(panel.header, type="back")
            await until(lambda: names(panel) == ["own"])
            assert panel.selection.ticked == (own.run_id,)

    asyncio.run(look())


def test_keys_and_values_are_offered_when_they_are_asked_for(
    *,
    address: Address,
    notebook_run: StartRun,
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    run = notebook_run("one")
    kernel_store.runs.log_params(run.run_id, {"model": "rf"})

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            say(panel.toolbar, type="choices")
            await until(lambda: panel.toolbar.choices.get("params") == ["model"])
            say(panel.toolbar, type="values", kind="params", key="model")
            await until(lambda: panel.toolbar.values.get("values") == ["rf"])

    asyncio.run(look())


def test_a_panel_nobody_sees_fetches_nothing_until_it_is_seen(
    address: Address, notebook_run: StartRun, path: str, until: Until, say: Say
) -> None:
    notebook_run("one")

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            say(panel.list, type="seen", view="a", seen=False)
            await asyncio.sleep(0.5)
            notebook_run("two")
            await asyncio.sleep(0.7)
            assert names(panel) == ["one"]
            say(panel.list, type="seen", view="a", seen=True)
            await until(lambda: len(names(panel)) == 2)

    asyncio.run(look())


def test_a_server_away_is_said_with_a_way_out(until: Until, say: Say) -> None:
    async def look() -> None:
        async with panel_at(Address("http://127.0.0.1:9/nbruns/", "x"), "a.ipynb") as panel:
            await until(lambda: panel.list.note.get("action") == "Retry")
            assert panel.list.note["title"] == "The server does not answer"
            say(panel.list, type="act", name="retry", run_id="")

    asyncio.run(look())


def test_a_failure_of_ours_is_shown_and_its_traceback_printed(
    *,
    address: Address,
    notebook_run: StartRun,
    path: str,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    notebook_run("one")

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: names(panel))
            monkeypatch.setattr(panel.list, "show", lambda *args, **more: 1 / 0)
            panel.retry()
            await until(lambda: panel.header.about["trouble"] == "division by zero")

    asyncio.run(look())
    assert "ZeroDivisionError" in capsys.readouterr().err


# F8
def test_a_run_is_moved_to_the_experiment_that_is_chosen(
    *,
    address: Address,
    notebook_run: StartRun,
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    run = notebook_run("wrong place")
    notebook_run("right place")
    kernel_store.runs.update(run.run_id, status="FINISHED")
    other = kernel_store.experiments.create("another home").experiment_id

    async def move() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: len(names(panel)) == 2)
            say(panel.list, type="act", name="move", run_id=run.run_id)
            view = panel.choosing.view
            await until(lambda: view.lines)
            assert view.about["title"] == "Move “wrong place” to"
            say(view, type="choose", id=other)
            await until(lambda: names(panel) == ["right place"])
            assert not panel.selection.experiments

    asyncio.run(move())
    assert kernel_store.runs.get(run.run_id).experiment_id == other


# F32
def test_the_rows_of_a_filter_are_there_before_they_are_counted(
    *,
    address: Address,
    notebook_run: StartRun,
    path: str,
    until: Until,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(130):
        notebook_run(f"run-{number:03}", started_ms=1000 + number)
    counting = asyncio.Event()
    part = ListClient.part

    async def slowly(*asked: Any, totals: bool = True) -> Part:
        if totals:
            await counting.wait()
        return await part(*asked, totals=totals)

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: panel.list.window["total"] == 130)
            monkeypatch.setattr(ListClient, "part", slowly)
            say(panel.toolbar, type="filter", text="run-0", final=True)
            await until(lambda: names(panel)[:1] == ["run-099"])
            # A guess that lets nothing jump, until it is known.
            assert panel.list.window["total"] == 130
            counting.set()
            await until(lambda: panel.list.window["total"] == 100)

    asyncio.run(look())
