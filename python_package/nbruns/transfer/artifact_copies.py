"""Artifacts on their way: found where the source has put them, copied, and named anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from nbruns.errors import InvalidValue
from nbruns.store.artifacts import SCHEME, Artifacts
from nbruns.transfer.source import Unreadable
from nbruns.transfer.tally import Tally

_PIECE_BYTES = 1 << 20


class ArtifactCopies:
    """Copies artifacts below the store's own folder, and remembers what lies where now.

    `roots` are folders to look into when a URI leads nowhere on this machine: artifacts
    of a server, or folders that were moved since.
    """

    def __init__(
        self,
        artifacts: Artifacts,
        base: Path,
        roots: Sequence[Path],
        tally: Tally,
        tell: Callable[[], None],
        *,
        is_dry: bool,
    ) -> None:
        self._artifacts = artifacts
        self._base = base
        self._roots = roots
        self._tally = tally
        self._tell = tell
        self._is_dry = is_dry
        self._moved: dict[str, str] = {}

    def bring(self, uri: str, tail: str, canonical: str) -> str:
        """Copy what lies at a URI to a canonical place; a remote URI stays as it is.

        `tail` is where it would lie below a root. Returns the URI to keep.
        """
        if is_remote(uri):
            return uri
        if place := self._find(uri, tail):
            for path in self._files(place):
                self._copy(path, f"{canonical}/{path.relative_to(place).as_posix()}")
        self.moved(uri, canonical)
        return canonical

    def moved(self, uri: str, canonical: str) -> None:
        """Remember that what lay at a URI is ours now."""
        if uri and not is_remote(uri):
            self._moved[self._plain(uri)] = canonical

    def renamed(self, uri: str) -> str:
        """A URI, or the canonical one where it leads into what was copied."""
        if not uri or is_remote(uri):
            return uri
        plain = PurePosixPath(self._plain(uri))
        for parent in (plain, *plain.parents):
            if canonical := self._moved.get(str(parent)):
                rest = plain.relative_to(parent).as_posix()
                return canonical if rest == "." else f"{canonical}/{rest}"
        return uri

    def _find(self, uri: str, tail: str) -> Path | None:
        """The folder of some artifacts, None where there is none."""
        named = [] if uri.startswith(SCHEME) else [Path(self._plain(uri))]
        below = [root / tail for root in self._roots]
        if uri.startswith(SCHEME):
            below += [root / self._plain(uri)[len(SCHEME) :].lstrip("/") for root in self._roots]
            if not any(root.is_dir() for root in self._roots):
                self._tally.note(
                    f"Artifacts under '{SCHEME}/' lie with a server: "
                    "name the folder it keeps them in with --artifacts to bring them over"
                )
        return next((place for place in named + below if uri and place.is_dir()), None)

    def _plain(self, uri: str) -> str:
        """A URI in one spelling: an absolute path, or `mlflow-artifacts:/…` without a host."""
        parts = urlsplit(uri)
        if uri.startswith(SCHEME):
            return f"{SCHEME}/{unquote(parts.path).strip('/')}"
        path = url2pathname(parts.path) if parts.scheme == "file" else uri
        return Path(os.path.normpath(self._base / path)).as_posix()

    def _files(self, folder: Path) -> Iterator[Path]:
        """All files below; links are followed, but not in circles."""
        seen: set[str] = set()
        for parent, folders, names in os.walk(folder, followlinks=True, onerror=self._leave_out):
            real = os.path.realpath(parent)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            folders.sort()
            yield from (Path(parent, name) for name in sorted(names))

    def _copy(self, path: Path, canonical: str) -> None:
        try:
            if not path.is_file():
                raise Unreadable("it is not a file")
            with path.open("rb") as file:
                if not self._is_dry:
                    self._write(file, canonical.removeprefix(SCHEME).lstrip("/"))
                self._tally.bytes += path.stat().st_size
        except OSError as error:
            self._leave_out(error, path)
        except (Unreadable, InvalidValue) as error:
            self._tally.left_out.append((str(path), str(error)))
        else:
            self._tally.new["file"] += 1
            self._tell()

    def _write(self, file: BinaryIO, path: str) -> None:
        with self._artifacts.new_upload(path) as copy:
            while piece := _read(file):
                copy.write(piece)

    def _leave_out(self, error: OSError, path: Path | None = None) -> None:
        place = str(path or error.filename)
        self._tally.left_out.append((place, error.strerror or str(error)))


def is_remote(uri: str) -> bool:
    """Whether a URI names a place that is not of this machine, and not of a tracking server."""
    scheme = urlsplit(uri).scheme
    # One letter is a drive of Windows.
    return len(scheme) > 1 and scheme not in ("file", SCHEME.rstrip(":"))


def _read(file: BinaryIO) -> bytes:
    """The next piece; a failure to read is not to be taken for one to write."""
    try:
        return file.read(_PIECE_BYTES)
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
