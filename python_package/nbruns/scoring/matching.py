"""The columns of a file against those a model takes: who fits whom, and what is wrong by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nbruns.scoring.expected import Column as Expected
from nbruns.scoring.expected import Inputs
from nbruns.scoring.sources import Refusal, Source
from nbruns.scoring.values import Column, Typed

_MOST_NAMED = 20
_TENSOR_KINDS = {"float32": "float", "int32": "integer", "int64": "long", "bool": "boolean"}


@dataclass(frozen=True)
class Plan:
    """What is read of a file: for the model, for the predictions' file, and what is left."""

    model: dict[str, Column]
    kept: dict[str, Column]
    unused: tuple[str, ...] = ()
    dtype: str = ""
    kinds: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The columns that are read at all."""
        return list(dict.fromkeys([*self.model, *self.kept]))


def match(source: Source, inputs: Inputs | None, columns: Sequence[str] | None) -> Plan:
    """How a file is read for a model; `columns` go along with the predictions, None for all.

    Raises Refusal naming every column that is missing, cannot be used, or is unknown.
    """
    unknown = [name for name in columns or () if name not in source.names]
    if unknown:
        raise Refusal(f"{_file(source)} has no column {_named(unknown)} to go along")
    if inputs is not None and inputs.is_tensor:
        return _by_place(source, inputs, columns)
    if inputs is None:
        kept = list(source.names) if columns is None else list(columns)
        taken = [name for name in source.names if columns is None or name not in columns]
        read = {name: source.column(name, None) for name in source.names}
        return Plan({n: read[n] for n in taken or source.names}, {n: read[n] for n in kept})
    return _by_name(source, inputs, columns)


def _by_name(source: Source, inputs: Inputs, columns: Sequence[str] | None) -> Plan:
    expected = {column.name: column for column in inputs.columns}
    missing = [c for c in inputs.columns if c.is_required and c.name not in source.names]
    unused = tuple(name for name in source.names if name not in expected)
    model = {
        name: source.column(name, column.kind)
        for name, column in expected.items()
        if name in source.names
    }
    wrong = [(expected[name], one) for name, one in model.items() if _is_wrong(one)]
    if missing or wrong:
        raise Refusal(_what_is_wrong(source, missing, wrong, unused))
    kept = source.names if columns is None else columns
    return Plan(
        model,
        {name: model.get(name) or source.column(name, None) for name in kept},
        unused,
        kinds={name: expected[name].kind for name in model},
    )


def _by_place(source: Source, inputs: Inputs, columns: Sequence[str] | None) -> Plan:
    names = [name for name in source.names if columns is None or name not in columns]
    if inputs.width is not None and len(names) != inputs.width:
        raise Refusal(
            f"The model takes {inputs.width} numbers a row, and {_file(source)} has "
            f"{len(names)} columns for them: {_named(names)}. Name those that only go along in "
            "'columns'"
        )
    kind = _TENSOR_KINDS.get(inputs.dtype, "double")
    model = {name: source.column(name, kind) for name in names}
    wrong = [(Expected(name, kind), one) for name, one in model.items() if _is_wrong(one)]
    if wrong:
        raise Refusal(_what_is_wrong(source, [], wrong, ()))
    kept = source.names if columns is None else columns
    along = {name: model.get(name) or source.column(name, None) for name in kept}
    return Plan(model, along, dtype=inputs.dtype, kinds=dict.fromkeys(names, kind))


def _is_wrong(column: Column) -> bool:
    return isinstance(column, Typed) and column.answer == "no"


def _what_is_wrong(
    source: Source,
    missing: Sequence[Expected],
    wrong: Sequence[tuple[Expected, Column]],
    unused: Sequence[str],
) -> str:
    said = []
    if missing:
        said.append(f"misses {_list(f'{c.name!r} ({c.kind})' for c in missing)}")
    if wrong:
        differing = (f"{c.name!r} as {one.words} where {c.kind} is taken" for c, one in wrong)
        said.append(f"has {_list(differing)}")
    words = f"{_file(source)} does not fit the model: it {', and it '.join(said)}."
    if missing and unused:
        words += f" Not known to the model: {_named(unused)}."
        likely = [(name, c.name) for c in missing for name in _alike(c.name, unused)]
        words += "".join(f" Is {name!r} meant to be {taken!r}?" for name, taken in likely[:3])
    return words


def _alike(name: str, among: Sequence[str]) -> list[str]:
    """The one column that may be meant."""
    plain = {_plain(other): other for other in among}
    if found := plain.get(_plain(name)):
        return [found]
    return difflib.get_close_matches(name, among, n=1, cutoff=0.75)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _file(source: Source) -> str:
    return "The DataFrame" if source.kind == "DataFrame" else f"'{source.name}'"


def _named(names: Sequence[str]) -> str:
    return _list(map(repr, names))


def _list(words: Iterable[str]) -> str:
    found = list(words)
    more = len(found) - _MOST_NAMED
    return ", ".join(found[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
