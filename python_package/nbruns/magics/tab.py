"""Tab in this kernel: the shell's completer asks here first.

Kept apart from what is offered, which a kernel loads when Tab is pressed after a command.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any


def complete_commands(shell: Any) -> None:
    """Have the shell's completer ask here first; IPython can since 8.6."""
    completer = getattr(shell, "Completer", None)
    matchers = getattr(completer, "custom_matchers", None)
    if matchers is None:
        return
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier="nbruns")  # type: ignore[untyped-decorator,unused-ignore]
    def match(context: Any) -> dict[str, Any]:
        offer, line = None, context.text_until_cursor
        # Tab must not fail, whatever the state of the store.
        with suppress(Exception):
            if line.lstrip().startswith("%"):
                from nbruns.magics.completion import offer_for

                offer = offer_for(line)
        if offer is None:
            return {"completions": [], "suppress": False}
        return {
            "completions": [SimpleCompletion(text, type=offer.kind) for text in offer.texts],
            "matched_fragment": offer.fragment,
            "suppress": True,
            "ordered": True,
        }

    matchers.append(match)
