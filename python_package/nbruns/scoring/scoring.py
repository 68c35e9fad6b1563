"""A scoring from the first look at the columns to the end of its run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nbruns.errors import InvalidState, InvalidValue, NbrunsError
from nbruns.protocol.names import SCORING_EXPERIMENT
from nbruns.scoring.checking import check, told
from nbruns.scoring.chunks import CHUNK_ROWS, chunks
from nbruns.scoring.matching import Plan, match
from nbruns.scoring.model import find_model
from nbruns.scoring.predictions import PredictionFile
from nbruns.scoring.progress import Pace, Progress, Seldom, Tell
from nbruns.scoring.run import ScoringRun, begun, copy_to
from nbruns.scoring.sources import Dialect, Source, open_source
from nbruns.scoring.values import BadValue


class ScoringFailed(NbrunsError):
    """A model could not score some rows; the run says FAILED and keeps what was predicted."""


@dataclass(frozen=True)
class Wish:
    """What is to be scored with what, and where the predictions go.

    `is_of_model`: no notebook and no script asks for it, so that where no experiment is
    named the run goes to one of the model's.
    """

    model: str
    data: Any
    output: Path | None = None
    columns: Sequence[str] | None = None
    chunk_rows: int = CHUNK_ROWS
    dialect: Dialect = field(default_factory=Dialect)
    experiment: str | None = None
    is_of_model: bool = False
    user: str | None = None

    def experiment_for(self, model: str) -> str | None:
        """The experiment's name; None for that of the place."""
        named = SCORING_EXPERIMENT.format(model=model) if self.is_of_model else None
        return self.experiment or named


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; `path` is where the predictions lie, None where only the run has them."""

    run_id: str
    run_name: str
    model: str
    rows: int
    seconds: float
    path: Path | None


def score(
    wish: Wish, tell: Tell = lambda _: None, why_stopped: Callable[[], str] = lambda: ""
) -> Outcome:
    """Score all rows in a run.

    Raises before there is a run: NotFound for a model or a file that is not there, Refusal
    for columns or values that do not fit. After that ScoringFailed; KeyboardInterrupt ends
    the run as KILLED, for the reason `why_stopped` gives.
    """
    _check_wish(wish)
    seldom = Seldom(tell)
    seldom(Progress("checking"))
    model = find_model(wish.model)
    source = open_source(wish.data, wish.dialect, wish.chunk_rows)
    plan = match(source, model.inputs, wish.columns)
    source.rows = check(source, plan, lambda rows: seldom(Progress("checking", rows)))
    seldom(Progress("loading"))
    loaded, digest = model.load(), source.digest()
    with begun(
        model,
        source,
        digest,
        user=wish.user,
        experiment=wish.experiment_for(model.name),
        is_job=wish.is_of_model,
    ) as run:
        run.tell_input(model, source, plan, digest)
        work = _Work(source, plan, loaded, run, seldom)
        path, seconds = work.do(wish.chunk_rows, why_stopped)
    if wish.output is not None:
        path = copy_to(path, run.run_id, wish.output)
    seldom(Progress("finished", source.rows, source.rows, source.rows / seconds, run.run_id))
    return Outcome(run.run_id, run.name, model.words, source.rows, seconds, path)


class _Work:
    """The chunks of one run."""

    def __init__(
        self, source: Source, plan: Plan, loaded: Any, run: ScoringRun, tell: Tell
    ) -> None:
        self.source, self.plan, self.loaded, self.run, self.tell = source, plan, loaded, run, tell
        self.file = PredictionFile(run.partial)
        self.pace = Pace()

    def do(self, chunk_rows: int, why_stopped: Callable[[], str]) -> tuple[Path | None, float]:
        """Score everything; where the predictions lie, and how long it took."""
        self._tell()
        try:
            for chunk in chunks(self.source.batches(self.plan.names), chunk_rows):
                self._score(chunk)
                self._tell()
        except BaseException as error:
            self._end_early(self._reason(error, why_stopped))
            raise
        self.file.close()
        self.run.keep_progress(self.file.rows, self.pace.whole(self.file.rows), is_last=True)
        return self.run.keep_file(is_whole=True), max(self.pace.seconds, 1e-6)

    def _score(self, chunk: pa.RecordBatch) -> None:
        first = self.file.rows
        columns = self._columns(chunk, first)
        rows = f"rows {first + 1:,}–{first + chunk.num_rows:,}"
        try:
            taken = self._input({name: columns[name] for name in self.plan.model})
            predicted = self.loaded.predict(taken)
            kept = {name: columns[name] for name in self.plan.kept}
            self.file.append(kept, predicted, chunk.num_rows)
        except Exception as error:
            # Whatever a model's own code raises.
            raise ScoringFailed(f"{rows.capitalize()}: {_said(error)}") from error

    def _columns(self, chunk: pa.RecordBatch, first: int) -> dict[str, pa.Array]:
        found = {}
        for name, column in {**self.plan.kept, **self.plan.model}.items():
            try:
                found[name] = column.convert(chunk.column(name))
            except BadValue as error:
                raise told(self.source, self.plan, name, error, first) from None
        return found

    def _input(self, columns: dict[str, pa.Array]) -> Any:
        if not self.plan.dtype:
            return pa.table(columns).to_pandas()
        arrays = [values.to_numpy(zero_copy_only=False) for values in columns.values()]
        return np.stack(arrays, axis=1).astype(self.plan.dtype)

    def _tell(self) -> None:
        rows, per_second = self.file.rows, self.pace.at(self.file.rows)
        self.tell(Progress("scoring", rows, self.source.rows or 0, per_second, self.run.run_id))
        self.run.keep_progress(rows, per_second)

    def _reason(self, error: BaseException, why_stopped: Callable[[], str]) -> str:
        if isinstance(error, KeyboardInterrupt):
            return f"{why_stopped() or 'interrupted'} after {self.file.rows:,} rows"
        return str(error)

    def _end_early(self, reason: str) -> None:
        """Keep what is there: a file of all chunks that were scored."""
        self.file.close()
        self.run.keep_progress(self.file.rows, self.pace.whole(self.file.rows), is_last=True)
        if self.file.rows:
            self.run.keep_file(is_whole=False)
        else:
            self.run.discard_file()
        self.run.reason = reason


def _check_wish(wish: Wish) -> None:
    if wish.chunk_rows < 1:
        raise InvalidValue(f"Invalid chunk_rows '{wish.chunk_rows}': at least 1")
    if isinstance(wish.columns, str):
        raise InvalidValue(f"'columns' is a list of names: write columns=['{wish.columns}']")
    if wish.output is None:
        return
    if wish.output.is_dir() or not wish.output.parent.is_dir():
        raise InvalidValue(f"The predictions cannot be written to '{wish.output}': name a file")
    if isinstance(wish.data, (str, Path)) and wish.output.resolve() == Path(wish.data).resolve():
        raise InvalidValue(f"The predictions would take the place of '{wish.data}'")


def _said(error: Exception) -> str:
    words = " ".join(str(error).split())
    is_ours = isinstance(error, InvalidState)
    return words if is_ours else f"{type(error).__name__}: {words}"
