"""What a command answers: a line with a link to its run, a wrong use, or one line on a fault."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbruns.errors import AlreadyExists, InvalidState, InvalidValue, NotFound, NotPermitted
from nbruns.protocol.names import RUN_LINE_MIME

if TYPE_CHECKING:
    from nbruns.records import Run

# What MLflow refuses for the request's sake; everything else is a fault of the tracking.
_REFUSALS = {
    "BAD_REQUEST",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "PERMISSION_DENIED",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_DOES_NOT_EXIST",
    "UNAUTHENTICATED",
}
_REFUSED = (AlreadyExists, InvalidState, InvalidValue, NotFound, NotPermitted)


class Link:
    """A thing named in a line: what it is, its id, and the words it is shown as.

    A 'run', a 'revision', or a 'place' of the registry, such as 'models/churn/3'.
    """

    __slots__ = ("kind", "subject", "words")

    def __init__(self, kind: str, subject: str, words: str) -> None:
        self.kind, self.subject, self.words = kind, subject, words

    def plain(self) -> str:
        """For consoles."""
        return self.words if self.kind == "place" else f"'{self.words}'"

    def wire(self) -> dict[str, str]:
        """For JupyterLab."""
        return {"kind": self.kind, "id": self.subject, "words": self.words}


class Line:
    """A line about runs and revisions: links in JupyterLab, plain words everywhere else.

    The links have a type of their own, which JupyterLab draws where the output is trusted.
    """

    def __init__(self, *pieces: str | Link) -> None:
        self.pieces = pieces

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": self.plain(), "text/html": self.html(), RUN_LINE_MIME: self.wire()}

    def plain(self) -> str:
        """For consoles, with the ids at the end of what is not named by its words alone."""
        links = [p for p in self.pieces if isinstance(p, Link) and p.kind != "place"]
        ids = ", ".join(dict.fromkeys(p.subject for p in links))
        said = "".join(p if isinstance(p, str) else p.plain() for p in self.pieces)
        return f"{said} ({ids})" if ids else said

    def html(self) -> str:
        """For pages that know no links to runs."""
        from html import escape

        said = (
            escape(p) if isinstance(p, str) else f"<strong>{escape(p.words)}</strong>"
            for p in self.pieces
        )
        return f"<div>{''.join(said)}</div>"

    def wire(self) -> dict[str, Any]:
        """For JupyterLab."""
        return {"pieces": [p if isinstance(p, str) else p.wire() for p in self.pieces]}


def link(run: Any) -> Link:
    """An MLflow run as it is named in a line."""
    return Link("run", run.info.run_id, run.info.run_name or run.info.run_id[:8])


def link_to(run: Run) -> Link:
    """A run of ours as it is named in a line."""
    return Link("run", run.run_id, run.name)


def say(*pieces: str | Link) -> None:
    """Show a line."""
    from IPython.display import display

    display(Line(*pieces))  # type: ignore[no-untyped-call]


@contextmanager
def answered(command: str) -> Iterator[None]:
    """Turn what a command raises into one line.

    What the user can put right is a UsageError; a fault of the tracking is told, and the
    cell goes on.
    """
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        if is_refusal(error):
            raise UsageError(f"{command}: {sentence(error)}") from None
        tell_fault(command, sentence(error))
        import logging

        logging.getLogger("nbruns").debug("%s failed", command, exc_info=True)


def is_refusal(error: Exception) -> bool:
    """Whether the user can put it right by asking otherwise."""
    known = (UsageError, *_REFUSED)
    return isinstance(error, known) or getattr(error, "error_code", None) in _REFUSALS


def tell_fault(command: str, why: str) -> None:
    """One line on the error stream."""
    print(f"nbruns: {command} did nothing: {why}", file=sys.stderr)


def sentence(error: BaseException) -> str:
    """The first line of what an error says."""
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
