"""One open store per process and home, and calls to its endpoints in MLflow's terms."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit
from urllib.request import url2pathname

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode
from mlflow.utils.proto_json_utils import parse_dict

from nbruns.endpoints.routes import call
from nbruns.errors import InvalidValue
from nbruns.identity import home_folder
from nbruns.kernel.faults import complain
from nbruns.kernel.session import current
from nbruns.protocol.errors import wire_error
from nbruns.store import Store

# A cell that waits for a locked file goes on after that time, and its calls wait instead.
_PATIENCE_OF_CELLS_S = 5.0


class _Homes:
    """The open stores of this process."""

    def __init__(self) -> None:
        self.stores: dict[Path, Store] = {}
        self.renew()
        if hasattr(os, "register_at_fork"):
            # Another thread may hold the lock at a fork; the child would wait for it forever.
            os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self.lock = threading.Lock()


_homes = _Homes()


def store_at(store_uri: str | None) -> Store:
    """The store an `nbruns:` address names, opened once per process."""
    home = home_of(store_uri)
    with _homes.lock:
        known = _homes.stores.get(home)
        if known is not None and known.db.is_displaced():
            complain(
                "go on with the database, which was deleted or replaced",
                FileNotFoundError(f"runs that start from here on go to a new one in '{home}'"),
            )
            known.close()
            known = None
        if known is None:
            known = _homes.stores[home] = Store.open(home)
            if current() is not None:
                known.db.wait_at_most(_PATIENCE_OF_CELLS_S)
        return known


def home_of(store_uri: str | None) -> Path:
    """The home folder of `nbruns:` (the default one) or `nbruns:///some/home`."""
    parts = urlsplit(store_uri or "nbruns:")
    if parts.netloc:
        raise MlflowException.invalid_parameter_value(
            f"'{store_uri}' names no home: write nbruns: or nbruns:///an/absolute/folder"
        )
    # On Windows '/C:/some/home' is read as the path it stands for.
    return Path(url2pathname(parts.path)) if parts.path.strip("/") else home_folder()


def told(error: Exception) -> MlflowException:
    """An error of ours as MLflow's exception, with the code the wire would carry."""
    if isinstance(error, MlflowException):
        return error
    if isinstance(error, UnicodeEncodeError):
        error = InvalidValue(f"A text in the request is not valid Unicode: {error.reason}")
    if isinstance(error, sqlite3.Error):
        return MlflowException(f"The database refused: {error}")
    _, body = wire_error(error)
    return MlflowException(body["message"], ErrorCode.Value(body["error_code"]))


def answer(store: Store, method: str, endpoint: str, json_body: str | None, reply: Any) -> Any:
    """Make a call of the REST client in process; `reply` is the message to fill."""
    path, _, query = endpoint.partition("?")
    body = {**(json.loads(json_body) if json_body else {}), **dict(parse_qsl(query))}
    try:
        parse_dict(call(store, method, path, body), reply)
    except Exception as error:
        raise told(error) from error
    return reply


def no_network() -> NoReturn:
    """Stands where the REST client keeps its server's address."""
    raise MlflowException(
        "This part of MLflow needs a tracking server; an nbruns: store in the process has none",
        ErrorCode.Value("NOT_IMPLEMENTED"),
    )
