"""The shelf of lists of runs: any part of a list by its place, however long the list is.

A search of the protocol hands out one page after the other. A list that is scrolled by its
bar needs the rows in the middle, their number in all, and nested runs folded away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from nbruns.conditions import Order, Search
from nbruns.records import ListColumns, ListedRun, LoggedKey, Run, RunCounts, View
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.experiments import number_of
from nbruns.store.keyset import Sql
from nbruns.store.listed_runs import load_listed
from nbruns.store.run_keys import Kind, logged_keys, logged_values
from nbruns.store.run_loading import load_runs
from nbruns.store.run_moving import move_runs
from nbruns.store.run_numbers import numbers_of_runs
from nbruns.store.run_purging import purge_runs
from nbruns.store.runs import Runs
from nbruns.store.search import Place, count_runs, find_children, find_runs_at
from nbruns.store.sparks import Spark, sparks

STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
_ANY = Sql("true")
_AT_TOP = Sql("r.parent_number is null")
_ALL = 2**31
_COUNTS = f"""
select status, stage, count(*)
from runs
where status in {STATUSES} and experiment_id = ?
group by status, stage
"""
# Runs with a tag stand in the index in the order they came.
_NEWEST_OF_NOTEBOOK = """
select t.run_number
from tags t
join runs r using (run_number)
where t.key = ? and t.value = ? and length(t.value) <= 100 and r.stage = 'active'
order by t.run_number desc
limit 1
"""
NOTEBOOK_TAG = "nbruns.notebook"
Row = tuple[int, int]


_HAS_OTHER_TAG = """and exists (
    select 1 from tags o where o.run_number = t.run_number and o.key = ? and o.value = ?)"""


class Listing:
    """The shelf of lists of runs."""

    def __init__(self, db: Database, artifacts: Artifacts, runs: Runs) -> None:
        self.db = db
        self.artifacts = artifacts
        self.runs = runs

    def rows(
        self,
        experiment_id: str,
        search: Search,
        columns: ListColumns,
        *,
        first: int,
        count: int,
        view: View = "active",
    ) -> list[ListedRun]:
        """The runs at some places of a search, nested ones among them."""
        place = Place(first, count, view)
        with self.db.lock:
            found = find_runs_at(self.db, [number_of(experiment_id)], search, _ANY, place=place)
            return load_listed(self.db, self.artifacts, found, columns)

    def total(self, experiment_id: str, search: Search, *, view: View = "active") -> int:
        """How many runs a search finds."""
        with self.db.lock:
            return count_runs(self.db, [number_of(experiment_id)], search, _ANY, view=view)

    def folded(
        self,
        experiment_id: str,
        order: Sequence[Order],
        columns: ListColumns,
        *,
        first: int,
        count: int,
        expanded: Sequence[str] = (),
    ) -> tuple[list[ListedRun], int]:
        """Rows of all active runs with nested ones under their parents, and how many rows.

        The children of a run show only where it is among the expanded.
        """
        search, experiments = Search((), tuple(order)), [number_of(experiment_id)]
        with self.db.lock:
            opened = set(numbers_of_runs(self.db, expanded).values()) & self._parents(expanded)
            if opened:
                outline = list(self._outline(experiments, search, opened))
                total, outline = len(outline), outline[first : first + count]
            else:
                place = Place(first, count)
                tops = find_runs_at(self.db, experiments, search, _AT_TOP, place=place)
                outline = [(number, 0) for number in tops]
                total = count_runs(self.db, experiments, search, _AT_TOP, view="active")
            runs = load_listed(self.db, self.artifacts, [number for number, _ in outline], columns)
        rows = zip(runs, outline, strict=True)
        return [replace(run, depth=depth) for run, (_, depth) in rows], total

    def place(
        self,
        experiment_id: str,
        search: Search,
        run_id: str,
        *,
        view: View = "active",
        expanded: Sequence[str] | None = None,
    ) -> int | None:
        """Where a run stands in the list, counted from 0; None where it is not in it.

        The list is folded where `expanded` says which runs are not.
        """
        experiments = [number_of(experiment_id)]
        with self.db.lock:
            number = numbers_of_runs(self.db, [run_id]).get(run_id)
            if expanded is None:
                whole = Place(0, _ALL, view)
                found = iter(find_runs_at(self.db, experiments, search, _ANY, place=whole))
            else:
                opened = set(numbers_of_runs(self.db, expanded).values()) & self._parents(expanded)
                found = (row for row, _ in self._outline(experiments, search, opened))
            return next((place for place, one in enumerate(found) if one == number), None)

    def best(self, experiment_id: str, order: Order, conditions: Search) -> str | None:
        """The id of the first run in an order by metric, if it has a number there."""
        search = replace(conditions, orders=(order,))
        columns = ListColumns(metrics={order.key: (order.aggregate, "max")})
        for row in self.rows(experiment_id, search, columns, first=0, count=1):
            point = next(iter(row.run.metrics), None)
            if point is not None and point.value == point.value:
                return row.run.run_id
        return None

    def counts(self, experiment_id: str) -> RunCounts:
        """How many runs of an experiment have which status, and how many are deleted."""
        by_status: Counter[str] = Counter()
        deleted = 0
        with self.db.lock:
            rows = self.db.conn.execute(_COUNTS, (number_of(experiment_id),)).fetchall()
        for status, stage, count in rows:
            if stage == "active":
                by_status[status] = count
            else:
                deleted += count
        return RunCounts(dict(by_status), deleted)

    def keys(self, experiment_id: str, kind: Kind, *, with_rare: bool = True) -> list[LoggedKey]:
        """The metrics, params or tags of an experiment's runs, by key."""
        return logged_keys(self.db, number_of(experiment_id), kind, with_rare=with_rare)

    def values(self, experiment_id: str, kind: Kind, key: str, *, limit: int = 50) -> list[str]:
        """The usual values of a param or a tag, the most frequent first."""
        return logged_values(self.db, number_of(experiment_id), kind, key, limit=limit)

    def sparks(
        self, run_ids: Sequence[str], keys: Sequence[str], *, points: int
    ) -> dict[str, dict[str, Spark]]:
        """Some metrics of some runs as at most `points` values each, by run id and key."""
        numbers = numbers_of_runs(self.db, run_ids)
        found = sparks(self.db, list(numbers.values()), keys, points=points)
        return {run_id: found[number] for run_id, number in numbers.items() if number in found}

    def newest_of_notebook(self, notebook_id: str) -> Run | None:
        """The run a notebook started last, wherever it went; without what it logged."""
        with self.db.lock:
            row = self.db.conn.execute(_NEWEST_OF_NOTEBOOK, (NOTEBOOK_TAG, notebook_id)).fetchone()
            numbers = [row[0]] if row else []
            found = load_runs(
                self.db, self.artifacts, numbers, with_values=False, with_datasets=False
            )
        return found[0] if found else None

    def tagged(
        self, key: str, value: str, *, limit: int, also: tuple[str, str] | None = None
    ) -> list[Run]:
        """The newest runs with a tag of a value, and with one more; without their datasets."""
        # As the indexes of tags have it.
        by_length = "<= 100" if len(value) <= 100 else "> 100"
        has_other = "" if also is None else _HAS_OTHER_TAG
        with self.db.lock:
            rows = self.db.conn.execute(
                f"""
                select t.run_number
                from tags t
                join runs r using (run_number)
                where t.key = ? and t.value = ? and length(t.value) {by_length}
                    and r.stage = 'active' {has_other}
                order by t.run_number desc
                limit ?
                """,
                (key, value, *(also or ()), limit),
            ).fetchall()
            numbers = [number for (number,) in rows]
            return load_runs(self.db, self.artifacts, numbers, with_datasets=False)

    def delete(self, run_ids: Sequence[str]) -> list[str]:
        """Delete runs with those nested in them; the ids of all that were deleted."""
        with self.db.atomic():
            gone = self.descendants(run_ids)
            for run_id in reversed(gone):
                self.runs.delete(run_id)
        return gone

    def restore(self, run_ids: Sequence[str]) -> None:
        """Bring deleted runs back, all or none."""
        with self.db.atomic():
            for run_id in run_ids:
                self.runs.restore(run_id)

    def purge(self, run_ids: Sequence[str]) -> None:
        """Remove deleted runs for good, with their artifacts."""
        purge_runs(self.db, self.artifacts, run_ids)

    def move(self, run_ids: Sequence[str], experiment_id: str) -> list[str]:
        """Put runs, with those under them, into another experiment; the ids of all of them.

        Raises InvalidState for one that is running, NotFound for what is not there.
        """
        return move_runs(self.db, run_ids, number_of(experiment_id))

    def descendants(self, run_ids: Sequence[str]) -> list[str]:
        """Those of some runs that exist and the active runs nested in them, parents first."""
        found: dict[int, str] = {
            number: run_id for run_id, number in numbers_of_runs(self.db, run_ids).items()
        }
        with self.db.lock:
            level = list(found)
            while level:
                children = [row for number in level for row in self._children(number)]
                found.update(children)
                level = [number for number, _ in children]
        return list(found.values())

    def _children(self, number: int) -> list[tuple[int, str]]:
        return self.db.conn.execute(
            "select run_number, run_id from runs where parent_number = ? and stage = 'active'",
            (number,),
        ).fetchall()

    def _parents(self, run_ids: Sequence[str]) -> set[int]:
        numbers = numbers_of_runs(self.db, run_ids).values()
        return {number for number in numbers if self._children(number)}

    def _outline(self, experiments: list[int], search: Search, opened: set[int]) -> Iterator[Row]:
        """All rows as run number and depth."""
        tops = find_runs_at(self.db, experiments, search, _AT_TOP, place=Place(0, _ALL))
        inner = {number: find_children(self.db, number, search) for number in opened}
        for number in tops:
            yield from _with_inner(number, 0, inner)


def _with_inner(number: int, depth: int, inner: Mapping[int, list[int]]) -> Iterator[Row]:
    yield number, depth
    for child in inner.get(number, ()):
        yield from _with_inner(child, depth + 1, inner)
