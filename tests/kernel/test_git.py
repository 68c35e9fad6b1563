"""What is told of the repository a notebook lies in, by the real git."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from git_repository import Repository

from nbruns.kernel.git import MOST_DIFF_BYTES, Git, GitState


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "pro ject-ü'$(x)\n")


def state(repository: Repository, *, below: str = "") -> GitState:
    found = Git().state(repository.folder / below)
    assert found is not None
    return found


def test_a_clean_repository_tells_commit_and_branch(repository: Repository) -> None:
    commit = repository.git("rev-parse", "HEAD").strip()

    assert state(repository) == GitState(commit, "main", is_dirty=False)


def test_an_edited_file_makes_it_dirty_and_a_diff_that_applies(repository: Repository) -> None:
    repository.write("deep/er/model.py", "depth = 3\n")
    repository.commit("second")
    repository.write("train.py", "rate = 0.01\n")
    repository.write("deep/er/model.py", "depth = 4\n")
    repository.git("add", "train.py")

    found = state(repository, below="deep/er")
    assert found.is_dirty
    assert b"-rate = 0.1\n+rate = 0.01\n" in found.diff
    repository.git("checkout", "-q", "-f", "HEAD", "--", ".")
    subprocess.run(
        ["git", "-C", str(repository.folder), "apply"], input=found.diff, check=True, cwd="/"
    )
    assert (repository.folder / "deep/er/model.py").read_text() == "depth = 4\n"
    assert (repository.folder / "train.py").read_text() == "rate = 0.01\n"


def test_a_new_file_that_git_does_not_know_leaves_it_clean(repository: Repository) -> None:
    repository.write("scratch.py", "x")

    assert state(repository).is_dirty is False


@pytest.mark.parametrize("name", ["churn.ipynb", "deep/Churn.IPYNB"])
def test_notebooks_make_it_dirty_and_stay_out_of_the_diff(
    repository: Repository, name: str
) -> None:
    repository.write(name, "{}")
    repository.commit("notebook")
    repository.write(name, '{"secret": 1}')
    repository.write("train.py", "rate = 0.01\n")

    found = state(repository)
    assert found.is_dirty
    assert b"secret" not in found.diff
    assert b"+rate = 0.01" in found.diff
    assert found.diff.startswith(b"# 1 notebook differs and left out: revisions hold what ran\n")


def test_a_file_with_a_skipped_cell_stays_out_of_the_diff(repository: Repository) -> None:
    cell = '# %% tags=["nbruns-skip"]\npassword = {}\n'
    repository.write("tagged.py", cell.format("'hunter1'"))
    repository.write("untagged.py", cell.format("'hunter2'"))
    repository.write("late.py", "password = 'hunter3'\n")
    repository.commit("notebooks as text")
    repository.write("tagged.py", cell.format("'hunter4'"))
    repository.write("untagged.py", "password = 'hunter5'\n")
    repository.write("late.py", cell.format("'hunter6'"))
    repository.write("train.py", "rate = 0.01\n")

    found = state(repository)
    assert b"hunter" not in found.diff
    assert b"+rate = 0.01" in found.diff
    assert b"# tagged.py is left out" in found.diff


def test_a_notebook_renamed_to_text_stays_out_with_its_tag(repository: Repository) -> None:
    tagged = '{"cells": [{"metadata": {"tags": ["nbruns-skip"]}, "source": "hunter"}]}'
    repository.write("a.ipynb", tagged)
    repository.commit("notebook")
    repository.git("mv", "a.ipynb", "a.txt")

    assert b"hunter" not in state(repository).diff


def test_a_long_diff_is_cut_at_a_file_and_says_so(repository: Repository) -> None:
    repository.write("zoo.py", "y = 1\n")
    repository.commit("more")
    repository.write("train.py", "rate = 0.01\n")
    repository.write("zoo.py", "y = 'lion'\n" * MOST_DIFF_BYTES)

    found = state(repository)
    assert found.diff.startswith(b"# cut: the files after the first 262,144 bytes")
    assert b"+rate = 0.01" in found.diff
    assert b"lion" not in found.diff


def test_binary_files_are_named_only(repository: Repository) -> None:
    (repository.folder / "data.bin").write_bytes(bytes(range(256)))
    repository.commit("data")
    (repository.folder / "data.bin").write_bytes(bytes(reversed(range(256))))

    assert b"Binary files a/data.bin and b/data.bin differ" in state(repository).diff


def test_no_diff_is_kept_where_it_is_turned_off(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBRUNS_GIT_DIFF", "off")
    repository.write("train.py", "rate = 0.01\n")

    assert (state(repository).is_dirty, state(repository).diff) == (True, b"")


def test_a_detached_head_has_no_branch(repository: Repository) -> None:
    repository.git("checkout", "-q", "--detach")

    assert state(repository).branch is None


def test_a_repository_without_a_commit_tells_its_branch(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "trunk", str(tmp_path)], check=True)

    assert Git().state(tmp_path) == GitState(None, "trunk", is_dirty=False)


def test_a_submodule_is_a_repository_of_its_own(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "outer")
    inner = Repository(tmp_path / "inner")
    inner.write("part.py", "1\n")
    commit = inner.commit("inner")
    repository.git(
        "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.folder), "sub"
    )
    repository.commit("with a submodule")
    repository.write("sub/part.py", "2\n")

    assert state(repository, below="sub").commit == commit
    assert b"+2" in state(repository, below="sub").diff
    outer = state(repository)
    assert outer.commit != commit
    assert outer.is_dirty
    assert b"-dirty" in outer.diff


def test_a_worktree_tells_its_own_branch(repository: Repository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "-q", "-b", "try", str(tmp_path / "tree"))

    assert Git().state(tmp_path / "tree").branch == "try"  # type: ignore[union-attr]


def plain(folder: Path) -> None:
    folder.mkdir()


def bare(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)


def broken(folder: Path) -> None:
    Repository(folder)
    (folder / ".git" / "HEAD").write_text("nonsense")


@pytest.mark.parametrize("make", [plain, bare, broken])
def test_what_is_no_repository_tells_nothing(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    make(tmp_path / "there")

    assert Git().state(tmp_path / "there") is None


def test_without_git_nothing_is_told(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert Git().state(repository.folder) is None


def test_variables_that_name_another_repository_are_not_followed(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repository(tmp_path / "other")
    other.commit("another")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")

    assert state(repository).commit == repository.git("rev-parse", "HEAD").strip()


def test_programs_the_repository_names_are_not_run(repository: Repository, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\ntouch {tmp_path}/sprung\ncat "$1"\n')
    trap.chmod(0o755)
    repository.write(".gitattributes", "*.py diff=trap\n")
    for name in ("core.fsmonitor", "diff.external", "diff.trap.textconv", "diff.trap.command"):
        repository.git("config", name, str(trap))
    repository.git("config", "core.pager", str(trap))
    repository.write("train.py", "rate = 0.01\n")

    assert b"+rate = 0.01" in state(repository).diff
    assert not (tmp_path / "sprung").exists()


def test_asking_writes_nothing_into_the_repository(repository: Repository) -> None:
    # Touched, not changed: git would write down the new time in its index.
    os.utime(repository.folder / "train.py", (1, 1))
    before = (repository.folder / ".git" / "index").stat().st_mtime_ns
    (repository.folder / ".git" / "index.lock").touch()

    assert state(repository).is_dirty is False
    assert (repository.folder / ".git" / "index").stat().st_mtime_ns == before


def test_a_git_that_takes_too_long_is_ended(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(
        f"#!/bin/sh\necho $$ >> {tmp_path}/asked\nsleep 60 & echo $! >> {tmp_path}/asked\nwait\n"
    )
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    began = time.monotonic()

    assert Git(limit_s=0.2).state(repository.folder) is None
    assert time.monotonic() - began < 5
    numbers = [int(line) for line in (tmp_path / "asked").read_text().split()]
    until = time.monotonic() + 5
    while any(map(is_running, numbers)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(is_running, numbers))


def is_running(number: int) -> bool:
    """Whether a process is there and not only waited for."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_repository_too_large_to_look_through_still_tells_its_commit(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subprocess.run(
        ["which", "git"], capture_output=True, text=True, check=True
    ).stdout.strip()
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\ncase "$*" in *status*) sleep 60;; esac\nexec {real} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")

    commit = repository.git("rev-parse", "HEAD").strip()
    assert Git(limit_s=0.5).state(repository.folder) == GitState(commit, "main", is_dirty=None)


def test_runs_started_in_a_loop_look_once(repository: Repository) -> None:
    git = Git()
    first = git.state(repository.folder)
    repository.write("train.py", "rate = 0.01\n")

    assert git.state(repository.folder) is first
