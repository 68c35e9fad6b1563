"""What each kind of search may speak of: its entities, attributes and comparators.

One `Grammar` per search of the protocol. Attribute names map MLflow's word to ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nbruns.conditions import Comparator, Field

NUMERIC: tuple[Comparator, ...] = ("=", "!=", "<", "<=", ">", ">=")
PATTERN: tuple[Comparator, ...] = ("=", "!=", "like", "ilike")
LISTED: tuple[Comparator, ...] = (*PATTERN, "in", "not in")
NULLABLE: tuple[Comparator, ...] = (*PATTERN, "is null", "is not null")
NAMED: tuple[Comparator, ...] = ("=", "!=", "in", "not in")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: our name for it, what it may be compared by, and whether it is a number."""

    name: str
    comparators: tuple[Comparator, ...] = PATTERN
    is_number: bool = False
    allows_fraction: bool = False
    is_filterable: bool = True
    is_orderable: bool = True


def _number(name: str, *, fraction: bool = False, filterable: bool = True) -> Attribute:
    return Attribute(
        name, NUMERIC, is_number=True, allows_fraction=fraction, is_filterable=filterable
    )


@dataclass(frozen=True, slots=True)
class Grammar:
    """One kind of search."""

    entities: Mapping[str, Field]
    attributes: Mapping[str, Attribute]
    comparators: Mapping[Field, tuple[Comparator, ...]]
    orderable: frozenset[Field] = frozenset({"attribute"})
    takes_bare_numbers: bool = False


_RUN_ATTRIBUTES = {
    "run_id": Attribute("run_id", LISTED),
    "run_name": Attribute("name"),
    "user_id": Attribute("user"),
    "status": Attribute("status"),
    "artifact_uri": Attribute("artifact_uri"),
    "start_time": _number("started_ms", fraction=True),
    "end_time": _number("ended_ms", fraction=True),
}
_RUN_ALIASES = {
    "created": "start_time",
    "Created": "start_time",
    "run name": "run_name",
    "Run name": "run_name",
    "Run Name": "run_name",
}

RUNS = Grammar(
    entities={
        "metric": "metric",
        "metrics": "metric",
        "parameter": "param",
        "parameters": "param",
        "param": "param",
        "params": "param",
        "tag": "tag",
        "tags": "tag",
        "attribute": "attribute",
        "attributes": "attribute",
        "attr": "attribute",
        "run": "attribute",
        "dataset": "dataset",
        "datasets": "dataset",
    },
    attributes={
        **_RUN_ATTRIBUTES,
        **{alias: _RUN_ATTRIBUTES[name] for alias, name in _RUN_ALIASES.items()},
    },
    comparators={"metric": NUMERIC, "param": NULLABLE, "tag": NULLABLE, "dataset": LISTED},
    orderable=frozenset({"attribute", "metric", "param", "tag"}),
)

# The panel's list is sorted by one thing more than the protocol knows.
RUN_LIST = replace(
    RUNS, attributes={**RUNS.attributes, "duration": _number("took_ms", filterable=False)}
)

EXPERIMENTS = Grammar(
    entities={"attribute": "attribute", "tag": "tag", "tags": "tag"},
    attributes={
        "name": Attribute("name"),
        "experiment_id": Attribute("experiment_id", NAMED),
        "creation_time": _number("created_ms"),
        "last_update_time": _number("updated_ms"),
    },
    comparators={"tag": NULLABLE},
)

_CREATED = _number("created_ms", fraction=True)
_UPDATED = _number("updated_ms", fraction=True)

LOGGED_MODELS = Grammar(
    entities={"attributes": "attribute", "metrics": "metric", "params": "param", "tags": "tag"},
    attributes={
        "model_id": Attribute("model_id", LISTED),
        "experiment_id": Attribute("experiment_id", LISTED),
        "name": Attribute("name", LISTED),
        "artifact_location": Attribute("artifact_uri", LISTED),
        "status": Attribute("status", LISTED),
        "status_message": Attribute("status_message", LISTED),
        "model_type": Attribute("model_type", LISTED),
        "source_run_id": Attribute("source_run_id", LISTED),
        "creation_time": _CREATED,
        "creation_timestamp": _CREATED,
        "creation_timestamp_ms": _CREATED,
        "last_updated_timestamp": _UPDATED,
        "last_updated_timestamp_ms": _UPDATED,
    },
    comparators={"metric": NUMERIC, "param": LISTED, "tag": LISTED},
    orderable=frozenset({"attribute", "metric"}),
    takes_bare_numbers=True,
)

REGISTERED_MODELS = Grammar(
    entities={"attribute": "attribute", "tag": "tag", "tags": "tag"},
    attributes={
        "name": Attribute("name", LISTED),
        # MLflow's SQL store orders by the last update whichever of the two is named.
        "timestamp": _number("updated_ms", filterable=False),
        "last_updated_timestamp": _number("updated_ms", filterable=False),
    },
    comparators={"tag": PATTERN},
)

# The panel's list of models is searched by where their versions stand as well.
MODEL_LIST = replace(
    REGISTERED_MODELS,
    attributes={
        **REGISTERED_MODELS.attributes,
        "alias": Attribute("alias", LISTED, is_orderable=False),
        "stage": Attribute("stage", LISTED, is_orderable=False),
    },
)

VERSIONS = Grammar(
    entities={"attribute": "attribute", "tag": "tag", "tags": "tag"},
    attributes={
        "name": Attribute("name", LISTED),
        "run_id": Attribute("run_id", LISTED, is_orderable=False),
        "source_path": Attribute("source", is_orderable=False),
        "version_number": _number("version"),
        "creation_timestamp": _number("created_ms", filterable=False),
        "last_updated_timestamp": _number("updated_ms", filterable=False),
    },
    comparators={"tag": PATTERN},
)
