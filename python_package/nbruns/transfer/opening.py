"""Which kind of source a path names: MLflow's SQLite file, or an `mlruns` folder."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from nbruns.errors import InvalidValue, NotFound
from nbruns.transfer.source import Source

_SQLITE = b"SQLite format 3\0"


def open_source(named: str) -> Source:
    """The source at a path, or at an address as `MLFLOW_TRACKING_URI` has it."""
    path = _path(named)
    if path.is_dir():
        from nbruns.transfer.mlruns_folder import MlrunsFolder

        return MlrunsFolder(path)
    if not path.exists():
        raise NotFound(f"There is nothing at '{path}' to import")
    if not path.is_file() or not _is_sqlite(path):
        raise InvalidValue(f"'{path}' is neither a SQLite database of MLflow nor an mlruns folder")
    from nbruns.transfer.mlflow_database import MlflowDatabase

    return MlflowDatabase(path)


def _path(named: str) -> Path:
    scheme = urlsplit(named).scheme
    if scheme == "sqlite":
        return Path(named.removeprefix("sqlite:///"))
    if scheme == "file":
        return Path(url2pathname(urlsplit(named).path))
    if len(scheme) > 1 and "://" in named:
        raise InvalidValue(
            f"'{named}' is not on this machine: nbruns import reads files, "
            "a SQLite database of MLflow or an mlruns folder"
        )
    return Path(named).expanduser()


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise InvalidValue(f"'{path}' cannot be read: {error.strerror}") from error
