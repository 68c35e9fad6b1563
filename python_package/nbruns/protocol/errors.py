"""Errors as the wire says them: the one table from our classes to MLflow's codes.

MLflow's client decides by the code in the body, never by the status; the status
is for proxies, browsers and logs.
"""

from __future__ import annotations

import logging
from typing import Any

from nbruns.errors import (
    AlreadyExists,
    InvalidState,
    InvalidValue,
    NbrunsError,
    NotFound,
    NotPermitted,
    StoreBusy,
    StoreUnusable,
    Unsupported,
)

_log = logging.getLogger("nbruns")


class NoSuchEndpoint(NotFound):
    """No endpoint has this method and path."""


class RefusedState(InvalidState):
    """The few requests MLflow answers INVALID_STATE to; elsewhere it speaks of the value."""


CODES: dict[type[NbrunsError], tuple[str, int]] = {
    NoSuchEndpoint: ("ENDPOINT_NOT_FOUND", 404),
    NotFound: ("RESOURCE_DOES_NOT_EXIST", 404),
    AlreadyExists: ("RESOURCE_ALREADY_EXISTS", 400),
    InvalidValue: ("INVALID_PARAMETER_VALUE", 400),
    # MLflow sends 500 here, which its own client then repeats for minutes before giving up.
    RefusedState: ("INVALID_STATE", 409),
    InvalidState: ("INVALID_PARAMETER_VALUE", 400),
    NotPermitted: ("PERMISSION_DENIED", 403),
    Unsupported: ("NOT_IMPLEMENTED", 501),
    StoreBusy: ("TEMPORARILY_UNAVAILABLE", 503),
    StoreUnusable: ("INTERNAL_ERROR", 500),
}
INTERNAL = ("INTERNAL_ERROR", 500)
_LONGEST = 2000


def code_of(error: BaseException) -> tuple[str, int]:
    """MLflow's error code and the HTTP status of an error; unknown ones are internal."""
    for cls in type(error).__mro__:
        if cls in CODES:
            return CODES[cls]
    return INTERNAL


def wire_error(error: BaseException) -> tuple[int, dict[str, Any]]:
    """The status and the body to answer with; an error we did not raise on purpose is logged."""
    code, status = code_of(error)
    if isinstance(error, NbrunsError):
        return status, {"error_code": code, "message": _cut(str(error))}
    _log.error("An endpoint failed", exc_info=error)
    sentence = f"nbruns failed ({type(error).__name__}): its log has the details."
    return status, {"error_code": code, "message": sentence}


def _cut(sentence: str) -> str:
    # A sentence may quote what was sent, and megabytes may have been sent.
    if len(sentence) <= _LONGEST:
        return sentence
    return f"{sentence[: _LONGEST - 100]} … {sentence[-90:]}"
