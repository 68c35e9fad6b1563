"""Revisions and what differs between two of them, as pages for a cell's output."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from nbruns.comparison.cells import cells_html
from nbruns.comparison.html import framed
from nbruns.notebooks.diff import CellChange, NotebookDifference, diff
from nbruns.records import NotebookContent


@dataclass(frozen=True, repr=False)
class RevisionDifference:
    """What changed from one revision to another; shown in a cell it is a page."""

    old_name: str
    new_name: str
    found: NotebookDifference

    @classmethod
    def between(
        cls, old: tuple[str, NotebookContent], new: tuple[str, NotebookContent]
    ) -> RevisionDifference:
        """The difference of two notebooks, each with its name."""
        return cls(old[0], new[0], diff(old[1], new[1]))

    @property
    def words(self) -> str:
        """'cells 3, 7 edited, 1 added', or 'unchanged'."""
        return self.found.words()

    @property
    def changes(self) -> tuple[CellChange, ...]:
        """The cells in which anything differs."""
        return self.found.changes

    def __repr__(self) -> str:
        return f"<from {self.old_name} to {self.new_name}: {self.words}>"

    def _repr_html_(self) -> str:
        others = self.found.other_words()
        parts = [
            f'<p class="nbr-facts">{escape(self.old_name)} → {escape(self.new_name)}</p>',
            f'<p class="nbr-sentence">{escape(self.words)}</p>',
            cells_html(self.found),
            f'<p class="nbr-unknown">{escape(others)} differ too</p>' if others else "",
        ]
        return framed("".join(parts))


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A plain table in the front end's own colours."""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(one)}</td>' for one in row)}</tr>" for row in rows)
    return framed(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
