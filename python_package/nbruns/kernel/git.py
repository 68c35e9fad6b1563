"""What git says of the repository a folder lies in, asked of the program itself.

Asking changes nothing and waits for nothing: no locks, no pager, no questions, no fetches,
no file-system monitor or diff program of the repository's settings, and a time limit.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_DIFF_BYTES = 256 * 1024
_MOST_CHANGED_FILES = 1_000
_MOST_READ_BYTES = 4 * 2**20
_MOST_STATUS_BYTES = 8 * 2**20
_LIMIT_S = 5.0
_NOTEBOOKS = ":(top,exclude,icase)*.ipynb"
_SKIP_WORD = b"nbruns-skip"
_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)

# A kernel may inherit GIT_DIR and the like from what started it: they name another repository.
_KEPT = ("GIT_CONFIG", "GIT_CEILING", "GIT_DISCOVERY", "GIT_EXEC_PATH")
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # A partial clone would fetch what it lacks.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class GitState:
    """A repository as it stood; `is_dirty` is None where git took too long to say.

    `diff` is what differs from the commit, without notebooks: their text is in revisions,
    where cells tagged to be left out are left out.
    """

    commit: str | None
    branch: str | None
    is_dirty: bool | None = None
    diff: bytes = b""


class Git:
    """The repositories of this process's notebooks or script."""

    def __init__(self, *, limit_s: float = _LIMIT_S) -> None:
        self.limit_s = limit_s
        self._seen: dict[Path, tuple[float, GitState | None]] = {}

    def state(self, folder: Path) -> GitState | None:
        """The repository a folder lies in; None outside one, and where git is not installed.

        A look is good for a second, and for twenty times as long as it took: runs started
        in a loop do not each ask a repository that answers slowly.
        """
        now = time.monotonic()
        until, state = self._seen.get(folder, (0.0, None))
        if now < until:
            return state
        state = self._look(folder)
        ended = time.monotonic()
        self._seen[folder] = ended + max(1.0, 20 * (ended - now)), state
        return state

    def _look(self, folder: Path) -> GitState | None:
        words = ("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no")
        try:
            told = self._ask(folder, *words, most_bytes=_MOST_STATUS_BYTES)
        except TimeoutError:
            return self._glance(folder)
        if told is None:
            return None
        # Where it was cut there are more entries than a diff is kept of.
        heads, changed = _status(told[0])
        if "branch.oid" not in heads:
            return None
        commit, branch = heads["branch.oid"], heads.get("branch.head")
        is_born = commit != "(initial)"
        return GitState(
            commit if is_born else None,
            branch if branch != "(detached)" else None,
            is_dirty=bool(changed),
            diff=self._diff(folder, changed) if is_born and changed and _is_wanted() else b"",
        )

    def _glance(self, folder: Path) -> GitState | None:
        """Commit and branch alone: where every file is not looked at in time."""
        commit = self._line(folder, "rev-parse", "--verify", "--quiet", "HEAD")
        branch = commit and self._line(folder, "symbolic-ref", "--short", "--quiet", "HEAD")
        return GitState(commit, branch) if commit else None

    def _line(self, folder: Path, *words: str) -> str | None:
        try:
            told = self._ask(folder, *words)
        except TimeoutError:
            return None
        return None if told is None else told[0].decode("utf-8", "replace").strip() or None

    def _diff(self, folder: Path, changed: list[bytes]) -> bytes:
        if len(changed) > _MOST_CHANGED_FILES:
            return f"# no diff kept: more than {_MOST_CHANGED_FILES:,} files differ\n".encode()
        try:
            root = self._ask(folder, "rev-parse", "--show-toplevel")
            top = b"" if root is None else root[0].removesuffix(b"\n")
            hidden = [path for path in changed if not _is_notebook(path) and _is_skipped(top, path)]
            told = self._differences(folder, hidden)
        except TimeoutError:
            return b"# no diff kept: git took too long\n"
        if root is None or told is None:
            return b""
        # A file may have lost its tag since the commit: then the diff holds the word itself.
        parts = list(_parts(told[0]))
        whole = parts if told[1] else parts[:-1]
        kept = b"".join(part for part in whole if _SKIP_WORD not in part)
        notes = _notes(changed, hidden, is_cut=not told[1])
        return notes + kept if kept or notes else b""

    def _differences(self, folder: Path, hidden: list[bytes]) -> tuple[bytes, bool] | None:
        return self._ask(
            folder,
            *("diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv"),
            *("--submodule=short", "--src-prefix=a/", "--dst-prefix=b/", "--", ":(top)"),
            _NOTEBOOKS,
            *(b":(top,exclude,literal)" + path for path in hidden),
            most_bytes=MOST_DIFF_BYTES,
        )

    def _ask(
        self, folder: Path, *words: str | bytes, most_bytes: int = 65_536
    ) -> tuple[bytes, bool] | None:
        """What git prints, and whether that is all of it; None where it fails.

        Raises TimeoutError where it takes too long.
        """
        # In a session of its own: an interrupt of the kernel is not meant for git.
        asked = ["git", "--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false"]
        try:
            process = subprocess.Popen(
                [*asked, "-C", str(folder), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=sys.platform != "win32",
                creationflags=_NO_WINDOW,
            )
        except (OSError, ValueError):
            return None
        with process:
            data, is_late = _read(process, most_bytes + 1, self.limit_s)
            is_whole = len(data) <= most_bytes
            if is_late or not is_whole:
                _end(process)
            code = process.wait()
        if is_late:
            raise TimeoutError(f"git {words[0]!r} took longer than {self.limit_s} s")
        if is_whole and code != 0:
            return None
        return data[:most_bytes], is_whole


def _is_wanted() -> bool:
    return os.environ.get("NBRUNS_GIT_DIFF", "on").lower() not in ("off", "0", "false", "no")


def _status(told: bytes) -> tuple[dict[str, str], list[bytes]]:
    """The headers and the changed paths of `git status --porcelain=v2 -z`."""
    heads: dict[str, str] = {}
    changed: list[bytes] = []
    entries = iter(told.split(b"\0"))
    # How many fields stand before the path, by the kind of entry.
    fields = {b"1": 8, b"2": 9, b"u": 10}
    for entry in entries:
        kind = entry[:1]
        if kind == b"#":
            name, _, value = entry[2:].decode("utf-8", "replace").partition(" ")
            heads[name] = value
        elif kind in fields:
            changed += entry.split(b" ", fields[kind])[fields[kind] :]
            if kind == b"2":
                changed.append(next(entries, b""))
    return heads, changed


def _is_notebook(path: bytes) -> bool:
    return path.lower().endswith(b".ipynb")


def _is_skipped(root: bytes, path: bytes) -> bool:
    """Whether a file's text must not be kept: a notebook as text (jupytext) may tag its cells."""
    try:
        with open(os.path.join(root, path), "rb") as file:
            text = file.read(_MOST_READ_BYTES + 1)
    except OSError:
        return False
    return len(text) > _MOST_READ_BYTES or _SKIP_WORD in text


def _parts(diff: bytes) -> Iterator[bytes]:
    """The diff file by file."""
    start = 0
    while start < len(diff):
        end = diff.find(b"\ndiff --git ", start) + 1 or len(diff)
        yield diff[start:end]
        start = end


def _notes(changed: list[bytes], hidden: list[bytes], *, is_cut: bool) -> bytes:
    """Lines before the diff, which `git apply` passes over, on what it does not hold."""
    lines = []
    count = sum(map(_is_notebook, changed))
    if count:
        what = "1 notebook differs" if count == 1 else f"{count} notebooks differ"
        lines.append(f"# {what} and left out: revisions hold what ran")
    lines += [
        f"# {path.decode('utf-8', 'replace').encode('unicode_escape').decode()} is left out: "
        "it is large, or a cell in it is tagged nbruns-skip"
        for path in hidden
    ]
    if is_cut:
        lines.append(f"# cut: the files after the first {MOST_DIFF_BYTES:,} bytes are left out")
    return "".join(f"{line}\n" for line in lines).encode()


def _environment() -> dict[str, str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") or key.startswith(_KEPT)
    }
    return kept | _QUIET


def _read(process: subprocess.Popen[bytes], most_bytes: int, limit_s: float) -> tuple[bytes, bool]:
    """What a process prints, up to so many bytes, and whether it took longer than it may.

    Without a thread to look at the clock: Python starts none while it shuts down, and a
    short script is shutting down by now.
    """
    assert process.stdout is not None
    if sys.platform == "win32":
        try:
            return process.communicate(timeout=limit_s)[0][:most_bytes], False
        except subprocess.TimeoutExpired:
            return b"", True
    until, data = time.monotonic() + limit_s, b""
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        while len(data) < most_bytes:
            if not ready.select(until - time.monotonic()) or time.monotonic() > until:
                return data, True
            piece = os.read(process.stdout.fileno(), 65_536)
            if not piece:
                break
            data += piece
    return data[:most_bytes], False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those it started."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
