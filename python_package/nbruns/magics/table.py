"""A plain table that a command answers with: HTML for pages, aligned text for consoles."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import zip_longest


class Table:
    """Rows under their heads; `nothing` stands in place of no rows, `more` below them."""

    def __init__(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], *, nothing: str, more: str = ""
    ) -> None:
        self.head, self.rows = list(head), [list(row) for row in rows]
        self.nothing, self.more = nothing, more

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<div>{escape(self.nothing)}</div>"
        body = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in self.rows)
        head = f"<thead><tr>{_cells(self.head, 'th')}</tr></thead>"
        more = f"<div>{escape(self.more)}</div>" if self.more else ""
        return f"<table>{head}<tbody>{body}</tbody></table>{more}"

    def __repr__(self) -> str:
        if not self.rows:
            return self.nothing
        rows = [self.head, *([_one_line(text) for text in row] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, self.more] if self.more else lines)


def _cells(row: Sequence[str], kind: str) -> str:
    return "".join(f"<{kind}>{escape(text)}</{kind}>" for text in row)


def _one_line(text: str) -> str:
    return " ".join(text.split())
