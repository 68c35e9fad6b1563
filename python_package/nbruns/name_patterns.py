"""Patterns over names, and which names somebody may see.

`*` stands for any text, dots and slashes too, and `?` for one character: `prod.*` is all of
the catalog `prod`. Everything else, capitals included, is as it is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_MEANINGS = {"*": ".*", "?": "."}


def fits(pattern: str, name: str) -> bool:
    """Whether a name is one of those a pattern stands for."""
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = (_MEANINGS.get(one) or re.escape(one) for one in pattern)
    return re.compile("".join(pieces), re.DOTALL)


def covers(pattern: str, other: str) -> bool:
    """Whether a pattern surely fits every name that another one fits."""
    is_plain = "?" not in pattern or "*" not in other
    return is_plain and fits(pattern, other)


@dataclass(frozen=True, slots=True)
class NameSight:
    """The names somebody may see: as the first pattern that fits says, else `otherwise`."""

    patterns: tuple[tuple[str, bool], ...]
    otherwise: bool

    def shows(self, name: str) -> bool:
        """Whether it is one of them."""
        for pattern, is_shown in self.patterns:
            if fits(pattern, name):
                return is_shown
        return self.otherwise
