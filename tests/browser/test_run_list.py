"""The list of runs as a person uses it: folding, sorting, searching, choosing, deleting."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from listed_runs import ListedRuns
from playwright.sync_api import Browser, Locator, expect
from runs_panel import RunsPanel

from nbruns.store import Store


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LabServer, ListedRuns]]:
    """A JupyterLab whose notebook has a few dozen runs; one for all tests here."""
    server = LabServer(tmp_path_factory.mktemp("listed"))
    server.start()
    server.write_notebook("churn.ipynb", ["x = 1"])
    store = Store.open(server.home)
    runs = ListedRuns(store, str(server.work / "churn.ipynb"))
    runs.fill()
    yield server, runs
    store.close()
    server.stop()


@pytest.fixture(scope="module")
def page(listed: tuple[LabServer, ListedRuns], chromium: Browser) -> Iterator[LabPage]:
    """A tab of that JupyterLab, kept over all tests: each leaves the list as it found it."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = LabPage(context.new_page(), listed[0])
    page.open("churn.ipynb")
    yield page
    context.close()


@pytest.fixture
def panel(page: LabPage) -> Iterator[RunsPanel]:
    panel = RunsPanel(page)
    panel.open()
    expect(panel.row("training now")).to_be_visible(timeout=SLOW_MS)
    yield panel
    assert page.our_errors() == []


@pytest.fixture
def picture(screenshots: Path) -> Path:
    """Where pictures of the panel go."""
    return screenshots


def names(panel: RunsPanel) -> list[str]:
    return panel.rows().locator(".nbruns-name").all_inner_texts()


def button(panel: RunsPanel, name: str) -> Locator:
    return panel.root.get_by_role("button", name=name, exact=True)


def search(panel: RunsPanel, text: str) -> None:
    panel.root.locator(".nbruns-search").fill(text)
    panel.lab.page.keyboard.press("Enter")


def press(panel: RunsPanel, *keys: str) -> None:
    for key in keys:
        panel.lab.page.keyboard.press(key)


def choose(panel: RunsPanel, row: Locator, entry: str) -> None:
    """Choose from a row's menu."""
    row.hover()
    row.locator(".nbruns-more").click()
    panel.root.get_by_role("menuitem", name=entry).click()


# F19 F28
def test_sweeps_fold_with_their_counts_and_best_values(panel: RunsPanel, picture: Path) -> None:
    sweep = panel.row("fine sweep")
    expect(sweep.locator(".nbruns-foldCount")).to_have_text("8")
    expect(sweep.locator(".nbruns-inner").first).to_contain_text("↳ 0.")
    sweep.locator(".nbruns-fold").click()
    trial = panel.row("trial-2")
    expect(trial).to_have_attribute("aria-level", "2")
    trial.locator(".nbruns-fold").click()
    expect(panel.row("fold-0")).to_have_attribute("aria-level", "3")
    panel.root.screenshot(path=picture / "list-nested.png")

    sweep.focus()
    press(panel, "ArrowLeft")
    expect(panel.row("trial-2")).to_have_count(0)


OLDER = "old => ({...old, rows: old.rows.map(row => ({...row, started_ms: row.started_ms + 1}))})"
ROW = "root.querySelector('.nbruns-row[data-status=RUNNING]')"


@pytest.mark.parametrize(
    "act",
    [
        f"root => {ROW}.querySelector('.nbruns-tick').click()",
        f"root => {ROW}.querySelector('.nbruns-name').click()",
        f"root => {ROW}.dispatchEvent(new MouseEvent('click', {{ctrlKey: true, bubbles: true}}))",
        f"root => {ROW}.dispatchEvent(new KeyboardEvent('keydown', {{key: ' ', bubbles: true}}))",
    ],
)
def test_a_tick_is_not_undone_by_an_older_picture(panel: RunsPanel, act: str) -> None:
    seen = (
        f"root => [{ROW}.querySelector('.nbruns-tick').checked, "
        f"{ROW}.classList.contains('nbruns-ticked')]"
    )
    row = panel.row("training now")
    assert panel.while_repainting("RunList", "window", OLDER, act, seen) == [True, True]
    expect(panel.root.locator(".nbruns-card")).to_be_visible(timeout=SLOW_MS)
    expect(row).to_have_class(re.compile("nbruns-ticked"))

    assert panel.while_repainting("RunList", "window", OLDER, act, seen) == [False, False]
    expect(panel.root.locator(".nbruns-card")).to_have_count(0, timeout=SLOW_MS)
    expect(row).not_to_have_class(re.compile("nbruns-ticked"))


