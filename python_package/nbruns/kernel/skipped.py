"""What a notebook's file tags to be left out, for front ends that send no tags.

Asked of each text that is about to be kept: an execution, a line of a traceback.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from nbruns.kernel.capture import skipped_files
from nbruns.kernel.session import read_notebook
from nbruns.notebooks.canonical import SkippedCells

_IN_PLACE = "(not kept: the cell is tagged nbruns-skip)"


class SkippedInFiles:
    """Those of the notebook last asked about; its file is read again when it changes."""

    def __init__(self) -> None:
        self._seen: tuple[tuple[str, int], SkippedCells] | None = None

    def of(self, path: str) -> SkippedCells:
        """Those of the notebook at a path; none where no file lies there."""
        try:
            version = (path, Path(path).stat().st_mtime_ns)
        except OSError:
            return SkippedCells({})
        if self._seen is None or self._seen[0] != version:
            self._seen = version, SkippedCells(read_notebook(path) or {})
        return self._seen[1]


def kept_traceback(error: BaseException, path: str = "", since: TracebackType | None = None) -> str:
    """A traceback without the lines of skipped cells of the notebook at a path."""
    files, skipped = skipped_files(), SkippedInFiles().of(path)
    told = traceback.TracebackException(type(error), error, since or error.__traceback__)
    for one in _with_causes(told):
        one.stack[:] = [
            traceback.FrameSummary(frame.filename, frame.lineno, frame.name, line=_IN_PLACE)
            if frame.filename in files or skipped.hold(None, _text_of(frame.filename))
            else frame
            for frame in one.stack
        ]
    return "".join(told.format())


def _with_causes(told: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    yield told
    within = getattr(told, "exceptions", None) or ()
    for one in (told.__cause__, told.__context__, *within):
        if one is not None:
            yield from _with_causes(one)


def _text_of(filename: str) -> str:
    return "".join(linecache.getlines(filename))
