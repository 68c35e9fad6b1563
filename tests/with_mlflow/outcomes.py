"""What calls answered, in a form that two stores can be compared by.

Ids are numbered in the order they are met, times of now become 'now', artifact
roots 'root'; what is left must be equal.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import mlflow
from mlflow.entities._mlflow_object import _MlflowObject
from mlflow.exceptions import MlflowException

_ID = re.compile(r"(m-)?[0-9a-f]{32}")
_ROOT = re.compile(r"^(file:/+|mlflow-artifacts:/|/)(?!/)(.*?/)??(?=\d+/(models/|[#\w]+/|$)|\d+$)")
_RANDOM_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,4}")
_NOW = 1_500_000_000_000
# What only some versions of MLflow fill in, or what neither store can know.
_LEFT_OUT = {
    "points",
    "workspace",
    "effective_trace_archival_retention",
    "deployment_job_id",
    "deployment_job_state",
}
_UNORDERED = {"aliases", "metric_objs"}


class Transcript:
    """Makes calls and writes down what came of them."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Any]] = []
        self._ids: dict[str, str] = {}

    def note(self, label: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call, keep the outcome under the label, and return what was answered."""
        try:
            answer = call(*args, **kwargs)
        except MlflowException as error:
            self.lines.append((label, f"refused: {error.error_code}"))
            return None
        except Exception:
            # MLflow's REST client refuses some values before any store is asked.
            self.lines.append((label, "refused: INVALID_PARAMETER_VALUE"))
            return None
        self.lines.append((label, self.plain(answer)))
        return answer

    def plain(self, value: Any) -> Any:
        """A value without what must differ."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, (int, float)):
            return _number(value)
        if isinstance(value, Mapping):
            # What we say of a run's process and life in tags of our own comes on top.
            return {
                str(key): self.plain(item)
                for key, item in value.items()
                if not str(key).startswith("nbruns.")
            }
        if isinstance(value, _MlflowObject) or not isinstance(value, Iterable):
            return self._entity(value)
        return [self.plain(item) for item in value]

    def _entity(self, value: Any) -> Any:
        if not hasattr(value, "__dict__"):
            return str(value)
        found: dict[str, Any] = {"": type(value).__name__}
        getattr(value, "_metric_objs", None)  # ours are made when asked for
        for name, item in vars(value).items():
            key = name.strip("_")
            if key not in _LEFT_OUT and item not in (None, "", [], {}):
                # A version is a number to the SQL store and text to the REST client.
                plain = str(item) if key == "version" else self.plain(item)
                found[key] = sorted(plain, key=str) if key in _UNORDERED else plain
        # An empty part of a run is as good as none.
        return {key: item for key, item in found.items() if item != {"": "RunOutputs"}}

    def _text(self, text: str) -> str:
        text = _ID.sub(self._numbered, text)
        if _RANDOM_NAME.fullmatch(text):
            return "a random name"
        return _ROOT.sub("root/", text)

    def _numbered(self, match: re.Match[str]) -> str:
        kind = "model" if match.group(1) else "id"
        return self._ids.setdefault(match.group(), f"{kind}#{len(self._ids)}")


def _number(value: float) -> Any:
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        # MLflow's SQL store keeps an infinity as the largest number.
        if abs(value) >= 1.7976931348623157e308:
            return "Infinity" if value > 0 else "-Infinity"
        return value
    return "now" if value > _NOW else value


Script = Callable[[Any, Transcript], None]


def differences(script: Script, theirs: Any, ours: Any) -> list[str]:
    """Run a script of calls against both clients; what came out otherwise, a line each."""
    transcripts = []
    for client in (theirs, ours):
        # MLflow's SQL registry looks models up where the fluent client points.
        mlflow.set_tracking_uri(client._tracking_client.tracking_uri)
        mlflow.set_registry_uri(client._registry_uri)
        transcript = Transcript()
        script(client, transcript)
        transcripts.append(transcript.lines)
    return [
        f"{label}{line}"
        for (label, expected), (_, found) in zip(*transcripts, strict=True)
        for line in _apart(expected, found)
    ]


def _apart(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Where two answers differ, and how."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            yield from _apart(expected.get(key), found.get(key), f"{place}.{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from _apart(*pair, f"{place}[{index}]")
    elif expected != found:
        yield f"{place}: MLflow {str(expected)[:200]!r}, ours {str(found)[:200]!r}"