def test_a_fold_is_not_undone_by_an_older_picture(panel: RunsPanel) -> None:
    fold = "[...root.querySelectorAll('.nbruns-fold')].find(one => !one.hidden)"
    act = f"root => {fold}.click()"
    seen = f"root => {fold}.closest('.nbruns-row').ariaExpanded"
    assert panel.while_repainting("RunList", "window", OLDER, act, seen) == "true"
    expect(panel.root.locator(".nbruns-row[aria-level='2']").first).to_be_visible()
    assert panel.while_repainting("RunList", "window", OLDER, act, seen) == "false"
    expect(panel.root.locator(".nbruns-row[aria-level='2']")).to_have_count(0)


def test_a_run_that_is_picked_elsewhere_is_scrolled_to(
    panel: RunsPanel, listed: tuple[LabServer, ListedRuns]
) -> None:
    with sqlite3.connect(listed[0].home / "nbruns.db") as db:
        (oldest,) = db.execute("select run_id from runs where name = 'baseline-00'").fetchone()
    panel.lab.page.evaluate(
        "runId => window.jupyterapp.commands.execute('nbruns:open-run', {runId}).then(() => 1)",
        oldest,
    )
    expect(panel.row("baseline-00")).to_be_in_viewport(timeout=SLOW_MS)
    expect(panel.row("baseline-00").locator(".nbruns-tick")).to_be_checked()
    panel.untick_all()
    panel.root.locator(".nbruns-scroller").evaluate("node => (node.scrollTop = 0)")


def test_words_that_are_typed_on_are_not_undone_by_an_older_answer(panel: RunsPanel) -> None:
    box = "root.querySelector('.nbruns-search')"
    enter = "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true})"
    act = f"root => {{ {box}.value = 'base'; {box}.dispatchEvent({enter}); }}"
    answer = panel.while_repainting("Toolbar", "text", "_ => 'ba'", act, f"root => {box}.value")
    assert answer == "base"
    expect(panel.row("training now")).to_have_count(0)
    search(panel, "")


def test_a_count_that_is_chosen_stays_chosen_under_an_older_picture(panel: RunsPanel) -> None:
    chip = "root.querySelector('.nbruns-count[data-status=RUNNING]')"
    act, seen = f"root => {chip}.click()", f"root => {chip}.ariaPressed"
    older = "old => ({...old, title: old.title + ' '})"
    assert panel.while_repainting("Header", "about", older, act, seen) == "true"
    expect(panel.rows()).to_have_count(1)
    assert panel.while_repainting("Header", "about", older, act, seen) == "false"
    expect(panel.row("fine sweep")).to_be_visible()


# F40
def test_the_winner_by_a_metric_is_marked_whichever_way_the_list_is_sorted(
    panel: RunsPanel,
) -> None:
    head = panel.root.locator(".nbruns-head[data-key=val_accuracy]")
    head.click()
    best = panel.root.locator(".nbruns-best")
    expect(panel.rows().first.locator(".nbruns-best")).to_be_visible()
    winner = names(panel)[0]
    head.click()
    expect(best).to_have_count(0)

    button(panel, "Sort").click()
    panel.root.get_by_role("menuitemradio", name="Started").click()
    expect(panel.row("training now")).to_be_visible()
    assert winner.startswith("baseline")


# F32
def test_a_filter_is_completed_checked_and_cleared(panel: RunsPanel, picture: Path) -> None:
    box = panel.root.locator(".nbruns-search")
    panel.rows().first.focus()
    press(panel, "/")
    expect(box).to_be_focused()
    panel.lab.page.keyboard.type("val_acc")
    option = panel.root.get_by_role("option", name="val_accuracy")
    expect(option).to_be_visible()
    press(panel, "ArrowDown", "Enter")
    expect(box).to_have_value("metrics.val_accuracy ")
    panel.lab.page.keyboard.type("> ")
    press(panel, "Enter")
    trouble = panel.root.locator(".nbruns-searchTrouble")
    expect(trouble).to_contain_text("Expected a number")
    expect(trouble.locator("pre")).to_contain_text(re.compile(r"\^"))
    panel.root.screenshot(path=picture / "list-trouble.png")

    panel.lab.page.keyboard.type("0.8 and params.model = ")
    expect(panel.root.get_by_role("option", name="gbm")).to_be_visible()
    press(panel, "ArrowDown", "ArrowDown", "Enter", "Enter")
    expect(trouble).to_be_hidden()
    expect(panel.row("trial-1").locator(".nbruns-parent")).to_contain_text("sweep")
    expect(panel.row("baseline")).to_have_count(0)

    button(panel, "Clear the filter").click()
    expect(panel.row("training now")).to_be_visible()


