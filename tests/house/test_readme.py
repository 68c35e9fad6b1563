"""What the README says is so: its code runs, its tables, targets and magics exist."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell

from nbruns.endpoints.policy import policy_from_data
from nbruns.magics.commands import MAGICS
from nbruns.store import Store

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_first_run_runs_and_is_recorded(tmp_path: Path) -> None:
    lines = blocks("python")[0]
    script = f"import mlflow\nmlflow.autolog(silent=True)\n{lines}"
    env = {"NBRUNS_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    env |= {"MLFLOW_TRACKING_URI": "nbruns:", "MLFLOW_REGISTRY_URI": "nbruns:"}
    subprocess.run([sys.executable, "-c", script], env=env, check=True, timeout=120, cwd=tmp_path)

    conn = sqlite3.connect(tmp_path / "nbruns.db")
    assert conn.execute("select count(*) from runs").fetchone() == (1,)
    query = re.search(r'sqlite3 nbruns\.db "(.*?)"', README)
    assert query is not None
    assert [status for _, status, _ in conn.execute(query[1])] == ["FINISHED"]


def test_the_policy_shown_is_one() -> None:
    policy = policy_from_data(yaml.safe_load(blocks("yaml")[0]), "README")

    assert policy.level("ada", "experiment", "the payroll") == "NONE"
    assert not policy.may_move("ada", "prod.churn", "@champion").is_allowed
    assert policy.may_approve("katherine", "prod.churn", "@champion", "ada").is_allowed


def test_every_table_and_view_is_described(store: Store) -> None:
    kept = store.db.conn.execute("select name from sqlite_master where type in ('table', 'view')")
    names = {name for (name,) in kept if not name.startswith(("sqlite_", "_"))}
    tags = {"registered_model_tags", "model_version_tags"}  # "and their tags"

    described = set(re.findall(r"`([a-z_]+)`", README))
    assert names - tags - described == set()


def test_every_target_of_make_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    asked = set(re.findall(r"make ([a-z]+)", " ".join(blocks("sh"))))

    assert {"lab", "test"} <= asked
    assert asked <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def test_every_magic_is_described_and_exists() -> None:
    shell = InteractiveShell.instance()
    known = {name for kind in MAGICS for names in kind(shell).magics.values() for name in names}

    assert {name[1:] for name in re.findall(r"%[a-z_]+", README) if name != "%load_ext"} == known


@pytest.mark.parametrize("path", re.findall(r"!\[.*?\]\((.*?)\)", README))
def test_every_picture_is_there(path: str) -> None:
    assert (PROJECT / path).is_file()
