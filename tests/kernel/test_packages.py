"""The installed packages, read from what installers leave on the path."""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from nbruns.kernel.packages import Installed, normal_name
from nbruns.records import Package


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages, the only one on the path."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder)])
    return folder


def install(site: Path, name: str, version: str, direct_url: object = None) -> None:
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not this\n"
    )
    if direct_url is not None:
        (info / "direct_url.json").write_text(json.dumps(direct_url))


def test_it_is_what_the_standard_library_says_of_this_environment() -> None:  # F21
    found = Installed().environment()

    expected = {normal_name(d.metadata["Name"]): d.version for d in reversed(list(distributions()))}
    assert {normal_name(p.name): p.version for p in found.packages} == expected
    assert found.python.startswith(".".join(map(str, sys.version_info[:3])))
    assert found.platform


def test_an_installation_is_noticed_and_nothing_else_is_read_again(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "numpy", "2.1.0")
    installed = Installed()
    before = installed.environment()
    with monkeypatch.context() as patch:
        patch.setattr("nbruns.kernel.packages.distributions", None)
        assert installed.environment() is before

    os.utime(site, ns=(1, 1))
    install(site, "Py.Yaml", "6.0")
    assert [p.name for p in installed.environment().packages] == ["numpy", "Py.Yaml"]


def test_the_first_on_the_path_counts(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = site.parent / "later"
    later.mkdir()
    install(site, "Foo_Bar", "2")
    install(later, "foo-bar", "1")
    monkeypatch.setattr(sys, "path", [str(site), str(later), "/nowhere", str(site)])

    assert Installed().environment().packages == (Package("Foo_Bar", "2"),)


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        (
            {"url": "file:///home/ada/tool", "dir_info": {"editable": True}},
            "editable file:///home/ada/tool",
        ),
        (
            {
                "url": "https://ada:token@host/tool.git",
                "vcs_info": {"vcs": "git", "commit_id": "0a1b"},
            },
            "git+https://host/tool.git@0a1b",
        ),
        ({"url": "https://host/tool-1.whl", "archive_info": {}}, "https://host/tool-1.whl"),
        ([], ""),
        ({"url": 5}, ""),
        ({"url": "x", "vcs_info": {}}, "x"),
        ({"url": "x", "vcs_info": {"vcs": "git"}}, ""),
    ],
)
def test_what_came_from_no_index_is_told(site: Path, told: object, origin: str) -> None:
    install(site, "tool", "1", told)

    assert Installed().environment().packages == (Package("tool", "1", origin),)


def test_broken_packages_are_passed_over(site: Path) -> None:
    install(site, "whole", "1")
    (site / "empty-1.dist-info").mkdir()
    (site / "torn-1.dist-info").mkdir()
    (site / "torn-1.dist-info" / "METADATA").write_bytes(b"\xff\xfe\x00")

    assert [p.name for p in Installed().environment().packages] == ["whole"]
