"""The process in which the server scores: what to do comes in a line, how far it is goes out.

A second line stops it, and so does the server's end, which closes the pipe.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict
from typing import Any, TextIO

from nbruns.errors import NbrunsError
from nbruns.identity import acting_as
from nbruns.scoring.calling import require

SERVER_ENDED = "the Jupyter server ended"


# A server that lives insists by itself.
PATIENCE_S = 10.0


class Stop:
    """Why the work is to stop; waits for the word beside it."""

    def __init__(self, lines: TextIO) -> None:
        self.reason = ""
        self._lines = lines
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        line = self._lines.readline()
        self.reason = json.loads(line)["reason"] if line else SERVER_ENDED
        if hasattr(signal, "pthread_kill"):
            # It wakes a model that sleeps or waits, too.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:
            _thread.interrupt_main()
        if not line:
            time.sleep(PATIENCE_S)
            _end_all()


def main() -> int:
    """Do what the first line says."""
    # A shell that starts a server in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    told = _own_output()
    wish = json.loads(sys.stdin.readline())
    stop = Stop(sys.stdin)

    def tell(**said: Any) -> None:
        print(json.dumps(said), file=told, flush=True)

    try:
        require()
        with acting_as(wish.get("user")):
            if wish["task"] == "look":
                tell(state="looked", **_look(wish))
            else:
                _score(wish, stop, tell)
    except NbrunsError as error:
        tell(state="refused", message=str(error))
    except KeyboardInterrupt:
        tell(state="cancelled", message=stop.reason)
    except Exception as error:
        # The server's log has the traceback; whoever waits has the sentence.
        tell(state="refused", message=f"{type(error).__name__}: {error}")
        raise
    return 0


def _look(wish: dict[str, Any]) -> dict[str, Any]:
    """The columns of a file and what the model does with each; Refusal where they do not fit."""
    from nbruns.scoring.chunks import CHUNK_ROWS
    from nbruns.scoring.expected import read_inputs
    from nbruns.scoring.matching import match
    from nbruns.scoring.sources import Dialect, open_source

    source = open_source(wish["path"], Dialect(**wish["dialect"]), CHUNK_ROWS)
    plan = match(source, read_inputs(wish["inputs"]), wish["columns"])
    return {
        "columns": [
            {"name": name, "kind": plan.kinds.get(name, ""), "is_taken": name in plan.model}
            for name in source.names
        ],
        "rows": source.rows,
        "is_checked": wish["inputs"] is not None,
    }


def _score(wish: dict[str, Any], stop: Stop, tell: Any) -> None:
    from nbruns.scoring.chunks import CHUNK_ROWS
    from nbruns.scoring.scoring import ScoringFailed, Wish, score
    from nbruns.scoring.sources import Dialect

    asked = Wish(
        wish["uri"],
        wish["path"],
        columns=wish["columns"],
        chunk_rows=wish["chunk_rows"] or CHUNK_ROWS,
        dialect=Dialect(**wish["dialect"]),
        experiment=wish["experiment"],
        is_of_model=True,
        user=wish["user"],
    )
    try:
        score(asked, lambda now: tell(state=now.stage, **_plain(now)), lambda: stop.reason)
    except ScoringFailed as error:
        tell(state="failed", message=str(error))


def _plain(progress: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(progress).items() if name != "stage"}


def _end_all() -> None:
    """End a process whose model never looks up, with those that the model has started."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _own_output() -> TextIO:
    """The pipe to the server; what models print goes where errors go."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return pipe


if __name__ == "__main__":
    sys.exit(main())
