"""The file of a group's tokens: whose each is, known by its SHA-256.

ada:
  laptop: 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b

Tokens are 256 random bits: what is kept of them tells nobody anything, so that the file may
be read by others. It may not be written by them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from nbruns.endpoints.written import Written, from_yaml
from nbruns.errors import AlreadyExists, InvalidValue, NotFound, StoreUnusable
from nbruns.identity import new_id

FILE_NAME = "tokens.yaml"
FIRST_LABEL = "token"
_HEAD = "# Who may come in, by the SHA-256 of each token: `nbruns token add NAME` makes one.\n"
# To change the file takes milliseconds: who takes longer was killed.
_LEFT_BEHIND_S = 5.0
_DIGEST = re.compile("[0-9a-f]{64}")
# Of users: what Jupyter, hubs and mail addresses allow, and nothing that a log could not show.
_NAME = re.compile(r"[\w@.+-][\w@.+ -]{0,98}")

Tokens = Mapping[str, Mapping[str, str]]
"""Digests by user and label."""


class Keyring:
    """Knows the users of tokens."""

    def __init__(self, tokens: Tokens) -> None:
        self._known = [
            (digest.encode(), user) for user, labels in tokens.items() for digest in labels.values()
        ]

    def user_of(self, token: str) -> str | None:
        """Whose token it is; None for nobody's."""
        digest = _digest_of(token).encode()
        found = None
        for known, user in self._known:
            if hmac.compare_digest(known, digest):
                found = user
        return found


def read_tokens(path: Path) -> Tokens:
    """The tokens of a file, none where there is no file; InvalidValue names the wrong line."""
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as error:
        raise InvalidValue(f"The tokens in '{path}' cannot be read: {error}") from error
    if os.name == "posix" and mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InvalidValue(f"Others may write '{path}', and let themselves in: chmod 600 it")
    written = from_yaml(text, path.name)
    found = {user: dict(_labels(labels)) for user, labels in _pairs(written, "user")}
    _check_once(found, path.name)
    return found


def add_token(path: Path, user: str, label: str = FIRST_LABEL) -> str:
    """A new token of a user, which is kept nowhere: it is shown this once."""
    for what, name in (("user", user), ("label", label)):
        if not _NAME.fullmatch(name):
            raise InvalidValue(f"'{name}' cannot be the name of a {what}: use letters and digits")
    with _alone(path):
        tokens = read_tokens(path)
        if label in tokens.get(user, {}):
            raise AlreadyExists(
                f"'{user}' has a token '{label}' already: remove it first, or add another --label"
            )
        token = secrets.token_urlsafe(32)
        labels = {**tokens.get(user, {}), label: _digest_of(token)}
        _write(path, {**tokens, user: labels})
    return token


def remove_tokens(path: Path, user: str, label: str | None = None) -> int:
    """Take a user's tokens away, or the one with a label; how many they were."""
    with _alone(path):
        return _remove(path, user, label)


def _remove(path: Path, user: str, label: str | None) -> int:
    tokens = read_tokens(path)
    held = tokens.get(user, {})
    gone = set(held) if label is None else {label} & set(held)
    if not gone:
        named = f" called '{label}'" if label is not None else ""
        raise NotFound(f"'{user}' has no token{named} in '{path}'")
    left = {name: digest for name, digest in held.items() if name not in gone}
    others = {name: labels for name, labels in tokens.items() if name != user}
    _write(path, {**others, user: left} if left else others)
    return len(gone)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let nobody else change the file for the block: what they added would be lost."""
    mark = path.with_name(f".{path.name}-changing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while not _is_made(mark):
            with suppress(FileNotFoundError):
                if time.time() - mark.stat().st_mtime > _LEFT_BEHIND_S:
                    mark.unlink()
            time.sleep(0.01)
    except OSError as error:
        raise StoreUnusable(f"The tokens in '{path}' cannot be written: {error}") from error
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def _is_made(mark: Path) -> bool:
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True


def _write(path: Path, tokens: Tokens) -> None:
    """Put the file in place whole: a server reads it at any moment."""
    lines = [_HEAD]
    for user, labels in sorted(tokens.items()):
        lines.append(f"{json.dumps(user)}:\n")
        lines += [f"  {json.dumps(label)}: {digest}\n" for label, digest in sorted(labels.items())]
    staged = path.with_name(f".{path.name}-{new_id()}")
    try:
        with open(os.open(staged, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.writelines(lines)
        staged.replace(path)
    except OSError as error:
        raise StoreUnusable(f"The tokens in '{path}' cannot be written: {error}") from error


def _pairs(written: Written, what: str) -> Iterator[tuple[str, Written]]:
    if written.value is None:
        return
    if not isinstance(written.value, dict):
        raise InvalidValue(f"{written.place}: expected 'name: …' for each {what}")
    for key, value in written.value.values():
        if not _NAME.fullmatch(key.value):
            raise InvalidValue(f"{key.place}: '{key.value}' cannot be the name of a {what}")
        yield key.value, value


def _labels(written: Written) -> Iterator[tuple[str, str]]:
    for label, digest in _pairs(written, "token"):
        if not isinstance(digest.value, str) or not _DIGEST.fullmatch(digest.value):
            raise InvalidValue(
                f"{digest.place}: expected the SHA-256 of a token, 64 hexadecimal digits: "
                "`nbruns token add` makes a token and writes it"
            )
        yield label, digest.value


def _check_once(tokens: Tokens, name: str) -> None:
    """Raise InvalidValue where two users have the same token: it would be either's."""
    users: dict[str, str] = {}
    for user, labels in tokens.items():
        for digest in labels.values():
            if users.setdefault(digest, user) != user:
                raise InvalidValue(f"{name}: '{users[digest]}' and '{user}' have the same token")


def _digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
