"""Nothing of ours answers a stranger: every handler, every method, every call."""

from __future__ import annotations

import http.cookies
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbruns.endpoints import routes
from nbruns.server.app import NbrunsApp
from nbruns.server.signed_in import SignedIn

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
DENIES = """
from jupyter_server.auth import Authorizer

class Denies(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "nbruns"

c.ServerApp.authorizer_class = Denies
"""


def handlers() -> list[tuple[str, type[Any]]]:
    """Path pattern and class of everything the extension adds."""
    app = NbrunsApp()
    app.initialize_handlers()
    return [(pattern, handler) for pattern, handler, *_ in app.handlers]


def paths() -> Iterator[str]:
    """A path for each handler and each endpoint, below `nbruns/`."""
    for pattern, _ in handlers():
        plain = re.sub(r"\(\?:ajax-\)\?", "", pattern).replace("[23]", "2").replace("\\", "")
        yield re.sub(r"\(\.[*+]\)", "some/path", plain).removeprefix("/nbruns/")
    for table, prefix in ((routes._MLFLOW, "api/2.0/"), (routes.own_routes(), "api/1.0/")):
        for _, path in table.plain:
            yield prefix + path
        for _, template, _ in table.templates:
            yield prefix + re.sub(r"\(\?P<\w+>[^)]*\)", "x", template.pattern).replace("\\", "")


CALLS = [(method, path) for path in sorted(set(paths())) for method in METHODS]


def test_every_handler_derives_from_the_one_that_asks_who_comes() -> None:
    assert [handler for _, handler in handlers() if not issubclass(handler, SignedIn)] == []


def test_every_endpoint_is_walked() -> None:
    assert ("POST", "api/2.0/mlflow/runs/log-batch") in CALLS
    assert ("GET", "api/2.0/mlflow-artifacts/artifacts/some/path") in CALLS
    assert ("POST", "api/1.0/panel/start") in CALLS
    assert len(CALLS) > 400


def test_a_stranger_is_refused_everywhere(live_server: Any) -> None:
    everything = ("POST", "api/2.0/mlflow/experiments/search", {"max_results": 9})
    before = live_server.ask(*everything)

    answers = {call: live_server.request(*call, headers={}) for call in CALLS}

    # 405 says no more than that no handler has the method.
    let_in = {call: a.status for call, a in answers.items() if a.status not in (401, 403, 405)}
    assert let_in == {}
    assert sum(a.status == 403 for a in answers.values()) > 300
    assert (
        live_server.ask("POST", "api/2.0/mlflow/experiments/search", {"max_results": 9}) == before
    )


@pytest.mark.parametrize("secret", ["wrong", "", "token", "None"])
def test_a_wrong_token_is_no_token(live_server: Any, secret: str) -> None:
    for scheme in ("token", "Bearer", "Basic"):
        headers = {"Authorization": f"{scheme} {secret}"}
        assert live_server.request("GET", "health", headers=headers).status == 403


def test_a_user_whom_the_authorizer_denies_is_refused_everywhere(
    new_server: Callable[..., Any],
) -> None:
    server = new_server(config=DENIES)

    answers = {call: server.request(*call) for call in CALLS}

    let_in = {call: a.status for call, a in answers.items() if a.status not in (403, 405)}
    assert let_in == {}
    assert not list(server.home.glob("artifacts/*"))


def test_refusals_are_json_of_the_protocol(live_server: Any) -> None:
    answer = live_server.request("GET", "api/2.0/mlflow/experiments/get", headers={})

    assert answer.json()["error_code"] == "PERMISSION_DENIED"
    assert answer.headers["Content-Type"] == "application/json"


class TestCookies:
    """A browser signs in once; from then on other sites must not act through it."""

    @pytest.fixture
    def cookies(self, live_server: Any) -> dict[str, str]:
        answer = live_server.request("GET", f"/api/status?token={live_server.token}", headers={})
        page = live_server.request("GET", "/login", headers={})
        jar: dict[str, str] = {}
        for line in [
            *answer.headers.get_all("Set-Cookie", []),
            *page.headers.get_all("Set-Cookie", []),
        ]:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                jar[name] = morsel.value
        assert "_xsrf" in jar
        return jar

    def headers(self, cookies: dict[str, str], **more: str) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items()), **more}

    def test_reading_needs_the_cookie_only(self, live_server: Any, cookies: dict[str, str]) -> None:
        assert live_server.request("GET", "health", headers=self.headers(cookies)).body == b"OK"

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "api/2.0/mlflow/experiments/create"),
            ("PUT", "api/2.0/mlflow-artifacts/artifacts/0/file"),
            ("DELETE", "api/2.0/mlflow-artifacts/artifacts/0/file"),
            ("PATCH", "api/2.0/mlflow/registered-models/update"),
            ("POST", "api/1.0/panel/start"),
        ],
    )
    def test_writing_without_the_xsrf_token_is_refused(
        self, live_server: Any, cookies: dict[str, str], method: str, path: str
    ) -> None:
        answer = live_server.request(method, path, b'{"name": "forged"}', self.headers(cookies))

        assert answer.status == 403
        assert not list(live_server.home.glob("artifacts/0/*"))

    def test_writing_with_it_works(self, live_server: Any, cookies: dict[str, str]) -> None:
        headers = self.headers(cookies, **{"X-XSRFToken": cookies["_xsrf"]})

        answer = live_server.request(
            "POST", "api/2.0/mlflow/experiments/create", b'{"name": "mine"}', headers
        )

        assert answer.status == 200

    def test_another_site_is_told_nothing(self, live_server: Any, cookies: dict[str, str]) -> None:
        headers = self.headers(cookies, Origin="http://evil.example")

        answer = live_server.request("GET", "api/2.0/mlflow/experiments/search", headers=headers)

        assert answer.status == 404
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_no_origin_is_ever_allowed_by_wildcard(live_server: Any) -> None:
    for call in CALLS[:60]:
        assert live_server.request(*call).headers.get("Access-Control-Allow-Origin") != "*"


def panel_secret(server: Any) -> str:
    """The secret the server gave its panel kernel, read off that kernel's own environment."""
    kernel_id = server.ask("POST", "api/1.0/panel/start")[1]["kernel_id"]
    folders = Path("/proc").glob("[0-9]*")
    for folder in folders:
        try:
            if kernel_id in (folder / "cmdline").read_text():
                environment = (folder / "environ").read_text().split("\0")
                return dict(line.partition("=")[::2] for line in environment if line)[
                    "NBRUNS_PANEL_TOKEN"
                ]
        except OSError:
            continue
    raise AssertionError("The panel's kernel does not run")


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads another process's environment")
class TestThePanel:
    def test_its_secret_lets_it_in_as_the_user_of_the_server(self, live_server: Any) -> None:
        headers = {"Authorization": f"token {panel_secret(live_server)}"}

        made = live_server.request(
            "POST", "api/2.0/mlflow/experiments/create", b'{"name": "by the panel"}', headers
        )

        assert made.status == 200
        assert "Set-Cookie" not in made.headers

    def test_its_secret_opens_nothing_else_of_the_server(self, live_server: Any) -> None:
        headers = {"Authorization": f"token {panel_secret(live_server)}"}

        assert live_server.request("GET", "/api/contents", headers=headers).status == 403

    def test_almost_the_secret_is_not_the_secret(self, live_server: Any) -> None:
        headers = {"Authorization": f"token {panel_secret(live_server)[:-1]}"}

        assert live_server.request("GET", "health", headers=headers).status == 403
