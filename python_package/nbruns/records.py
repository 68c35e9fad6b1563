"""The things nbruns speaks of, as plain frozen records.

Times are milliseconds since 1970 (UTC) and say so in their names; sizes are in
bytes. Mappings are in the order of their keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

Stage = Literal["active", "deleted"]
RunStatus = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
View = Literal["active", "deleted", "all"]
CaptureMethod = Literal["browser", "executed", "file"]

# Which value of a metric's history: the newest, the smallest or the largest.
Aggregate = Literal["last", "min", "max"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a search, and the token that asks for the next (None at the end)."""

    items: list[T]
    next_token: str | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    experiment_id: str
    name: str
    artifact_uri: str
    stage: Stage
    created_ms: int
    updated_ms: int
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExperimentAtAGlance:
    """A line of the list of experiments; `is_gone` says that its notebook was deleted."""

    experiment_id: str
    name: str
    notebook_id: str | None
    path: str | None
    is_gone: bool
    newest_ms: int | None
    runs: int
    running: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One value of a metric; `value` may be NaN or infinite."""

    key: str
    value: float
    step: int = 0
    at_ms: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetInput:
    dataset: Dataset
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelLink:
    """A logged model as the input or the output of a run."""

    model_id: str
    step: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    run_id: str
    experiment_id: str
    name: str
    user: str
    status: RunStatus
    stage: Stage
    started_ms: int | None
    ended_ms: int | None
    artifact_uri: str
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[MetricPoint, ...] = ()
    dataset_inputs: tuple[DatasetInput, ...] = ()
    model_inputs: tuple[ModelLink, ...] = ()
    model_outputs: tuple[ModelLink, ...] = ()


@dataclass(frozen=True, slots=True)
class ListColumns:
    """What a list of runs shows beside what every run has.

    Each metric comes with the value of its history that is shown ('last', 'min', 'max') and
    with what is best in it ('min', 'max').
    """

    metrics: Mapping[str, tuple[Aggregate, Literal["min", "max"]]] = field(default_factory=dict)
    params: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def aggregate(self, key: str) -> Aggregate:
        """Which value of a metric's history is shown."""
        return self.metrics[key][0]

    def is_falling(self, key: str) -> bool:
        """Whether less is better in a metric."""
        return self.metrics[key][1] == "min"


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A row of a list: `run` carries only the params, tags and metrics the list has columns for.

    `extremes` are the smallest and the largest value of each metric's history, `depth` says
    how deep the row is nested where it stands under its parent.
    """

    run: Run
    depth: int = 0
    children: int = 0
    parent_name: str = ""
    extremes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    best_of_children: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedKey:
    """A metric, param or tag of an experiment: how many of the runs that were looked at have
    it, and with how many values."""

    key: str
    runs: int
    values: int


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How many runs of an experiment have which status, and how many are in the trash."""

    by_status: Mapping[str, int] = field(default_factory=dict)
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class LoggedModel:
    model_id: str
    experiment_id: str
    name: str
    artifact_uri: str
    status: str
    created_ms: int
    updated_ms: int
    model_type: str = ""
    source_run_id: str = ""
    status_message: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[MetricPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a registered model; `aliases` are those pointing at it now."""

    name: str
    version: int
    created_ms: int
    updated_ms: int
    description: str = ""
    user: str = ""
    stage: str = "None"
    source: str = ""
    artifact_uri: str = ""
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    status: str = "READY"
    status_message: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A name in the registry; `aliases` maps alias to version number."""

    name: str
    created_ms: int
    updated_ms: int
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    latest_versions: tuple[ModelVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelAtAGlance:
    """A line of the list of models: where its versions stand, and who changed it last.

    `stages` maps each stage but 'None' to the newest version in it.
    """

    name: str
    versions: int
    newest: int | None
    aliases: Mapping[str, int]
    stages: Mapping[str, int]
    pending: int
    changed_ms: int
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class SourceRun:
    """The run a version was made by, with some of its metrics, and what it left to look at."""

    run_id: str
    name: str
    experiment_id: str
    stage: Stage
    metrics: Mapping[str, float] = field(default_factory=dict)
    revision_id: str = ""


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook nbruns knows, wherever its file lies; its experiment comes with its first run."""

    notebook_id: str
    path: str
    created_ms: int
    experiment_id: str | None = None
    file_id: str | None = None
    forked_from: str | None = None
    forked_revision: str | None = None


@dataclass(frozen=True, slots=True)
class Kernel:
    """A running (or ended) kernel and the notebook it was last seen serving."""

    kernel_id: str
    notebook_id: str | None
    path: str | None
    started_ms: int
    ended_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """A notebook as it stood at one moment; its cells are fetched apart."""

    revision_id: str
    notebook_id: str
    path: str
    method: CaptureMethod
    captured_ms: int
    digest: str
    cell_count: int


@dataclass(frozen=True, slots=True)
class Activity:
    """Something a user did on purpose to a thing; `before` and `after` are ids, names or places.

    Of registered models also: which version, the stage or '@alias' it came to stand at, who
    had asked for it in which request. `allowed_by` is the rule that let the user do it.
    """

    activity_number: int
    at_ms: int
    user: str
    action: str
    kind: str
    subject: str
    before: str | None = None
    after: str | None = None
    comment: str = ""
    version: int | None = None
    target: str | None = None
    requester: str | None = None
    request_id: int | None = None
    allowed_by: str = ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is said of a move: a comment, and the request that it grants with who made it."""

    comment: str = ""
    requester: str | None = None
    request_id: int | None = None


RequestState = Literal["pending", "approved", "rejected", "cancelled", "overtaken"]


@dataclass(frozen=True, slots=True)
class TransitionRequest:
    """Somebody's wish that a version stand at a target: a stage, or an alias written '@name'.

    With `removes` the wish is that the alias be taken away from it. `decision` is what was
    said when it was decided, or what has overtaken it.
    """

    request_id: int
    name: str
    version: int
    target: str
    removes: bool
    archives: bool
    requester: str
    comment: str
    asked_ms: int
    state: RequestState = "pending"
    decided_ms: int | None = None
    decider: str | None = None
    decision: str = ""


@dataclass(frozen=True, slots=True)
class ExecutedCell:
    """One execution of a cell, as the kernel saw it.

    `session_ms` tells the processes of a restarted kernel apart (when each began),
    `position` counts the executions of one.
    """

    kernel_id: str
    execution_count: int
    cell_id: str | None
    source: str
    started_ms: int
    took_ms: int | None = None
    outcome: Literal["running", "ok", "error", "interrupted"] = "running"
    session_ms: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package; `origin` tells of those that came from no index (editable, git)."""

    name: str
    version: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a process had to work with; packages are in the order of their names."""

    python: str
    platform: str
    packages: tuple[Package, ...] = ()


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file or folder under an artifact root; `path` is relative to that root."""

    path: str
    is_dir: bool
    size_bytes: int | None = None


NotebookContent = dict[str, Any]
