"""plotly.js, served once for all charts."""

import gzip
import importlib.metadata
import os
import re
from pathlib import Path
from typing import Any

from nbruns.server.static import _packed


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


def test_it_is_packed_for_who_can_unpack(live_server: Any) -> None:
    token = {"Authorization": f"token {live_server.token}"}
    plain = live_server.request("GET", "static/plotly.min.js", headers=token)
    packed = live_server.request(
        "GET", "static/plotly.min.js", headers={**token, "Accept-Encoding": "gzip, br"}
    )

    assert (plain.headers["Content-Encoding"], packed.headers["Content-Encoding"]) == (
        "identity",
        "gzip",
    )
    assert len(packed.body) < len(plain.body) / 2
    assert gzip.decompress(packed.body) == plain.body


def test_it_is_packed_anew_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "plotly.min.js"
    file.write_text("old")
    before = _packed(file, file.stat().st_mtime_ns)
    file.write_text("new")
    os.utime(file, ns=(1, 1))

    assert gzip.decompress(before) == b"old"
    assert gzip.decompress(_packed(file, file.stat().st_mtime_ns)) == b"new"
