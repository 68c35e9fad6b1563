"""The rows of a list that were fetched, each at its place among all rows there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nbruns.records import ListedRun, Run

_MOST_KEPT = 1_000


@dataclass
class RunWindow:
    """Rows by place; `total` is None until it was counted for the first time."""

    total: int | None = None
    rows: dict[int, ListedRun] = field(default_factory=dict)

    def covers(self, first: int, count: int) -> bool:
        """Whether all rows of a range are here."""
        return all(place in self.rows for place in range(first, self._end(first, count)))

    def between(self, first: int, count: int) -> list[ListedRun | None]:
        """The rows of a range, None for those that are still to be fetched."""
        return [self.rows.get(place) for place in range(first, self._end(first, count))]

    def add(self, first: int, rows: Sequence[ListedRun]) -> None:
        """Take in more rows of the same list."""
        if len(self.rows) > _MOST_KEPT:
            self.rows.clear()
        self.rows.update(enumerate(rows, start=first))

    def renew(self, first: int, rows: Sequence[ListedRun], total: int) -> int:
        """Take in rows of a list that may have changed, in place of all others.

        Returns how many places down the rows have moved under a reader, going by the
        first row that was here before.
        """
        before = {row.run.run_id: place for place, row in self.rows.items()}
        self.rows = dict(enumerate(rows, start=first))
        self.total = total
        for place, row in self.rows.items():
            if row.run.run_id in before:
                return place - before[row.run.run_id]
        return 0

    def rename(self, run_id: str, name: str) -> None:
        """Call a run by another name until it is fetched again."""
        for place, row in self.rows.items():
            if row.run.run_id == run_id:
                self.rows[place] = replace(row, run=replace(row.run, name=name))

    def place_of(self, run_id: str) -> int | None:
        """Where a run stands, None where it was not fetched."""
        return next((at for at, row in self.rows.items() if row.run.run_id == run_id), None)

    def find(self, run_id: str) -> Run | None:
        """What the list knows of a run: only what its columns show."""
        return next((row.run for row in self.rows.values() if row.run.run_id == run_id), None)

    def _end(self, first: int, count: int) -> int:
        return min(first + count, self.total if self.total is not None else first + count)
