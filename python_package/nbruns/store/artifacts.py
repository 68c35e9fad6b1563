"""The artifact folder: what runs and models leave behind as files.

The database keeps canonical URIs (`mlflow-artifacts:/<path>`); here they become
what a door hands out, and paths on disk. No path leaves the folder, whether by
`..`, a link or an encoding. Nothing here needs the database.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from nbruns.errors import InvalidValue, NotFound, StoreUnusable
from nbruns.identity import new_id
from nbruns.records import ArtifactFile, Page

SCHEME = "mlflow-artifacts:"
_STAGING = ".uploads"
_DAY_S = 86_400.0
_MAX_DECODINGS = 8
_MAX_NAME_BYTES = 255


class Artifacts:
    """The files below one folder, by paths relative to it."""

    def __init__(self, root: Path, base: str | None = None) -> None:
        self.root = root
        self.base = base

    def uri(self, canonical: str) -> str:
        """A canonical URI as this door hands it out; foreign locations stay as they are."""
        if self.base is not None or not canonical.startswith(SCHEME):
            return canonical
        return (self.root / _path_of(canonical)).absolute().as_uri()

    def canonical(self, uri: str) -> str:
        """What the database keeps for a URI some door handed out."""
        local = _local_path(uri)
        if local is None:
            return uri
        for root in (self.root.absolute(), self.root.resolve()):
            # A `..` would make a path outside look like one inside.
            if local.is_relative_to(root) and ".." not in local.parts:
                return f"{SCHEME}/{local.relative_to(root).as_posix()}"
        return uri

    def plain(self, canonical: str) -> str:
        """A canonical URI in its one spelling: without host, '.', '//' or a slash at the end."""
        if not canonical.startswith(SCHEME):
            return canonical
        return f"{SCHEME}/{PurePosixPath(_path_of(canonical)).as_posix()}"

    def folder(self, artifact_uri: str) -> Path:
        """Where a URI of ours lies on disk; InvalidValue for one outside the artifact folder."""
        canonical = self.canonical(artifact_uri)
        if not canonical.startswith(SCHEME):
            raise InvalidValue(f"The artifacts at '{artifact_uri}' are not kept in this store")
        return self.resolve(_path_of(canonical))

    def resolve(self, path: str) -> Path:
        """The place of a path relative to the root; InvalidValue when it would leave the root."""
        if any(map(_strays, _readings(path))):
            raise InvalidValue(f"Invalid artifact path: '{_printable(path)}'")
        place = self.root / path
        if not self._is_inside(place):
            raise InvalidValue(f"The artifact path '{_printable(path)}' leads out of its root")
        return place

    def list(self, path: str = "") -> list[ArtifactFile]:
        """The files and folders in a folder by name; nothing for a file or a missing folder."""
        return [*self._describe(self._entries(path))]

    def list_page(self, path: str, *, limit: int, after: str | None = None) -> Page[ArtifactFile]:
        """As `list`, in pages; the token is the name of the last file."""
        entries = [entry for entry in self._entries(path) if after is None or entry.name > after]
        # Following the links of 10,000 files takes a second, sorting their names 10 ms.
        page = entries[:limit]
        return Page([*self._describe(page)], page[-1].name if len(entries) > limit else None)

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with all that it holds."""
        place = self.resolve(path)
        if place == self.root:
            raise InvalidValue("The path of the artifact to delete is empty")
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        elif place.exists() or place.is_symlink():
            place.unlink()
        else:
            raise NotFound(f"No artifact at '{path}'")

    @contextmanager
    def new_upload(self, path: str) -> Iterator[BinaryIO]:
        """A file to write to, which appears at its path only when the block ends well."""
        place = self.resolve(path)
        if place == self.root or place.is_dir():
            raise InvalidValue(f"'{path}' is a folder, a file cannot take its place")
        staged = self.root / _STAGING / new_id()
        try:
            # Beside its destination: a rename is atomic on one file system only.
            staged.parent.mkdir(parents=True, exist_ok=True)
            with open(staged, "xb") as file:
                yield file
            _move(staged, place, path)
        except OSError as error:
            raise StoreUnusable(_cannot_write(self.root, error)) from error
        finally:
            with suppress(OSError):
                staged.unlink()

    def discard_abandoned(self, older_than_s: float = _DAY_S) -> None:
        """Remove what uploads cut short by a crash have left."""
        until = time.time() - older_than_s
        for staged in (self.root / _STAGING).glob("*"):
            if staged.stat().st_mtime < until:
                staged.unlink(missing_ok=True)

    def _is_inside(self, place: Path) -> bool:
        """Whether a path lies under the root once every link is followed."""
        root = self.root.resolve()
        real = place.resolve()
        return real.is_relative_to(root) and not real.is_relative_to(root / _STAGING)

    def _entries(self, path: str) -> Sequence[os.DirEntry[str]]:
        place = self.resolve(path)
        try:
            return sorted(os.scandir(place), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _describe(self, entries: Iterable[os.DirEntry[str]]) -> Iterator[ArtifactFile]:
        for entry in entries:
            if entry.name != _STAGING and self._is_inside(Path(entry.path)):
                yield self._described(entry)

    def _described(self, entry: os.DirEntry[str]) -> ArtifactFile:
        path = Path(entry.path).relative_to(self.root).as_posix()
        if entry.is_dir():
            return ArtifactFile(path, is_dir=True)
        return ArtifactFile(path, is_dir=False, size_bytes=entry.stat().st_size)


def _move(staged: Path, place: Path, path: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(place)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise InvalidValue(f"A file stands where '{path}' needs a folder") from error


def _path_of(canonical: str) -> str:
    """The path within the root: `mlflow-artifacts:/1/x` and `mlflow-artifacts://host/1/x`."""
    rest = canonical[len(SCHEME) :]
    if rest.startswith("//"):
        rest = rest[2:].partition("/")[2]
    return rest.lstrip("/")


def _local_path(uri: str) -> Path | None:
    """The path on this machine that a file URI or a bare path names."""
    if uri.startswith("/"):
        return Path(uri)
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(url2pathname(parts.path))
    return Path(uri) if PureWindowsPath(uri).is_absolute() else None


def _readings(path: str) -> Iterator[str]:
    """The path, and what it becomes each time something on its way decodes it."""
    for _ in range(_MAX_DECODINGS):
        yield path
        if (decoded := unquote(path)) == path:
            return
        path = decoded
    yield ".."  # Nobody honest encodes that often.


def _strays(path: str) -> bool:
    """Whether a path is absolute, climbs, or holds characters no relative path has."""
    return (
        "\0" in path
        or "\\" in path
        or path.startswith("/")
        or PureWindowsPath(path).is_absolute()
        or any(part == ".." or _too_long(part) for part in PurePosixPath(path).parts)
    )


def _too_long(name: str) -> bool:
    """Whether the file system could not keep the name (half a surrogate pair counts as well)."""
    try:
        return len(name.encode()) > _MAX_NAME_BYTES
    except UnicodeEncodeError:
        return True


def _printable(path: str) -> str:
    return path.encode("unicode_escape").decode("ascii")[:200]


def _cannot_write(root: Path, error: OSError) -> str:
    reason = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error))
    return f"Cannot write to the artifact folder '{root}': {reason}"
