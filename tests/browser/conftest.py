"""A real JupyterLab and a real Chromium for the browser tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_page import LabPage, LabServer, headless_chromium
from playwright.sync_api import Browser

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where the pictures of the tests are kept (git ignores it)."""
    folder = PROJECT / "tests" / "browser" / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with headless_chromium() as browser:
        yield browser


@pytest.fixture
def lab_server(tmp_path: Path) -> Iterator[LabServer]:
    """A JupyterLab of this test's own, stopped when the test ends."""
    server = LabServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def lab(
    lab_server: LabServer, chromium: Browser, screenshots: Path, request: pytest.FixtureRequest
) -> Iterator[LabPage]:
    """A browser tab on that JupyterLab; a failing test leaves a picture of it."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = LabPage(context.new_page(), lab_server)
    yield page
    report = getattr(request.node, "report_of_call", None)
    if report is not None and report.failed:
        page.screenshot(screenshots, f"failed-{request.node.name}")
    context.close()


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[LabPage]:
    """One browser tab on one JupyterLab for all tests of a module."""
    server = LabServer(tmp_path_factory.mktemp("lab"))
    server.start()
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield LabPage(context.new_page(), server)
    context.close()
    server.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.report_of_call = report
