"""What a model's process says when it refuses an input, made a sentence that can be acted on."""

from __future__ import annotations

import json
import re
from typing import Any

from nbruns.endpoints.model_files import ModelFiles
from nbruns.server.serving.inputs import fault_in

_LONGEST = 1_500
# MLflow quotes the whole input before it says what is wrong with it.
_QUOTED = re.compile(
    r"\A(?:Failed to predict data|Failed to enforce schema of data) '.*\bError: ", re.S
)
_ADVICE = re.compile(r"\s*IMPORTANT: The MLflow Model scoring protocol has changed.*", re.S)


def refusal(
    status: int, said: bytes, files: ModelFiles, sent: bytes | None, content_type: str
) -> tuple[dict[str, Any], str]:
    """The reply to pass on, and the traceback that is kept for the log.

    `sent` is the request's body as far as it was kept; with it the column at fault is named.
    """
    found = _parsed(said)
    reply = {"error_code": found.get("error_code") or _code(status), "message": sentence_of(said)}
    if (
        status == 400
        and sent is not None
        and (fault := fault_in(files.columns, sent, content_type))
    ):
        reply["message"] = fault
    return reply, str(found.get("stack_trace") or "")


def sentence_of(said: bytes) -> str:
    """The reason out of an answer that is an error."""
    found = _parsed(said)
    message = str(found.get("message") or said.decode("utf-8", "replace")).strip()
    message = _ADVICE.sub("", _QUOTED.sub("", message))
    if trace := str(found.get("stack_trace") or ""):
        # What the model's own code raised is said nowhere else.
        message = f"The model raised {_raised(trace)}"
    return message[:_LONGEST] or "it gave no reason"


def _raised(trace: str) -> str:
    """The exception at the end of a traceback, and its message."""
    lines = trace.strip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith("  ")]
    raised = lines[frames[-1] + 1 :] if frames else []
    return " ".join(raised or lines[-1:]).strip()


def _parsed(said: bytes) -> dict[str, Any]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _code(status: int) -> str:
    return "BAD_REQUEST" if status < 500 else "INTERNAL_ERROR"
