"""Tab after a command: its options, and the values that are known for them.

IPython completes the commands' own names. What a word may be is said by the parser that
reads it; the values come from the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from nbruns.magics.commands import MAGICS
from nbruns.magics.line import pieces

_COMMAND = re.compile(r"\s*%{1,2}(\w+)[ \t]+(.*)", re.DOTALL)
_COMPARED = re.compile(r"([\w.`-]+)\s*!?=\s*('[^']*)?$")
_BEGUN = re.compile(r"(?:^|\band\s+)([\w.`-]*)$", re.IGNORECASE)

# What a command's words are, by the name its parser gives them: options are named with dashes.
_KINDS: dict[tuple[str, str], str] = {
    ("run_start", "--resume"): "runs",
    ("run_start", "--tag"): "tags",
    ("tracked", "--tag"): "tags",
    ("run_params", "params"): "params",
    ("run_metrics", "metrics"): "metrics",
    ("run_compare", "runs"): "runs",
    ("run_register", "name"): "models",
    ("run_register", "--run"): "runs",
    ("run_register", "--alias"): "aliases",
    ("run_register", "--model"): "logged_models",
    ("model_requests", "name"): "models",
    ("model_activity", "name"): "models",
    ("model_activity", "version"): "versions",
    **{
        (f"model_{command}", word): kind
        for command in ("move", "request")
        for word, kind in (
            ("name", "models"),
            ("version", "versions"),
            ("--alias", "aliases"),
            ("--stage", "stages"),
        )
    },
    **{(f"model_{command}", "request"): "requests" for command in ("approve", "reject", "cancel")},
}
_REPEATED = {"params", "metrics"}


class Offer(NamedTuple):
    """What Tab offers in place of a fragment before the cursor."""

    fragment: str
    texts: list[str]
    kind: str = "value"


def offer_for(line: str) -> Offer | None:
    """What completes a line up to the cursor; None where it is not ours to complete."""
    found = _COMMAND.fullmatch(line)
    if found is None:
        return None
    name, rest = found.groups()
    if name == "runs":
        return _offer_of_filter(rest)
    parser = next((p for p in _parsers(name)), None)
    return None if parser is None else _offer_of_word(name, parser, rest)


def _parsers(name: str) -> Iterator[Any]:
    for magics in MAGICS:
        parser = getattr(getattr(magics, name, None), "parser", None)
        if parser is not None:
            yield parser


def _offer_of_word(name: str, parser: Any, rest: str) -> Offer | None:
    found = list(pieces(rest))
    is_new_word = not rest or (rest[-1].isspace() and (not found or found[-1].is_closed))
    before = [piece.text for piece in (found if is_new_word else found[:-1])]
    fragment = "" if is_new_word else rest[found[-1].begin :]
    if fragment.count("{") > fragment.count("}"):
        return None  # a name of the user's, which IPython completes
    options = {text: action for action in parser._actions for text in action.option_strings}
    asking = options.get(before[-1]) if before else None
    if asking is not None and asking.nargs != 0:
        return _offer_of_value(name, before[-1], asking, fragment, before)
    option, equals, value = fragment.partition("=")
    if equals and option in options:
        return _offer_of_value(name, option, options[option], value, before)
    if fragment.startswith("-"):
        return _matching(fragment, _left(options, before), "option")
    return _offer_of_positional(name, parser, fragment, before, options)


def _offer_of_positional(
    name: str, parser: Any, fragment: str, before: list[str], options: dict[str, Any]
) -> Offer | None:
    wanted = [action for action in parser._actions if not action.option_strings]
    place = _count_positionals(before, options)
    offer = None
    if place < len(wanted) or (wanted and wanted[-1].nargs in ("*", "+")):
        action = wanted[min(place, len(wanted) - 1)]
        offer = _offer_of_value(name, action.dest, action, fragment, before)
    if offer is not None and offer.texts:
        return offer
    return _matching("", _left(options, before), "option") if not fragment else None


def _count_positionals(before: list[str], options: dict[str, Any]) -> int:
    """How many of the words before are neither options nor their values."""
    count, takes_value = 0, False
    for word in before:
        if takes_value:
            takes_value = False
        elif word in options:
            takes_value = options[word].nargs != 0
        elif not word.startswith("-"):
            count += 1
    return count


def _offer_of_value(
    name: str, word: str, action: Any, fragment: str, before: list[str]
) -> Offer | None:
    if action.choices:
        return _matching(fragment, action.choices)
    kind = _KINDS.get((name, word))
    if kind is None:
        return None
    from nbruns.magics.suggestions import suggest

    texts = suggest(kind, before)
    used = {text.partition("=")[0] for text in before} if kind in _REPEATED else set(before)
    return _matching(fragment, (text for text in texts if text.rstrip("=") not in used))


def _left(options: dict[str, Any], before: list[str]) -> list[str]:
    """The options that may still be given."""
    repeatable = {
        text for text, action in options.items() if type(action).__name__[:7] == "_Append"
    }
    wanted = [text for text in options if text not in ("-h", "--help")]
    return [text for text in wanted if text not in before or text in repeatable]


def _matching(fragment: str, texts: Iterable[str], kind: str = "value") -> Offer:
    """Those texts that go on from a fragment, in quotes where they need them."""
    typed = fragment.lstrip("\"'").lower()
    quote = fragment[:1] if fragment[:1] in ("'", '"') else ""
    fitting = (text for text in texts if text.lower().startswith(typed))
    return Offer(fragment, [_quoted(text, quote) for text in fitting], kind)


def _quoted(text: str, quote: str) -> str:
    if not quote and re.search(r"[\s\"'{$]", text):
        quote = '"'
    return f"{quote}{text.replace(quote, chr(92) + quote)}{quote}" if quote else text


def _offer_of_filter(rest: str) -> Offer | None:
    """Keys where a condition begins; after a comparison, the values that were there."""
    from nbruns.magics.suggestions import filter_keys, filter_values

    compared = _COMPARED.search(rest)
    if compared:
        return _starting(compared[2] or "", filter_values(compared[1]))
    begun = _BEGUN.search(rest)
    return _starting(begun[1], filter_keys()) if begun else None


def _starting(fragment: str, texts: list[str]) -> Offer:
    return Offer(fragment, [text for text in texts if text.lower().startswith(fragment.lower())])
