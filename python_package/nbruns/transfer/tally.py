"""What an import has done so far, and how it says so: while it works, and at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

_KINDS = (
    ("experiment", "experiments"),
    ("run", "runs"),
    ("point", "metric points"),
    ("model", "logged models"),
    ("name", "registered models"),
    ("version", "model versions"),
    ("file", "artifact files"),
)
_UNITS = ("bytes", "kB", "MB", "GB")


@dataclass
class Tally:
    """Counts of what came in and of what was here already; what was left out, and why."""

    new: Counter[str] = field(default_factory=Counter)
    here: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def runs_seen(self) -> int:
        """How many runs were looked at, of those there are."""
        return self.new["run"] + self.here["run"]

    def note(self, sentence: str) -> None:
        """Say something at the end, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def summary(self) -> Iterator[str]:
        """The lines of the end."""
        for kind, plural in _KINDS:
            new, here = self.new[kind], self.here[kind]
            if new or here:
                size = f" ({_size(self.bytes)})" if kind == "file" else ""
                known = f", {here:,} already here" if here else ""
                yield f"  {plural:<18}{new:>11,} new{size}{known}"
        if not self.new:
            yield "  everything is already here" if self.here else "  there is nothing in it"
        yield from self.notes
        if self.left_out:
            yield f"Left out ({len(self.left_out)}):"
            yield from (f"  {place}: {reason}" for place, reason in self.left_out)


class Progress:
    """One line that changes in place on a terminal; elsewhere a new line every five seconds."""

    def __init__(
        self, stream: TextIO, run_count: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._run_count = run_count
        self._clock = clock
        self._in_place = stream.isatty()
        self._pause_s = 0.1 if self._in_place else 5.0
        self._last_s = clock()
        self._width = 0

    def show(self, tally: Tally) -> None:
        """Say how far it is, if it was not just said."""
        now = self._clock()
        if now - self._last_s < self._pause_s:
            return
        self._last_s = now
        line = (
            f"run {tally.runs_seen:,} of {self._run_count:,} · {tally.new['point']:,} points · "
            f"{tally.new['file']:,} files, {_size(tally.bytes)}"
        )
        if self._in_place:
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away that changes in place."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0


def _size(count: float) -> str:
    for unit in _UNITS[:-1]:
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} {_UNITS[-1]}"
