"""Names of models as a tree: `catalog.schema.model` in a folder `catalog.schema` in `catalog`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

# A name with more dots has them in its last part.
_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the tree: a folder with the number of models under it, or a model (0)."""

    path: str
    label: str
    depth: int
    models: int = 0
    is_open: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder."""
        return self.models > 0


def flat(names: Sequence[str]) -> list[Line]:
    """A line per name, whole."""
    return [Line(name, name, 0) for name in names]


def tree(names: Sequence[str], is_open: Callable[[str], bool]) -> list[Line]:
    """The lines that are seen while only some folders are open, folders before models."""
    counts = Counter(folder for name in names for folder in _folders(name))
    open_now = cache(is_open)
    seen = {folder for folder in counts if all(map(open_now, _folders(folder)))}
    lines = [_folder(folder, counts[folder], open_now(folder)) for folder in seen]
    lines += [_model(name) for name in names if all(map(open_now, _folders(name)))]
    return sorted(lines, key=_place)


def _folders(name: str) -> list[str]:
    """The folders a name, or another folder, lies in, from the top."""
    parts = name.split(".")[:_LEVELS]
    return [".".join(parts[:depth]) for depth in range(1, len(parts))]


def _folder(path: str, models: int, is_open: bool) -> Line:
    *above, label = path.split(".")
    return Line(path, label, len(above), models, is_open)


def _model(name: str) -> Line:
    parts = name.split(".", _LEVELS - 1)
    return Line(name, parts[-1], len(parts) - 1)


def _place(line: Line) -> tuple[tuple[int, str, str], ...]:
    return tuple(_steps(line))


def _steps(line: Line) -> Iterator[tuple[int, str, str]]:
    """What sorts a line: for each level a folder comes first, then as people read names."""
    parts = line.path.split(".", line.depth)
    for depth, part in enumerate(parts):
        is_model = depth == line.depth and not line.is_folder
        yield int(is_model), part.casefold(), part
