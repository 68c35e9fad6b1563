"""Which columns a list of runs has: those the reader chose, else the ones that earn it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from nbruns.panel.selection import Selection
from nbruns.records import Aggregate, ListColumns, LoggedKey, Run

MOST_COLUMNS = 8
_MOST_PARAMS = 6
_HELD_OUT = ("val", "test", "eval", "holdout", "cv")
_USUAL = ("acc", "f1", "auc", "r2", "score", "rmse", "mae", "mse", "loss")
_IN_TRAINING = ("train", "epoch", "lr", "learning_rate")
_LESS_IS_BETTER = {
    *("loss", "logloss", "error", "err", "rmse", "mae", "mse", "mape", "smape", "rmsle", "nll"),
    *("perplexity", "ppl", "cost", "regret", "distance", "deviance", "brier", "wer", "cer", "fid"),
    *("time", "seconds", "duration", "latency", "misclassification", "hinge"),
}

_MORE_IS_BETTER = {
    *("acc", "accuracy", "f1", "auc", "auroc", "auprc", "r2", "precision", "recall", "ndcg"),
    *("mrr", "iou", "dice", "bleu", "rouge", "kappa", "mcc", "sensitivity", "specificity"),
}

Kind = Literal["metrics", "params", "tags", "attributes"]
# What a column can show of a run itself, by the protocol's names.
ATTRIBUTES = {
    "run_name": "Name",
    "start_time": "Started",
    "end_time": "Ended",
    "duration": "Duration",
    "user_id": "User",
    "status": "Status",
    "run_id": "Run id",
}
_AGGREGATES = {"min": "smallest", "max": "largest"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: of a metric also which value of its history, and what is best in it."""

    kind: Kind
    key: str
    label: str
    aggregate: Aggregate = "last"
    best: Literal["min", "max"] = "max"
    asked: str = "last"

    @property
    def order(self) -> str:
        """What a search sorts by, and the column's name in the selection."""
        return column_name(self.kind, self.key)

    def to_browser(self) -> dict[str, Any]:
        """What the views are told."""
        which = _AGGREGATES.get(self.aggregate, "")
        title = ATTRIBUTES[self.key] if self.kind == "attributes" else self.key
        return {
            "id": self.order,
            "kind": self.kind,
            "key": self.key,
            "label": self.label,
            "title": f"{title} ({which})" if which else title,
            "aggregate": self.asked,
            "best": self.best,
        }


def column_name(kind: Kind, key: str) -> str:
    """How a search and the selection name a column."""
    return f"attributes.{key}" if kind == "attributes" else f"{kind}.`{key}`"


def read_column(name: str) -> tuple[Kind, str] | None:
    """Kind and key of a column's name; None for what is none."""
    match = re.fullmatch(r"(metrics|params|tags|attributes)\.(?:`([^`]+)`|([^`]+))", name)
    if match is None:
        return None
    kind, key = cast(Kind, match[1]), match[2] or match[3]
    return None if kind == "attributes" and key not in ATTRIBUTES else (kind, key)


def less_is_better(key: str) -> bool:
    """Whether a metric's name speaks of something to be kept small."""
    return not _LESS_IS_BETTER.isdisjoint(_words(key))


def direction(selection: Selection, key: str) -> Literal["min", "max"]:
    """What is best in a metric: as the reader said, else as its name speaks."""
    said = selection.directions.get(key)
    if said in ("min", "max"):
        return cast(Literal["min", "max"], said)
    return "min" if less_is_better(key) else "max"


def known_direction(said: Mapping[str, str], key: str) -> str:
    """What is best in a metric, "min" or "max"; empty where neither reader nor name says it."""
    if said.get(key) in ("min", "max"):
        return said[key]
    if less_is_better(key):
        return "min"
    return "" if _MORE_IS_BETTER.isdisjoint(_words(key)) else "max"


