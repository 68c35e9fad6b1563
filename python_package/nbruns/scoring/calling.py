"""Scoring from Python: `nbruns.score`.

import nbruns
found = nbruns.score("models:/churn@champion", "customers.csv")
found.to_pandas()
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbruns.errors import InvalidState
from nbruns.protocol.names import PREDICTIONS_FILE, RUN_LINE_MIME

if TYPE_CHECKING:
    from nbruns.scoring.progress import Progress


@dataclass(frozen=True)
class Scoring:
    """A scoring that is done: its run, how many rows, and the predictions."""

    run_id: str
    run_name: str
    model: str
    rows: int
    seconds: float
    path: Path | None

    def to_pandas(self, columns: Sequence[str] | None = None) -> Any:
        """The predictions as a DataFrame, or some columns of them: all at once, in memory."""
        import pandas as pd

        path = self.path
        if path is None:
            from mlflow.artifacts import download_artifacts

            path = Path(download_artifacts(run_id=self.run_id, artifact_path=PREDICTIONS_FILE))
        return pd.read_parquet(path, columns=None if columns is None else list(columns))

    def __str__(self) -> str:
        return self._words(f"'{self.run_name}' ({self.run_id})")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """A line in which JupyterLab shows the run as a link."""
        link = {"kind": "run", "id": self.run_id, "words": self.run_name}
        return {
            "text/plain": str(self),
            "text/html": f"<div>{escape(self._words(self.run_name))}</div>",
            RUN_LINE_MIME: {"pieces": [self._words(""), link]},
        }

    def _words(self, run: str) -> str:
        return (
            f"{self.rows:,} rows scored with {self.model} in {self.seconds:,.1f} s: "
            f"{PREDICTIONS_FILE} of run {run}"
        )


def score(
    model: str,
    data: Any,
    output: str | Path | None = None,
    *,
    columns: Sequence[str] | None = None,
    chunk_rows: int | None = None,
    separator: str = "",
    decimal: str = ".",
    encoding: str = "utf-8",
    experiment: str | None = None,
) -> Scoring:
    """Score a file with a model, in a run that keeps the predictions.

    `model` is an address such as `models:/churn@champion`, `models:/churn/3` or
    `runs:/<id>/model`. `data` is a CSV or Parquet file, a folder or pattern of Parquet
    files, or a DataFrame; files may be larger than memory. `columns` go along with the
    predictions, all of them if not said. `output` is a Parquet file for a copy.

    The run belongs to the active run, else to the notebook; or to the named experiment.
    Before it begins, InvalidValue names every column that is missing or does not fit, and
    the line of every value the model cannot take.
    """
    return scored(
        model,
        data,
        output=output,
        columns=columns,
        chunk_rows=chunk_rows,
        separator=separator,
        decimal=decimal,
        encoding=encoding,
        experiment=experiment,
    )


def scored(
    model: str,
    data: Any,
    *,
    output: str | Path | None,
    chunk_rows: int | None,
    separator: str,
    decimal: str,
    encoding: str,
    **wishes: Any,
) -> Scoring:
    """As `score`, which is for people to read; `wishes` are further fields of a Wish."""
    require()
    from nbruns.scoring.chunks import CHUNK_ROWS
    from nbruns.scoring.scoring import Wish
    from nbruns.scoring.scoring import score as carry_out
    from nbruns.scoring.sources import Dialect

    wish = Wish(
        model,
        data,
        output=None if output is None else Path(output).expanduser(),
        chunk_rows=CHUNK_ROWS if chunk_rows is None else chunk_rows,
        dialect=Dialect(separator, decimal, encoding),
        **wishes,
    )
    line = _Line()
    try:
        found = carry_out(wish, line.show)
    finally:
        line.clear()
    return Scoring(found.run_id, found.run_name, found.model, found.rows, found.seconds, found.path)


def require() -> None:
    """InvalidState where a package that scoring needs is missing."""
    for name in ("pandas", "pyarrow"):
        try:
            __import__(name)
        except ImportError as error:
            raise InvalidState(
                f"Scoring needs pandas and pyarrow, and '{name}' is not installed here: "
                "pip install 'nbruns[scoring]'"
            ) from error


class _Line:
    """One line that is written over: in a cell's output, or on a terminal."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._width = 0

    def show(self, progress: Progress) -> None:
        """Say how far it is."""
        if _in_kernel():
            self._display(progress.words)
        elif sys.stderr.isatty():
            self._write(progress.words)

    def clear(self) -> None:
        """Leave nothing: what came of it is told by the answer."""
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)
        elif self._width:
            self._write("")
            sys.stderr.write("\r")

    def _display(self, words: str) -> None:
        from IPython.display import display

        said = {"text/plain": words}
        if self._handle is None:
            self._handle = display(said, raw=True, display_id=True)
        else:
            self._handle.update(said, raw=True)

    def _write(self, words: str) -> None:
        sys.stderr.write(f"\r{words:<{self._width}}")
        sys.stderr.flush()
        self._width = len(words)


def _in_kernel() -> bool:
    module = sys.modules.get("IPython.core.getipython")
    shell = module.get_ipython() if module is not None else None
    return getattr(shell, "kernel", None) is not None
