"""What is typed into the search box of the models → the filter of the list.

Words are parts of a name, `@champion` an alias, `stage:Production` a stage, `key = value` a
tag of a model or of one of its versions; the protocol's own `name LIKE '…'` and `and` work too.
What is not finished yet asks for as much as is there.
"""

from __future__ import annotations

import re

_STAGES = ("Staging", "Production", "Archived")
_QUOTED = r"'[^']*'|\"[^\"]*\""
_TERM = re.compile(
    rf"""
    @(?P<alias>[\w\-]*)
    | stages?\s*[:=]\s*(?P<stage>{_QUOTED}|[^\s'"]*)
    | (?P<key>tags?\.(?:`[^`]*`|"[^"]*"|[^\s=!<>'"`]*)|(?!and\b)[\w.\-/]+)
        \s*(?P<how>!=|=|\bnot\s+like\b|\bi?like\b)\s*(?P<value>{_QUOTED}|[^\s'"]*)
    | tags?\.(?P<has>`[^`]+`|[^\s=!<>'"`]+)
    | (?P<and>and\b)
    | (?P<word>{_QUOTED}|\S+)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_OF_TAG = re.compile(r"tags?\.", re.IGNORECASE)
_NAMES = ("name", "attribute.name", "attributes.name")


def as_filter(text: str) -> str:
    """The filter of the list for what was typed; empty where that is nothing."""
    found = (_condition(match) for match in _TERM.finditer(text))
    return " and ".join(condition for condition in found if condition)


def _condition(match: re.Match[str]) -> str:
    if match["alias"] is not None:
        return f"alias ILIKE {_quoted(match['alias'] + '%')}" if match["alias"] else ""
    if match["stage"] is not None:
        return _in_stage(_bare(match["stage"]))
    if match["key"] is not None:
        return _compared(match["key"], match["how"], match["value"])
    if match["has"] is not None:
        return f"tags.{_tag(match['has'])} LIKE '%'"
    word = _bare(match["word"] or "")
    return f"name ILIKE {_quoted(f'%{word}%')}" if word else ""


def _in_stage(typed: str) -> str:
    if not typed:
        return ""
    named = [stage for stage in _STAGES if stage.lower().startswith(typed.lower())]
    return "stage IN ({})".format(", ".join(_quoted(name) for name in named or [typed]))


def _compared(key: str, how: str, typed: str) -> str:
    value, sign = _bare(typed), " ".join(how.upper().split())
    if key.lower() in _NAMES:
        return f"name {sign} {_quoted(value)}" if value else ""
    if key.lower() == "alias":
        return f"alias {sign} {_quoted(value.removeprefix('@'))}" if value else ""
    tag = f"tags.{_tag(_OF_TAG.sub('', key, count=1))}"
    return f"{tag} {sign} {_quoted(value)}" if typed else f"{tag} LIKE '%'"


def _tag(typed: str) -> str:
    return f"`{typed.strip('`').strip(chr(34))}`"


def _bare(typed: str) -> str:
    """What was typed, out of its quotes; one that is not closed yet is none."""
    if typed[:1] in ("'", '"'):
        return typed[1:-1] if len(typed) > 1 and typed[-1] == typed[0] else typed[1:]
    return typed


def _quoted(value: str) -> str:
    """A value between quotes; the grammar knows no escape inside them."""
    quote = "'" if "'" not in value else '"'
    return f"{quote}{value.replace(quote, '_')}{quote}"
