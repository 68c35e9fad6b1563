"""What runs logged as JSON text made by SQLite, for replies of thousands of values.

Making records of them first takes four times as long. The words of the JSON are the
caller's; here is only how to join rows into text.
"""

from __future__ import annotations

import json
import math
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from nbruns.records import MetricPoint, Run
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.histories import newest
from nbruns.store.run_loading import load_runs


class Words(NamedTuple):
    """What the members of a metric, a param and a tag are called in the text."""

    key: str
    value: str
    at_ms: str
    step: str
    nan: str


@dataclass(frozen=True, slots=True)
class RunText:
    """A run whose metrics, params and tags are JSON arrays; in the record they are empty."""

    run: Run
    metrics: str
    params: str
    tags: str


# SQLite writes a real with 15 digits, which is not always the number that was logged.
_EXACT = "'%!.18g'"

_PAIRS = """
select n.value, (
    select json_group_array(json_object(?1, p.key, ?2, p.value))
    from {} p
    where p.run_number = n.value
)
from json_each(?3) n
"""
_METRICS = f"""
select n.value, (
    select json_group_array(json_object(
        ?1, k.key,
        ?2, iif(h.is_nan, ?5, json(printf({_EXACT}, h.value))),
        ?3, h.at_ms,
        ?4, h.step
    ))
    from histories h
    join metric_keys k using (key_number)
    where h.run_number = n.value
)
from json_each(?6) n
"""
_UNSETTLED = """
select n.value
from json_each(?) n
where exists (select 1 from histories h where h.run_number = n.value and not h.is_settled)
"""


def load_texts(
    db: Database, artifacts: Artifacts, numbers: Sequence[int], words: Words
) -> list[RunText]:
    """The runs of these internal numbers in the order given, what they logged as text."""
    listed = json.dumps(numbers)
    with db.lock:
        runs = load_runs(db, artifacts, numbers, with_values=False)
        metrics = _metrics(db, numbers, words)
        params, tags = (
            dict(db.conn.execute(_PAIRS.format(table), (words.key, words.value, listed)).fetchall())
            for table in ("params", "tags")
        )
    return [
        RunText(run, metrics[number], params[number], tags[number])
        for number, run in zip(numbers, runs, strict=True)
    ]


def _metrics(db: Database, numbers: Sequence[int], words: Words) -> dict[int, str]:
    listed = json.dumps(numbers)
    slowly = numbers
    if _writes_reals_exactly():
        slowly = [number for (number,) in db.conn.execute(_UNSETTLED, (listed,))]
    points = newest(db, slowly)
    texts = {number: _text(points.get(number, []), words) for number in slowly}
    quickly = json.dumps([number for number in numbers if number not in texts])
    return texts | dict(db.conn.execute(_METRICS, (*words, quickly)).fetchall())


def _text(points: Sequence[MetricPoint], words: Words) -> str:
    members: list[dict[str, Any]] = [
        {
            words.key: point.key,
            words.value: words.nan if math.isnan(point.value) else point.value,
            words.at_ms: point.at_ms,
            words.step: point.step,
        }
        for point in points
    ]
    return json.dumps(members, separators=(",", ":"))


@lru_cache(maxsize=1)
def _writes_reals_exactly() -> bool:
    """Whether this build of SQLite, on this machine, writes reals so that they read back equal."""
    chance = random.Random(1)
    reals = [chance.random() * 10.0 ** chance.randint(-300, 300) for _ in range(300)]
    with closing(sqlite3.connect(":memory:")) as conn:
        texts = [conn.execute(f"select printf({_EXACT}, ?)", (real,)).fetchone() for real in reals]
    return all(float(text) == real for (text,), real in zip(texts, reals, strict=True))
