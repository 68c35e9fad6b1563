"""plotly.js, served once for all charts."""

import importlib.metadata
import re
from typing import Any


def test_the_script_is_that_of_the_installed_plotly(live_server: Any) -> None:
    version = importlib.metadata.version("plotly")
    answer = live_server.request("GET", f"static/plotly.min.js?v={version}")

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert re.match(rb"/\*\*\s+\* plotly\.js v\d", answer.body)


def test_the_browser_keeps_a_version_for_good(live_server: Any) -> None:
    kept = live_server.request("GET", "static/plotly.min.js?v=1").headers["Cache-Control"]

    assert "immutable" in kept
    assert "private" in kept


def test_without_a_version_nothing_is_promised(live_server: Any) -> None:
    headers = live_server.request("GET", "static/plotly.min.js").headers

    assert "immutable" not in (headers["Cache-Control"] or "")


def test_strangers_get_no_script(live_server: Any) -> None:
    assert live_server.request("GET", "static/plotly.min.js", headers={}).status in (401, 403)


def test_no_other_file_is_served(live_server: Any) -> None:
    for path in ("static/widgetbundle.js", "static/../plotly.min.js", "static/plotlyXmin.js"):
        assert live_server.request("GET", path).status == 404
