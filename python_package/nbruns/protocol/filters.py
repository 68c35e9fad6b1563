"""Filter and order text of the protocol → `conditions.Search`.

A recursive descent over `tokens`, one rule per method. It accepts what MLflow's own
search accepts; what it refuses it refuses with the place that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from nbruns.conditions import Comparator, Condition, Field, Order, Search, Value
from nbruns.errors import InvalidValue
from nbruns.protocol.grammar import LOGGED_MODELS, Attribute, Grammar
from nbruns.protocol.tokens import Token, refuse, tokenize

_DATASET_KEYS = ("name", "digest", "context")
_WRITTEN: dict[Field, str] = {"param": "parameter"}


class _Parser:
    def __init__(self, source: str, grammar: Grammar) -> None:
        self.source = source
        self.grammar = grammar
        self.tokens = tokenize(source)
        self.place = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.now
        if token.kind != "end":
            self.place += 1
        return token

    def refuse(self, reason: str, token: Token | None = None) -> InvalidValue:
        return refuse(self.source, (token or self.now).at, reason)

    def conditions(self) -> list[Condition]:
        """condition (AND condition)*"""
        found = [self.condition()]
        while self.now.kind != "end":
            if not self.now.is_word("and"):
                raise self.refuse(f"Expected AND or the end of the filter, found {self.now}")
            self.take()
            found.append(self.condition())
        return found

    def condition(self) -> Condition:
        """identifier comparator value?"""
        start = self.now
        field, key = self.identifier()
        attribute = self.attribute(field, key, start)
        if attribute and not attribute.is_filterable:
            raise self.refuse(f"'{key}' can be ordered by, not filtered on", start)
        at = self.now
        comparator = self.comparator()
        allowed = attribute.comparators if attribute else self.grammar.comparators[field]
        if comparator not in allowed:
            names = ", ".join(name.upper() for name in allowed)
            raise self.refuse(
                f"Invalid comparator '{comparator.upper()}' for {_named(field)} '{key}'; "
                f"expected one of {names}",
                at,
            )
        value = self.value(field, key, attribute, comparator)
        return Condition(field, attribute.name if attribute else key, comparator, value)

    def identifier(self) -> tuple[Field, str]:
        """[entity .] key, each a bare word or quoted; a bare key may have dots."""
        start = self.take()
        if start.kind not in ("word", "backtick", "text"):
            raise self.refuse(f"Expected a name to compare, found {start}", start)
        if self.now.raw != ".":
            return "attribute", start.raw if start.kind == "word" else start.inner
        self.take()
        return self.entity(start), self.key()

    def entity(self, token: Token) -> Field:
        name = token.inner if token.kind == "backtick" else token.raw
        if name not in self.grammar.entities:
            valid = ", ".join(f"'{entity}'" for entity in self.grammar.entities)
            raise self.refuse(f"Invalid entity type '{name}'; valid values are {valid}", token)
        return self.grammar.entities[name]

    def key(self) -> str:
        token = self.take()
        if token.kind in ("backtick", "text", "single"):
            return token.inner
        if token.kind not in ("word", "number"):
            raise self.refuse(f"Expected a key after the dot, found {token}", token)
        parts = [token.raw]
        while self.now.raw == ".":
            self.take()
            part = self.take()
            if part.kind not in ("word", "number"):
                raise self.refuse(f"Expected the rest of a key after the dot, found {part}", part)
            parts.append(part.raw)
        return ".".join(parts)

    def attribute(self, field: Field, key: str, token: Token) -> Attribute | None:
        if field == "dataset" and key not in _DATASET_KEYS:
            raise self.refuse(f"Invalid dataset key '{key}'; valid keys are {_DATASET_KEYS}", token)
        if field != "attribute":
            return None
        if key not in self.grammar.attributes:
            valid = ", ".join(f"'{name}'" for name in self.grammar.attributes)
            raise self.refuse(f"Invalid attribute key '{key}'; valid keys are {valid}", token)
        return self.grammar.attributes[key]

    def comparator(self) -> Comparator:
        token = self.take()
        if token.kind == "compare":
            return cast(Comparator, token.raw)
        words = [token.raw.lower()] if token.kind == "word" else []
        if words == ["not"] and self.now.is_word("in"):
            words.append(self.take().raw.lower())
        elif words == ["is"]:
            while len(words) < 3 and (self.now.is_word("not") or self.now.is_word("null")):
                words.append(self.take().raw.lower())
        joined = " ".join(words)
        if joined not in ("like", "ilike", "in", "not in", "is null", "is not null"):
            raise self.refuse(f"Expected a comparator such as = or LIKE, found {token}", token)
        return cast(Comparator, joined)

    def value(
        self, field: Field, key: str, attribute: Attribute | None, comparator: Comparator
    ) -> Value:
        if comparator in ("is null", "is not null"):
            return None
        if comparator in ("in", "not in"):
            return self.listed(field, key, attribute)
        if field == "metric" or (attribute and attribute.is_number):
            return self.number(field, key, attribute)
        return self.checked(self.quoted(field, key), attribute)

    def number(self, field: Field, key: str, attribute: Attribute | None) -> float:
        token = self.take()
        if token.kind != "number":
            raise self.refuse(
                f"Expected a number for {_named(field)} '{key}', found {token}", token
            )
        if attribute and token.raw.lstrip("-").isdigit():
            return int(token.raw)
        if attribute and not attribute.allows_fraction:
            raise self.refuse(f"Expected a whole number for '{key}', found {token}", token)
        return float(token.raw)

    def quoted(self, field: Field, key: str) -> str:
        token = self.take()
        if token.kind in ("single", "text"):
            return token.inner
        if self.grammar.takes_bare_numbers and token.kind == "number":
            return token.raw
        raise self.refuse(
            f"Expected a quoted string value for {_named(field)} '{key}' (e.g. 'my-value'), "
            f"found {token}",
            token,
        )

    def checked(self, value: str, attribute: Attribute | None) -> str:
        if attribute and attribute.name == "experiment_id" and not value.strip().isdigit():
            raise self.refuse(f"Invalid experiment ID '{value}': it must be an integer")
        return value

    def listed(self, field: Field, key: str, attribute: Attribute | None) -> tuple[str, ...]:
        """( 'a' , 'b' )"""
        opening = self.take()
        if opening.raw != "(":
            raise self.refuse(f"Expected a list such as ('a', 'b'), found {opening}", opening)
        found: list[str] = []
        while self.now.raw != ")":
            found.append(self.checked(self.quoted(field, key), attribute))
            if self.now.raw == ",":
                self.take()
            elif self.now.raw != ")":
                raise self.refuse(f"Expected a comma or ) in the list, found {self.now}")
        if not found:
            raise self.refuse("Expected a non-empty list of quoted strings", opening)
        self.take()
        return tuple(found)

    def order(self) -> Order:
        """identifier (ASC | DESC)?"""
        start = self.now
        field, key = self.identifier()
        attribute = self.attribute(field, key, start)
        if field not in self.grammar.orderable or (attribute and not attribute.is_orderable):
            raise self.refuse(f"{_named(field).capitalize()} '{key}' cannot be ordered by", start)
        is_ascending = True
        if self.now.is_word("asc") or self.now.is_word("desc"):
            is_ascending = self.take().is_word("asc")
        if self.now.kind != "end":
            raise self.refuse(f"Expected ASC, DESC or the end of the order, found {self.now}")
        return Order(field, attribute.name if attribute else key, is_ascending)


def _named(field: Field) -> str:
    return _WRITTEN.get(field, field)


def parse_filter(source: str | None, grammar: Grammar) -> tuple[Condition, ...]:
    """The conditions of a filter; an empty filter has none."""
    if not source or not source.strip():
        return ()
    return tuple(_Parser(source, grammar).conditions())


def parse_order(terms: Iterable[str], grammar: Grammar) -> tuple[Order, ...]:
    """The orders of order_by terms; a term given twice is refused."""
    orders: list[Order] = []
    for term in terms:
        order = _Parser(term, grammar).order()
        if any((seen.field, seen.key) == (order.field, order.key) for seen in orders):
            raise InvalidValue(f"order_by names the same field twice: '{term[:120]}'")
        orders.append(order)
    return tuple(orders)


def parse_search(source: str | None, terms: Iterable[str], grammar: Grammar) -> Search:
    """A whole search from its filter and its order_by terms."""
    return Search(parse_filter(source, grammar), parse_order(terms, grammar))


def order_of_models(
    name: str, is_ascending: bool, dataset_name: str | None, dataset_digest: str | None
) -> Order:
    """One order of a search of logged models, whose key stands unquoted after the first dot."""
    entity, dot, key = name.partition(".")
    if not dot:
        order = parse_order([name], LOGGED_MODELS)[0]
        if dataset_name:
            raise InvalidValue(f"Only a metric can be ordered by dataset, not '{name[:120]}'")
        return Order("attribute", order.key, is_ascending)
    if entity != "metrics":
        raise InvalidValue(f"Invalid order_by '{name[:120]}': only metrics and attributes can be")
    return Order("metric", key, is_ascending, dataset_name, dataset_digest)
