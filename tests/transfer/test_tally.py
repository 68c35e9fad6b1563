"""How an import says how far it is."""

from __future__ import annotations

import io

from nbruns.transfer.tally import Progress, Tally


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, seconds: list[float]) -> str:
    """What is written when a run comes in at each of some moments."""
    clock = iter([0.0, *seconds])
    progress, tally = Progress(stream, 3, lambda: next(clock)), Tally()
    for _ in seconds:
        tally.new["run"] += 1
        progress.show(tally)
    progress.clear()
    return stream.getvalue()


def test_a_terminal_has_one_line_that_changes() -> None:
    text = shown(Terminal(), [0.05, 1.0, 2.0])

    assert "\n" not in text
    lines = text.split("\r")
    assert [line[:10] for line in lines[1:3]] == ["run 2 of 3", "run 3 of 3"]
    assert lines[3].strip() == lines[4] == ""


def test_elsewhere_a_line_comes_now_and_then() -> None:
    text = shown(io.StringIO(), [1.0, 6.0, 7.0])

    assert text == "run 2 of 3 · 0 points · 0 files, 0 bytes\n"