def test_words_find_names_and_nothing_found_leads_back(panel: RunsPanel) -> None:
    search(panel, "room panel")
    expect(panel.rows()).to_have_count(1)
    search(panel, "no such run")
    expect(panel.note).to_contain_text("No run matches")
    panel.note.get_by_role("button", name="Clear filter").click()
    expect(panel.row("training now")).to_be_visible()


# F19
def test_counts_are_of_all_runs_and_filter_by_status(panel: RunsPanel) -> None:
    chip = panel.root.locator(".nbruns-count[data-status=FAILED]")
    expect(panel.root.locator(".nbruns-count[data-status=FINISHED]")).to_have_text("46")
    chip.click()
    expect(panel.rows()).to_have_count(1)
    expect(panel.row("broken").locator(".nbruns-status")).to_have_attribute(
        "title", "Failed: ValueError: NaN in column 3"
    )
    chip.click()
    expect(panel.row("training now")).to_be_visible()


# F17 F18
def test_columns_are_chosen_turned_and_kept(panel: RunsPanel, picture: Path) -> None:
    button(panel, "Choose columns").click()
    menu = panel.root.get_by_role("dialog", name="Columns")
    menu.get_by_label("Find a column").fill("team")
    menu.get_by_role("button", name="team").click()
    chosen = menu.locator(".nbruns-chosenRow")
    expect(chosen).to_have_count(6)
    for _ in range(5):
        menu.get_by_role("button", name="Move team up").click()
    expect(chosen.first).to_contain_text("team")
    menu.get_by_label("Which value of val_accuracy").select_option("max")
    panel.root.screenshot(path=picture / "list-columns.png")
    press(panel, "Escape")
    expect(panel.row("champion").locator(".nbruns-tagCell")).to_have_text("growth")

    button(panel, "Choose columns").click()
    menu.get_by_label("Which value of val_accuracy").select_option("last")
    button(panel, "Choose automatically").click()
    expect(chosen.first).to_contain_text("val_accuracy")
    press(panel, "Escape")


def test_a_run_is_renamed_deleted_restored_and_purged(panel: RunsPanel, picture: Path) -> None:
    panel.row("interrupted").focus()
    press(panel, "F2")
    panel.lab.page.keyboard.type("cut short")
    press(panel, "Enter")
    expect(panel.row("cut short")).to_be_visible()

    choose(panel, panel.row("cut short"), "Delete")
    snack = panel.root.locator(".nbruns-snack")
    expect(snack).to_contain_text("“cut short” deleted")
    panel.root.screenshot(path=picture / "list-deleted.png")
    snack.get_by_role("button", name="Undo").click()
    expect(panel.row("cut short")).to_be_visible()

    panel.row("cut short").focus()
    press(panel, "Delete")
    expect(panel.row("cut short")).to_have_count(0)
    button(panel, "Deleted runs").click()
    choose(panel, panel.row("cut short"), "Delete for good")
    snack.get_by_role("button", name="Delete", exact=True).click()
    expect(panel.note).to_contain_text("The trash is empty")
    panel.note.get_by_role("button", name="Back").click()
    expect(panel.row("training now")).to_be_visible()


# F41
def test_runs_logged_elsewhere_are_a_click_away_and_so_is_the_way_back(
    panel: RunsPanel, listed: tuple[LabServer, ListedRuns]
) -> None:
    runs = listed[1]
    elsewhere = runs.store.experiments.create("sweeps of the week").experiment_id
    tags = {"nbruns.notebook": runs.notebook_id}
    away = runs.store.runs.create(elsewhere, name="away", tags=tags)
    line = panel.root.locator(".nbruns-elsewhere")
    expect(line).to_contain_text("This notebook logs to “sweeps of the week”")
    line.get_by_role("button", name="Show").click()
    expect(panel.row("away")).to_be_visible()
    expect(panel.title).to_have_text("sweeps of the week")
    button(panel, "Back to the runs of this notebook").click()
    expect(panel.title).to_have_text("churn")
    expect(panel.row("training now")).to_be_visible()
    runs.store.runs.delete(away.run_id)
    expect(line).to_be_hidden()


def test_the_keyboard_reaches_every_part_of_a_row(panel: RunsPanel) -> None:
    panel.rows().first.focus()
    press(panel, "ArrowDown", "ArrowDown", " ")
    expect(panel.root.locator(".nbruns-row.nbruns-ticked")).to_have_count(1)
    press(panel, " ", "Shift+F10")
    expect(panel.root.get_by_role("menu")).to_be_visible()
    press(panel, "Escape")
    expect(panel.root.get_by_role("menu")).to_have_count(0)
    expect(panel.root.locator(".nbruns-ticked")).to_have_count(0)
