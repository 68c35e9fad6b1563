"""Where things live, what they are called, and what time it is.

Everything here is cheap: it is imported by kernels at start.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

_acting: ContextVar[str | None] = ContextVar("_acting", default=None)
_allowed_by: ContextVar[str] = ContextVar("_allowed_by", default="no policy")


def home_folder() -> Path:
    """The folder of the store: `NBRUNS_HOME`, else `nbruns` in Jupyter's data directory."""
    chosen = os.environ.get("NBRUNS_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "nbruns"


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """32 hexadecimal digits, the form of MLflow's run ids."""
    return uuid.uuid4().hex


def digest(data: bytes) -> str:
    """The content's name: 32 hexadecimal digits of BLAKE2b."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def user_name() -> str:
    """The owner of a hub's server, else the operating system's user; 'unknown' without a name."""
    if owner := os.environ.get("JUPYTERHUB_USER"):
        return owner
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # Windows without a name in the environment: Python before 3.13 then looks for `pwd`.
        return "unknown"


def acting_user() -> str:
    """Who asks for what is being done: the user signed in over HTTP, else the system's user."""
    return _acting.get() or user_name()


def signed_in_user() -> str | None:
    """Who asks, where they signed in by name; None for whoever shares the server's token."""
    return _acting.get()


@contextlib.contextmanager
def acting_as(user: str | None) -> Iterator[None]:
    """Do what follows in a user's name; None is the system's user."""
    token = _acting.set(user)
    try:
        yield
    finally:
        _acting.reset(token)


def allowing_rule() -> str:
    """What lets the acting user do what is being done: a rule of the policy, in words."""
    return _allowed_by.get()


@contextlib.contextmanager
def allowed_by(rule: str) -> Iterator[None]:
    """Do what follows because a rule allows it."""
    token = _allowed_by.set(rule)
    try:
        yield
    finally:
        _allowed_by.reset(token)
