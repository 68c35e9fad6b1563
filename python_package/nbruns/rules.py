"""What values the tracking store accepts: the grammar of keys, lengths, sizes of a batch.

The limits are MLflow's, so that what one store takes the other takes as well. Kept on
the ground because more than one shelf, and the endpoints, ask the same questions.
"""

from __future__ import annotations

import logging
import os
import posixpath
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from numbers import Real

from nbruns.errors import InvalidValue

MAX_KEY_LENGTH = 250
MAX_PARAM_LENGTH = 6_000
MAX_TAG_LENGTH = 8_000
MAX_EXPERIMENT_NAME_LENGTH = 500
MAX_EXPERIMENT_TAG_LENGTH = 20_000
MAX_REGISTRY_TAG_LENGTH = 100_000
MAX_METRICS_IN_BATCH = 1_000
MAX_PARAMS_IN_BATCH = 100
MAX_TAGS_IN_BATCH = 100
MAX_ENTITIES_IN_BATCH = 1_000
DATASET_LENGTHS = {
    "name": 500,
    "digest": 36,
    "source": 65_535,
    "schema": 1_048_575,
    "profile": 16_777_215,
}
MAX_INPUT_TAG_KEY_LENGTH = 255
MAX_INPUT_TAG_LENGTH = 500

_log = logging.getLogger("nbruns")
# A colon cannot stand in a Windows file name, which MLflow's file store makes of keys.
_KEY = re.compile(r"[/\w.\- ]*" if sys.platform == "win32" else r"[/\w.\- :]*")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
_SHOWN = 120


def shown(value: str) -> str:
    """A text as an error quotes it: cut short, so that no error is megabytes."""
    return f"'{value}'" if len(value) <= _SHOWN else f"'{value[:_SHOWN]}…'"


@lru_cache(maxsize=4096)
def check_key(kind: str, key: str) -> None:
    """Raise InvalidValue unless the key could also be a relative path; `kind` is for the error."""
    if not _KEY.fullmatch(key):
        raise InvalidValue(
            f"Invalid {kind} {shown(key)}: "
            "only letters, digits, spaces and _ - . : / may stand in it"
        )
    plain = posixpath.normpath(key)
    if plain != key or plain == "." or plain.startswith(("..", "/")):
        raise InvalidValue(
            f"Invalid {kind} {shown(key)}: read as a file path it means {shown(plain)}"
        )
    check_length(kind, key, MAX_KEY_LENGTH)


def check_length(what: str, value: str, most: int) -> None:
    """Raise InvalidValue when a text is longer than allowed."""
    if len(value) > most:
        raise InvalidValue(
            f"{what} {shown(value)} exceeds the maximum length of {most} characters: "
            f"it has {len(value)}"
        )


def shortened(what: str, value: str, most: int) -> str:
    """The text cut to the longest allowed, with a warning; or refused, where set so."""
    if len(value) <= most:
        return value
    if os.environ.get("MLFLOW_TRUNCATE_LONG_VALUES", "true").lower() not in ("true", "1"):
        check_length(what, value, most)
    _log.warning("%s %s… is cut from %d to %d characters", what, value[:80], len(value), most)
    return value[:most]


def checked_params(params: Mapping[str, str]) -> dict[str, str]:
    """Params as they are stored; InvalidValue for a bad key."""
    for key in params:
        check_key("param key", key)
    return {
        key: shortened(f"Param '{key}'", str(value), MAX_PARAM_LENGTH)
        for key, value in params.items()
    }


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags of a run as they are stored; InvalidValue for a bad key."""
    for key in tags:
        check_key("tag key", key)
    return {
        key: shortened(f"Tag '{key}'", str(value), MAX_TAG_LENGTH) for key, value in tags.items()
    }


def check_experiment_tag(key: str, value: str) -> None:
    """Raise InvalidValue unless an experiment may carry the tag."""
    check_key("tag key", key)
    check_length(f"Tag '{key}'", value, MAX_EXPERIMENT_TAG_LENGTH)


def check_registry_tag(key: str, value: str) -> None:
    """Raise InvalidValue unless a registered model or version may carry the tag."""
    check_key("tag key", key)
    check_length(f"Tag '{key}'", value, MAX_REGISTRY_TAG_LENGTH)


def check_experiment_name(name: str) -> None:
    """Raise InvalidValue unless an experiment may be called that."""
    if not name:
        raise InvalidValue("Invalid experiment name: it is empty")
    check_length("Experiment name", name, MAX_EXPERIMENT_NAME_LENGTH)


def check_run_id(run_id: str) -> None:
    """Raise InvalidValue for what could never be a run's id."""
    if not _RUN_ID.fullmatch(run_id):
        raise InvalidValue(f"Invalid value {shown(run_id)} for parameter 'run_id' supplied")


def check_batch(
    metrics: Collection[object], params: Collection[object], tags: Collection[object]
) -> None:
    """Raise InvalidValue when one call carries more than a batch may."""
    _check_count("metrics", len(metrics), MAX_METRICS_IN_BATCH)
    _check_count("params", len(params), MAX_PARAMS_IN_BATCH)
    _check_count("tags", len(tags), MAX_TAGS_IN_BATCH)
    total = len(metrics) + len(params) + len(tags)
    _check_count("metrics, params and tags together", total, MAX_ENTITIES_IN_BATCH)


def _check_count(what: str, count: int, most: int) -> None:
    if count > most:
        raise InvalidValue(f"One batch can hold at most {most} {what}, got {count}: send several")


def check_point(key: str, value: object, step: object, at_ms: object) -> None:
    """Raise InvalidValue unless the point can be logged."""
    check_key("metric key", key)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InvalidValue(f"Invalid value {value!r} for metric '{key}': it must be a number")
    for what, number in (("step", step), ("timestamp", at_ms)):
        if isinstance(number, bool) or not isinstance(number, Real):
            raise InvalidValue(
                f"Invalid {what} {number!r} for metric '{key}': it must be an integer"
            )
        if number < -(2**63) or not number < 2**63:
            raise InvalidValue(f"Invalid {what} {number!r} for metric '{key}': it exceeds 64 bits")
        if what == "timestamp" and number < 0:
            raise InvalidValue(f"Invalid timestamp {number} for metric '{key}': it is negative")


def check_dataset(fields: Mapping[str, str | None]) -> None:
    """Raise InvalidValue when one of a dataset's texts is too long."""
    for what, most in DATASET_LENGTHS.items():
        check_length(f"Dataset {what}", fields.get(what) or "", most)


def check_input_tags(tags: Mapping[str, str]) -> None:
    """Raise InvalidValue when a tag of a run's input is too long."""
    for key, value in tags.items():
        check_length("Input tag key", key, MAX_INPUT_TAG_KEY_LENGTH)
        check_length(f"Input tag '{key}'", value, MAX_INPUT_TAG_LENGTH)


def check_unique(what: str, keys: Iterable[str]) -> None:
    """Raise InvalidValue when a key stands twice in one batch."""
    seen: set[str] = set()
    twice = {key for key in keys if key in seen or seen.add(key)}  # type: ignore[func-returns-value]
    if twice:
        raise InvalidValue(f"Duplicate {what} keys in one batch: {', '.join(sorted(twice))}")
