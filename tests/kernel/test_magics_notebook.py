"""%run_snapshot and %run_compare, without a browser."""

from __future__ import annotations

from notebook_kernel import NotebookKernel, code_cell

from nbruns.records import Activity, NotebookContent
from nbruns.store import Store


def newest_snapshot(kernel: NotebookKernel) -> tuple[Activity, str, NotebookContent]:
    """The newest snapshot as the log tells of it, how it was captured, and what it holds."""
    store = Store.open(kernel.home)
    try:
        entry = store.activity.search(action="snapshot", limit=1).items[0]
        revision = store.revisions.get(entry.subject)
        return entry, revision.method, store.revisions.content(entry.subject)
    finally:
        store.close()


# F45 F47
def test_a_snapshot_needs_neither_a_run_nor_a_browser(kernel: NotebookKernel) -> None:
    kernel.save(code_cell("a", "x = 1"), code_cell("b", "never_run = 2"))
    kernel.run("x = 'edited'", cell="a")
    told = kernel.run("%run_snapshot before tuning", cell="c")

    entry, method, content = newest_snapshot(kernel)
    assert told.stderr + told.error == ""
    assert told.plain == (
        f"Revision '{entry.subject[:8]}' kept from the executed cells: before tuning "
        f"({entry.subject})\n"
    )
    assert (entry.comment, entry.before, method) == ("before tuning", None, "executed")
    sources = {cell["id"]: cell["source"] for cell in content["cells"]}
    assert sources["a"] == "x = 'edited'"
    assert sources["b"] == "never_run = 2"
    assert kernel.runs() == []


def test_a_snapshot_tells_of_the_active_run(kernel: NotebookKernel) -> None:
    kernel.run("%run_start watched")
    told = kernel.run("%run_snapshot", cell="c")
    kernel.run("%run_end")

    entry, _, _ = newest_snapshot(kernel)
    run = kernel.named("watched")
    assert (entry.before, entry.comment) == (run.run_id, "")
    assert told.plain.startswith(f"Revision '{entry.subject[:8]}' kept from the executed cells of")
    assert "run 'watched'" in told.plain


def test_a_snapshot_asks_the_browsers(kernel: NotebookKernel) -> None:
    (wish,) = kernel.run("%run_snapshot for 'Ada & Bo'", cell="c-7").captures

    entry, _, _ = newest_snapshot(kernel)
    assert (wish["reason"], wish["cell_id"], wish["message"]) == ("snapshot", "c-7", "for Ada & Bo")
    assert wish["snapshot_id"] == entry.after


def test_runs_are_compared(kernel: NotebookKernel) -> None:
    for name, depth in (("shallow", 3), ("deep", 9)):
        kernel.run(f"%run_start {name}\n%run_params depth={depth} same=1\n%run_end", cell=name)
    by_name = kernel.run("%run_compare shallow deep")
    by_id = kernel.run(
        f"%run_compare {kernel.named('shallow').run_id} {kernel.named('deep').run_id[:9]}"
    )
    newest = kernel.run("%run_compare")

    assert by_name.stderr + by_name.error == ""
    for told in (by_name, by_id, newest):
        assert "depth" in told.html
        assert "shallow" in told.html
        assert "deep" in told.html
    assert kernel.completions("%run_compare sh") == ["%run_compare shallow"]
    assert kernel.completions("%run_compare shallow de") == ["%run_compare shallow deep"]


def test_what_cannot_be_compared_says_why(kernel: NotebookKernel) -> None:
    assert "has no run 'nobody'" in kernel.run("%run_compare nobody").stderr
    assert "compared with itself" in kernel.run("%run_compare deep deep").stderr
