"""One table of everything that was measured, printed when all benchmarks have run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Say = Callable[[str], None]
_SAID = pytest.StashKey[list[tuple[str, str]]]()


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Say:
    """Put a row into the table: what was done, a colon, what came out."""
    rows = request.config.stash.setdefault(_SAID, [])

    def put(line: str) -> None:
        work, _, figures = line.partition(": ")
        rows.append((work, figures))

    return put


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table."""
    rows = config.stash.get(_SAID, [])
    if not rows:
        return
    terminalreporter.section("measured")
    width = max(len(work) for work, _ in rows)
    for work, figures in rows:
        terminalreporter.write_line(f"{work:<{width}}  {figures}")