class Columns:
    """The columns of one list; chosen automatically, they stay where they are while they can."""

    def __init__(self) -> None:
        self._automatic: list[str] = []

    def of(self, selection: Selection, keys: Mapping[str, Sequence[LoggedKey]]) -> list[Column]:
        """The columns now: `keys` is what the newest runs have logged."""
        names = selection.columns
        if names is None:
            names = self._chosen(keys)
        read = [found for found in map(read_column, names) if found is not None]
        labels = _labels(read)
        return [_column(selection, *found, labels[found]) for found in dict.fromkeys(read)]

    def _chosen(self, keys: Mapping[str, Sequence[LoggedKey]]) -> list[str]:
        counts = {key.key: key.runs for key in keys.get("metrics", ())}
        best = [column_name("metrics", key) for key in ranked(counts)]
        differing = [key for key in keys.get("params", ()) if key.values > 1]
        differing.sort(key=lambda key: (-key.runs, key.key))
        best += [column_name("params", key.key) for key in differing[:_MOST_PARAMS]]
        if set(best) != set(self._automatic):
            self._automatic = best
        return self._automatic


def listed(columns: Iterable[Column], *, tags: Sequence[str]) -> ListColumns:
    """What a list asks the server for: its columns, and tags its rows speak of in other ways."""
    by_kind: dict[str, list[Column]] = {}
    for column in columns:
        by_kind.setdefault(column.kind, []).append(column)
    return ListColumns(
        {one.key: (one.aggregate, one.best) for one in by_kind.get("metrics", ())},
        tuple(one.key for one in by_kind.get("params", ())),
        tuple(dict.fromkeys([*(one.key for one in by_kind.get("tags", ())), *tags])),
    )


def _column(selection: Selection, kind: Kind, key: str, label: str) -> Column:
    if kind != "metrics":
        return Column(kind, key, label)
    best = direction(selection, key)
    asked = selection.aggregates.get(key, "last")
    aggregate = best if asked == "best" else asked if asked in ("min", "max") else "last"
    return Column(kind, key, label, cast(Aggregate, aggregate), best, asked)


def _labels(columns: Sequence[tuple[Kind, str]]) -> dict[tuple[Kind, str], str]:
    metrics = [key for kind, key in columns if kind == "metrics"]
    short = dict(zip(metrics, short_labels(metrics), strict=True))
    return {
        (kind, key): ATTRIBUTES[key]
        if kind == "attributes"
        else short[key]
        if kind == "metrics"
        else key
        for kind, key in columns
    }


def metric_columns(runs: Iterable[Run], *, most: int = MOST_COLUMNS) -> list[str]:
    """The metrics of some runs that earn a column, best first."""
    return ranked(Counter(point.key for run in runs for point in run.metrics), most=most)


def ranked(counts: Mapping[str, int], *, most: int = MOST_COLUMNS) -> list[str]:
    """Metrics by name: those most runs have, measured on held-out data before training data."""
    own = [key for key in counts if not key.startswith("system/")]
    return sorted(own, key=lambda key: (_rank(key), -counts[key], key))[:most]


def _words(key: str) -> list[str]:
    return re.split(r"[_\-./ :]+", key.lower())


def _rank(key: str) -> tuple[int, int]:
    words = _words(key)
    held_out = any(word.startswith(_HELD_OUT) for word in words)
    in_training = any(word in _IN_TRAINING or word == "training" for word in words)
    usual = next((place for place, word in enumerate(_USUAL) if word in words), None)
    if usual is None:
        usual = len(_USUAL) if not any(w.startswith("acc") for w in words) else 0
    return (0 if held_out else 2 if in_training else 1, usual)


def short_labels(keys: list[str]) -> list[str]:
    """The keys without the words all begin with: training_score, training_f1 → score, f1."""
    if len(keys) < 2:
        return list(keys)
    parted = [key.split("_") for key in keys]
    shared = 0
    while all(len(words) > shared + 1 for words in parted) and (
        len({words[shared] for words in parted}) == 1
    ):
        shared += 1
    return ["_".join(words[shared:]) for words in parted]
