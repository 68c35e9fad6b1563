"""Where a model version may come from.

A version's source is handed to whoever loads it, and loading a model runs its files. Over
HTTP a client could name any file of the server's machine there, so a local source must lie
in the artifacts of the run or model it is registered from. Through no door may a source
climb with `..`, or be a page of the web, which answers whom it likes with what it likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from nbruns.errors import InvalidValue, NotFound
from nbruns.protocol.names import IS_PROMPT_TAG, PROXY_SCHEME
from nbruns.store import Store
from nbruns.store.version_sources import named_in

_LOCAL_SCHEMES = ("", "file")
_WEB_SCHEMES = ("http", "https", "ftp")
# What MLflow's clients and pages write; another word would be a folder of whoever loads it.
_PROMPT_SOURCE = "dummy-source"
_MAX_DECODINGS = 8


def checked_source(store: Store, source: str, run_id: str, model_id: str) -> None:
    """Raise InvalidValue for a source that must not be registered through this door."""
    plain = _decoded(source)
    if "\x00" in plain or ".." in plain.replace("\\", "/").split("/"):
        raise InvalidValue(f"Invalid model version source '{source[:200]}': it may not contain ..")
    scheme = urlsplit(plain).scheme
    if scheme in _WEB_SCHEMES:
        raise InvalidValue(
            f"Invalid model version source '{source[:200]}': a model is registered from a run, "
            f"a logged model or a store of artifacts, not from {scheme}://"
        )
    if store.artifacts.base is None:
        return  # in the user's own process every file is the user's
    kind, named = named_in(source) or ("", "")
    if kind == "run" and store.runs.find(named) is None:
        raise InvalidValue(f"Invalid model version source '{source[:200]}': there is no such run")
    if not any(map(_is_local, (scheme, urlsplit(source).scheme))):
        return
    if not any(_is_below(plain, root) for root in _roots(store, run_id, model_id)):
        raise InvalidValue(
            f"Invalid model version source '{source[:200]}': a file must lie in the artifacts "
            "of the run (run_id) or logged model (model_id) the version is made from"
        )


def _is_local(scheme: str) -> bool:
    """Whether files of this machine are meant; one letter is a drive of Windows."""
    return len(scheme) == 1 or scheme in (*_LOCAL_SCHEMES, PROXY_SCHEME)


def is_prompt(tags: Mapping[str, str], source: str) -> bool:
    """Whether a version is a prompt, whose source is a placeholder and names no file."""
    return tags.get(IS_PROMPT_TAG, "").lower() == "true" and source == _PROMPT_SOURCE


def _decoded(text: str) -> str:
    for _ in range(_MAX_DECODINGS):
        plain = unquote(text)
        if plain == text:
            return plain
        text = plain
    raise InvalidValue("Invalid model version source: encoded too many times")


def _is_below(source: str, root: str) -> bool:
    return source == root or source.startswith(root.rstrip("/") + "/")


def _roots(store: Store, run_id: str, model_id: str) -> list[str]:
    try:
        if model_id:
            return [store.models.get(model_id).artifact_uri]
        return [store.runs.get(run_id).artifact_uri] if run_id else []
    except NotFound:
        return []
