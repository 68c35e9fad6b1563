"""The runs fetched so far of a list that may be longer than anyone wants to fetch.

Pages arrive from the top as the reader scrolls. A refresh brings the first page
again, and the rows in sight by their ids; everything else stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable

from nbruns.records import Page, Run


class RunPages:
    """Runs in the server's order, from the first to the last one fetched."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.next_token: str | None = None
        self._first_page = 0

    @property
    def has_more(self) -> bool:
        """Whether the server has runs beyond the last one here."""
        return self.next_token is not None

    def find(self, run_id: str) -> Run | None:
        """A run fetched so far."""
        return next((run for run in self.runs if run.run_id == run_id), None)

    def clear(self) -> None:
        """Forget everything."""
        self.runs, self.next_token, self._first_page = [], None, 0

    def extend(self, page: Page[Run]) -> None:
        """Add the page after the last one."""
        known = {run.run_id for run in self.runs}
        self.runs += [run for run in page.items if run.run_id not in known]
        self.next_token = page.next_token

    def refresh(self, page: Page[Run], *, reading_from: int = 0) -> None:
        """Take in the first page again.

        A reader at the top gets what the server says now, and later pages anew when they
        are scrolled to; for one who reads further down (`reading_from`) the later rows stay.
        """
        fresh = {run.run_id for run in page.items}
        same_order = [r.run_id for r in page.items] == [
            r.run_id for r in self.runs[: self._first_page]
        ]
        if self._first_page and (same_order or reading_from >= self._first_page):
            pushed_down = self._pushed_out(page.items)
            rest = [r for r in self.runs[self._first_page :] if r.run_id not in fresh]
            self.runs = [*page.items, *pushed_down, *rest]
            if len(self.runs) == len(page.items):
                self.next_token = page.next_token
        else:
            self.runs, self.next_token = list(page.items), page.next_token
        self._first_page = len(page.items)

    def _pushed_out(self, fresh: list[Run]) -> list[Run]:
        """The runs that newer ones pushed off the first page, as against those deleted."""
        before = self.runs[: self._first_page]
        old, new = {r.run_id for r in before}, {r.run_id for r in fresh}
        arrived = len(new - old)
        tail = before[max(0, len(before) - arrived) :] if arrived else []
        return [run for run in tail if run.run_id not in new]

    def replace(self, runs: Iterable[Run]) -> None:
        """Put newer records in the place of those with the same ids."""
        newer = {run.run_id: run for run in runs}
        self.runs = [newer.get(run.run_id, run) for run in self.runs]
