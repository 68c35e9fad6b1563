"""A file that is read again: when it has been written, and not while it is."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import pytest

from nbruns.server.policy_in_force import filled_policy
from nbruns.server.watched_file import WatchedFile

LOG = logging.getLogger("nbruns")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text("default: NONE\n")
    return path


def written(path: Path, text: str, *, ago_s: float) -> None:
    path.write_text(text)
    at_s = time.time() - ago_s
    os.utime(path, (at_s, at_s))


def test_what_is_being_written_is_not_read(policy: Path) -> None:
    watched = WatchedFile(policy, filled_policy, LOG, settle_s=60)

    written(policy, "groups: {}\n", ago_s=0)
    assert watched.look().otherwise == "NONE"
    written(policy, "default: EDIT\n", ago_s=100)
    assert watched.look().otherwise == "EDIT"


def test_a_clock_that_is_behind_holds_nothing_up(policy: Path) -> None:
    watched = WatchedFile(policy, filled_policy, LOG, settle_s=60)

    written(policy, "default: EDIT\n", ago_s=-1_000)
    assert watched.look().otherwise == "EDIT"


@pytest.mark.parametrize("text", ["", "# all of it in comments\n", "[" * 20_000, "\0"])
def test_an_empty_or_a_broken_policy_opens_no_doors(
    policy: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    watched = WatchedFile(policy, filled_policy, LOG)

    policy.write_text(text)

    assert watched.look().otherwise == "NONE"
    assert "What it said before stays in force" in caplog.text


def test_one_that_is_removed_stays_in_force(policy: Path) -> None:
    watched = WatchedFile(policy, filled_policy, LOG)

    policy.unlink()

    assert watched.look().otherwise == "NONE"
