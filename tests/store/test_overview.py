"""The list of experiments to choose from."""

from pathlib import Path

from nbruns.identity import now_ms
from nbruns.store import Store


def names(store: Store, text: str = "", **options: object) -> list[str]:
    return [item.name for item in store.overview.page(text, **options).items]  # type: ignore[arg-type]


# F7
def test_the_experiment_used_last_comes_first(store: Store) -> None:
    quiet = store.experiments.create("quiet").experiment_id
    busy = store.experiments.create("busy").experiment_id
    later = now_ms() + 60_000
    store.runs.create(quiet, started_ms=later)
    ended = store.runs.create(busy, started_ms=later + 1)
    store.runs.update(ended.run_id, status="FINISHED")
    store.runs.create(busy, started_ms=later + 2)

    first = store.overview.page().items[0]

    assert names(store)[:2] == ["busy", "quiet"]
    assert (first.runs, first.running, first.newest_ms) == (2, 1, later + 2)


def test_deleted_runs_do_not_count(store: Store) -> None:
    made = store.experiments.create("a").experiment_id
    store.runs.delete(store.runs.create(made).run_id)

    (found,) = store.overview.page("a", count=1).items

    assert (found.name, found.runs, found.newest_ms) == ("a", 0, None)


def test_a_notebook_s_experiment_is_found_by_its_path(store: Store, tmp_path: Path) -> None:
    store.notebooks.root = tmp_path
    notebook = store.notebooks.resolve("models/churn.ipynb")
    store.notebooks.experiment(notebook.notebook_id)
    store.experiments.create("other")

    (found,) = store.overview.page("MODELS/").items

    assert (found.path, found.notebook_id) == ("models/churn.ipynb", notebook.notebook_id)


def test_the_trash_is_a_list_of_its_own(store: Store) -> None:
    made = store.experiments.create("gone").experiment_id
    store.experiments.delete(made)

    assert "gone" not in names(store)
    assert names(store, stage="deleted") == ["gone"]


def test_a_page_says_where_the_next_begins(store: Store) -> None:
    for number in range(5):
        store.experiments.create(f"e{number}")

    page = store.overview.page("e", count=2)

    assert page.next_token == "2"
    assert not set(names(store, "e", first=2, count=2)) & {item.name for item in page.items}


def test_signs_of_patterns_are_letters(store: Store) -> None:
    store.experiments.create("100%_sure")
    store.experiments.create("other")

    assert names(store, "%_") == ["100%_sure"]
