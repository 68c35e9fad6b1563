"""A look at all values before a scoring starts: what cannot be read is told with its line."""

from __future__ import annotations

from collections.abc import Callable

from nbruns.scoring.matching import Plan
from nbruns.scoring.sources import Refusal, Source
from nbruns.scoring.text_values import NotUtf8
from nbruns.scoring.values import WITHOUT_NULLS, BadValue


def check(source: Source, plan: Plan, tell: Callable[[int], None]) -> int:
    """How many rows there are; Refusal for the first value that the model cannot take.

    Reads only what must be looked at: all of a CSV file, of others the columns in doubt.
    """
    looked = {
        name: column for name, column in {**plan.kept, **plan.model}.items() if column.needs_look
    }
    rows = 0
    if looked or source.rows is None:
        for batch in source.batches(list(looked)):
            for name, column in looked.items():
                try:
                    column.see(batch.column(name))
                except BadValue as error:
                    raise told(source, plan, name, error, rows) from None
            rows += batch.num_rows
            tell(rows)
    rows = rows if source.rows is None else source.rows
    if not rows:
        raise Refusal(f"'{source.name}' has columns and no rows: there is nothing to score")
    return rows


def told(source: Source, plan: Plan, name: str, error: BadValue, first_row: int) -> Refusal:
    """What is wrong with a value, where it stands, and what to do."""
    where, kind = source.where(first_row + error.place), plan.kinds.get(name, "text")
    if isinstance(error, NotUtf8):
        return Refusal(
            f"Column '{name}', {where}: {error} is no UTF-8 text. Give the file's encoding, such "
            "as encoding='latin-1'"
        )
    if str(error) == "no value" and kind in WITHOUT_NULLS:
        return Refusal(
            f"Column '{name}', {where}: no value, and the model takes {kind}, which knows no "
            "missing ones. Fill it in, or log the model with a column of doubles"
        )
    words = f"Column '{name}', {where}: {error} is not {_A[kind]}, which the model takes"
    if kind in ("float", "double") and "," in str(error):
        words += ". If ',' parts the decimals, say decimal=','"
    return Refusal(words)


_A = {
    "boolean": "true or false",
    "integer": "an integer of 32 bits",
    "long": "an integer",
    "float": "a number",
    "double": "a number",
    "string": "text",
    "binary": "binary",
    "datetime": "a date or time such as 2026-05-03 14:00",
    "text": "text",
}
