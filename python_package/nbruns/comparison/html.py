"""A comparison as a page for a cell's output: what differs in sight, what is equal folded.

Colours are the front end's own (JupyterLab's variables, else those of VS Code), so that
light and dark both read well. Marks are `ins` and `del`, which say what they are where a
front end takes the styles away, as JupyterLab does in notebooks it does not trust.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from nbruns.comparison.cells import cells_html
from nbruns.comparison.rows import MetricRow, Row
from nbruns.numbers import delta, exact, number
from nbruns.records import Run

if TYPE_CHECKING:
    from nbruns.comparison.compared import Code, Comparison

_TITLES = {
    "params": ("Parameters", "parameter"),
    "datasets": ("Data", "dataset"),
    "packages": ("Packages", "package"),
    "source": ("Source", "source fact"),
    "tags": ("Tags", "tag"),
}
_MOST_ROWS = 200
_MOST_SHOWN, _MOST_TITLE = 160, 2_000


def page(found: Comparison) -> str:
    """The whole of it."""
    unknown = [f'<p class="nbr-unknown">{escape(words)}</p>' for words in found.unknown]
    parts = [
        *_sentences(found),
        _different(found),
        *_code(found),
        _equal(found),
        *unknown,
    ]
    return framed("".join(parts))


def framed(body: str) -> str:
    """A piece of HTML with the looks of a comparison."""
    return f'<div class="nbruns-comparison"><style>{_style()}</style>{body}</div>'


def _sentences(found: Comparison) -> Iterator[str]:
    for run, words in zip(found.runs[1:], found.sentences, strict=True):
        whose = f'<span class="nbr-whose">{escape(_name(run))}:</span> '
        of = whose if len(found.runs) > 2 else ""
        yield f'<p class="nbr-sentence">{of}{escape(words)}</p>'


def _different(found: Comparison) -> str:
    heads = "".join(_head(run, at) for at, run in enumerate(found.runs))
    bodies = [_section("Metrics", [_metric(row) for row in found.metrics], len(found.runs))]
    for name, (title, _) in _TITLES.items():
        rows = [_row(row) for row in getattr(found, name)]
        bodies.append(_section(title, rows, len(found.runs)))
    return (
        '<div class="nbr-wide"><table>'
        f"<thead><tr><th></th>{heads}</tr></thead>{''.join(bodies)}</table></div>"
    )


def _equal(found: Comparison) -> str:
    """What all runs have in common, folded, with one column for its values."""
    sections = [
        ("metric", "Metrics", [_alike(r.name, number(_first(r))) for r in found.equal.metrics])
    ]
    # Hundreds of packages are equal: they stand last.
    for name, (title, noun) in sorted(_TITLES.items(), key=lambda one: one[0] == "packages"):
        rows = [_alike(row.name, row.values[0] or "") for row in getattr(found.equal, name)]
        sections.append((noun, title, rows))
    counts = ", ".join(_counted(len(rows), noun) for noun, _, rows in sections if rows)
    if not counts:
        return ""
    bodies = "".join(_section(title, rows, 1) for _, title, rows in sections)
    return (
        f"<details><summary>Equal: {counts}</summary>"
        f'<div class="nbr-wide"><table>{bodies}</table></div></details>'
    )


def _code(found: Comparison) -> Iterator[str]:
    for run, code in zip(found.runs[1:], found.code, strict=True):
        if not code.is_known:
            continue
        whose = f" of {_name(run)}" if len(found.code) > 1 else ""
        yield f'<h4>Code{escape(whose)}: <span class="nbr-words">{escape(_words(code))}</span></h4>'
        if code.difference is not None:
            yield cells_html(code.difference)


def _words(code: Code) -> str:
    other = code.difference.other_words() if code.difference else ""
    return f"{code.words} ({other} differ too)" if other else code.words


def _head(run: Run, position: int) -> str:
    told = [*(["baseline"] if position == 0 else []), run.status.lower(), *_times(run)]
    pieces = [f"{fact} ·" for fact in told[:-1]] + told[-1:]
    facts = " ".join(f"<span>{escape(piece)}</span>" for piece in pieces)
    return (
        f'<th title="{escape(run.run_id)}"><span class="nbr-run">{escape(_name(run))}</span>'
        f'<span class="nbr-facts">{facts}</span></th>'
    )


def _times(run: Run) -> Iterator[str]:
    if run.started_ms is None:
        return
    try:
        started = datetime.fromtimestamp(run.started_ms / 1000, timezone.utc).astimezone()
    except (OverflowError, ValueError, OSError):
        return  # a time some other client made up
    yield f"{started:%d %b %Y %H:%M}"
    if run.ended_ms is not None and run.ended_ms >= run.started_ms:
        yield _span((run.ended_ms - run.started_ms) / 1000)


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{number(seconds, 3)} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _section(title: str, rows: Sequence[str], width: int) -> str:
    if not rows:
        return ""
    more = len(rows) - _MOST_ROWS
    last = f'<tr><td colspan="{width + 1}">… and {more:,} more</td></tr>' if more > 0 else ""
    head = f'<tr class="nbr-section"><th colspan="{width + 1}">{title}</th></tr>'
    return f"<tbody>{head}{''.join(rows[:_MOST_ROWS])}{last}</tbody>"


def _metric(row: MetricRow) -> str:
    cells = []
    for position, value in enumerate(row.values):
        if value is None:
            cells.append(_absent())
            continue
        apart = _apart(row, position) if position else ""
        cells.append(
            f'<td class="nbr-number" title="{escape(exact(value))}">{number(value)}{apart}</td>'
        )
    return _line(row.name, cells)


def _apart(row: MetricRow, position: int) -> str:
    value, first = row.values[position], row.values[0]
    if value is None or first is None:
        return ""
    gap, part = delta(value, first), row.relative[position]
    if gap in ("", "±0"):
        return ""
    percent = "" if part is None else f" ({'+' if part > 0 else ''}{number(part * 100, 2)} %)"
    return f'<span class="nbr-delta">{gap}{percent}</span>'


def _row(row: Row) -> str:
    cells = [_absent() if value is None else _value(value) for value in row.values]
    return _line(row.name, cells)


def _alike(name: str, value: str) -> str:
    return _line(name, [_value(value)])


def _line(name: str, cells: Iterable[str]) -> str:
    return f"<tr><th>{_cut(name)}</th>{''.join(cells)}</tr>"


def _value(value: str) -> str:
    return f'<td title="{escape(value[:_MOST_TITLE])}">{_cut(value)}</td>'


def _absent() -> str:
    return '<td class="nbr-absent" title="not logged">–</td>'


def _cut(text: str) -> str:
    return escape(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")


def _first(row: MetricRow) -> float:
    return row.values[0] if row.values[0] is not None else 0.0


def _name(run: Run) -> str:
    return run.name or run.run_id[:8]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


@cache
def _style() -> str:
    return files("nbruns.comparison").joinpath("comparison.css").read_text("utf-8")
