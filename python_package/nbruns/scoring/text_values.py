"""Columns of a CSV file: text that is read as what the model takes, or as what it looks like."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from nbruns.scoring.values import TARGETS, BadValue, Convert, converted, refuse_nulls

# Numbers by their look that are codes: postcodes, customers. As numbers they would lose digits.
_CODE = r"^[+-]?(0[0-9]+|[0-9]{19,})$"
# What text may be, from the narrowest on. What the next one reads, it reads as well.
_CHAINS: tuple[tuple[str, ...], ...] = (
    ("long", "double", "string"),
    ("boolean", "string"),
    ("date", "datetime", "string"),
)


class Text:
    """A column of which the model's signature says how it is to be read."""

    needs_look = True

    def __init__(self, kind: str, decimal: str = ".") -> None:
        self.kind = kind
        self.decimal = decimal
        self.words = kind

    def see(self, values: pa.Array) -> None:
        """Read it for the errors' sake."""
        self.convert(values)

    def convert(self, values: pa.Array) -> pa.Array:
        """Read it."""
        refuse_nulls(values, self.kind)
        return _converted(values, reading(self.kind, self.decimal))


class Guessed:
    """A column nobody says anything of: as narrow as the whole file's values allow."""

    needs_look = True

    def __init__(self, decimal: str = ".") -> None:
        self.decimal = decimal
        self.chain: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What it looks like so far."""
        return self.chain[0] if self.chain else "string"

    @property
    def words(self) -> str:
        """The same."""
        return self.kind

    def see(self, values: pa.Array) -> None:
        """Widen what it may be until these values fit too."""
        some = values.drop_null()
        if not len(some):
            return
        self.chain = self.chain or self._begun(some)
        while not self._reads(some, self.kind):
            self.chain = self.chain[1:]
        if self.kind == "string":
            self.convert(some)

    def convert(self, values: pa.Array) -> pa.Array:
        """Read it as what it turned out to be."""
        return _converted(values, reading(self.kind, self.decimal))

    def _begun(self, values: pa.Array) -> tuple[str, ...]:
        first = values.slice(0, 1)
        found = (chain for chain in _CHAINS if self._reads(first, chain[-2]))
        return next(found, ("string",))

    def _reads(self, values: pa.Array, kind: str) -> bool:
        try:
            text = pc.utf8_trim_whitespace(values.cast(pa.string()))
            if kind in ("long", "double") and _any(text, _CODE):
                return False
            reading(kind, self.decimal)(values)
        except pa.ArrowInvalid:
            # Text that is no UTF-8 is nothing else either, and is told when it is read.
            return kind == "string"
        return True


def reading(kind: str, decimal: str) -> Convert:
    """How the bytes of a column become a kind."""

    def read(values: pa.Array) -> pa.Array:
        if kind == "binary":
            return values
        text = values.cast(pa.string())
        if kind == "string":
            return text
        text = pc.utf8_trim_whitespace(text)
        if kind in ("float", "double") and decimal != ".":
            text = pc.replace_substring(text, decimal, ".")
        if kind == "datetime":
            return _moments(text)
        return pc.cast(text, pa.date32() if kind == "date" else TARGETS[kind])

    return read


def _any(text: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(text, pattern)).as_py())


def _moments(text: pa.Array) -> pa.Array:
    """Dates and times; those with a zone as UTC."""
    try:
        return pc.cast(text, pa.timestamp("ns"))
    except pa.ArrowInvalid:
        return pc.cast(pc.cast(text, pa.timestamp("ns", "UTC")), pa.timestamp("ns"))


def _converted(values: pa.Array, read: Convert) -> pa.Array:
    try:
        return converted(values, read)
    except BadValue as error:
        value = values[error.place].as_py()
        try:
            raise BadValue(error.place, value.decode()) from None
        except UnicodeDecodeError:
            raise NotUtf8(error.place, value) from None


class NotUtf8(BadValue):
    """A text in another encoding."""
