"""Which metrics earn a column in the list, best first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nbruns.records import Run

MOST_COLUMNS = 8
_HELD_OUT = ("val", "test", "eval", "holdout", "cv")
_USUAL = ("acc", "f1", "auc", "r2", "score", "rmse", "mae", "mse", "loss")
_IN_TRAINING = ("train", "epoch", "lr", "learning_rate")


def metric_columns(runs: Iterable[Run], *, most: int = MOST_COLUMNS) -> list[str]:
    """Metric names: those most runs have, measured on held-out data before training data."""
    counts = Counter(
        point.key for run in runs for point in run.metrics if not point.key.startswith("system/")
    )
    return sorted(counts, key=lambda key: (_rank(key), -counts[key], key))[:most]


def _rank(key: str) -> tuple[int, int]:
    words = key.lower().replace("-", "_").replace(".", "_").replace("/", "_").split("_")
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
