"""What calls need, of those that need more than a level on the one thing they name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nbruns.endpoints import experiments, registry, requests, runs, traces, transition_requests
from nbruns.endpoints.asking import (
    Body,
    Question,
    archived,
    cancellation,
    decision,
    experiments_of,
    model_ids_in,
    model_named,
    notebook_at,
    of,
    reading,
    request,
    stage_of,
)
from nbruns.endpoints.needs import AnyNeed, MoveNeed, Need
from nbruns.endpoints.scoring import experiment_name
from nbruns.permissions import Level
from nbruns.protocol.fields import flag, optional, required, text, texts
from nbruns.protocol.names import KERNEL_TAG, NOTEBOOK_TAG
from nbruns.store import Store
from nbruns.store.registry_rules import canonical_stage
from nbruns.store.version_sources import named_in

# Under which a call of a kernel carries who made it.
CALLER = "_caller"


def experiment(level: Level) -> Question:
    """A level on the experiment a call names by its id."""
    return of("experiment", level, lambda body: [experiments.experiment_id(body)])


def run(level: Level) -> Question:
    """A level on the experiment of a run."""
    return of("run", level, lambda body: [runs.run_id(body)])


def runs_in(level: Level, field: str = "run_ids") -> Question:
    """A level on the experiments of a list of runs."""
    return of("run", level, lambda body: texts(body, field, from_query=True))


def logged_model(level: Level) -> Question:
    """A level on the experiment of a logged model."""
    return of("logged model", level, lambda body: [required(body, "model_id")])


def models_in(level: Level, *fields: str) -> Question:
    """A level on the experiments of the logged models in a call's lists."""
    return of("logged model", level, lambda body: model_ids_in(body, *fields))


def revision(level: Level, field: str = "revision_id") -> Question:
    """A level on the experiments of a revision."""
    return of("revision", level, lambda body: [required(body, field)])


def metric(store: Store, body: Body) -> Iterator[AnyNeed]:
    """The run, and the logged model a point may be of."""
    yield from run("EDIT")(store, body)
    if found := optional(body, "model_id"):
        yield from experiments_of(store, "logged model", "EDIT", [found])


def new_run(store: Store, body: Body) -> Iterator[Need]:
    """The experiment a run is to belong to."""
    number = experiments.checked_id(text(body, "experiment_id") or "0")
    yield from experiments_of(store, "experiment", "EDIT", [number])


def new_run_of_kernel(store: Store, body: Body) -> Iterator[Need]:
    """As the call itself: without an experiment, in that of the kernel's notebook."""
    kernel = store.kernels.find(body[CALLER].kernel_id)
    if body.get("experiment_id") or kernel is None or kernel.notebook_id is None:
        yield from new_run(store, body)
    else:
        yield from experiments_of(store, "notebook", "EDIT", [kernel.notebook_id])


def moved_stage(store: Store, body: Body) -> Iterator[MoveNeed]:
    """To leave the present stage, and to come to the new one."""
    name, version = required(body, "name"), registry.version_number(body)
    target = canonical_stage(required(body, "stage"))
    yield from (move for move in stage_of(store, name, version) if move.target != target)
    if flag(body, "archive_existing_versions"):
        yield from archived(store, name, version, target)
    yield MoveNeed(name, version, target)


def moved_alias(store: Store, body: Body) -> Iterator[MoveNeed]:
    """To point an alias at a version."""
    version = registry.version_number(body)
    yield MoveNeed(required(body, "name"), version, f"@{required(body, 'alias')}")


def removed_alias(store: Store, body: Body) -> Iterator[MoveNeed]:
    """To take an alias away."""
    yield MoveNeed(required(body, "name"), None, f"@{required(body, 'alias')}", leaves=True)


def new_version(store: Store, body: Body) -> Iterator[AnyNeed]:
    """The name, and whatever the version is made of."""
    yield model_named(required(body, "name"), "EDIT")
    if run := text(body, "run_id"):
        yield from experiments_of(store, "run", "READ", [run])
    if found := text(body, "model_id"):
        yield from experiments_of(store, "logged model", "READ", [found])
    kind, named = named_in(required(body, "source")) or ("", "")
    if kind in ("logged model", "run"):
        yield from experiments_of(store, kind, "READ", [named])
    elif kind:
        yield model_named(named, "READ")


def scoring(store: Store, body: Body) -> Iterator[AnyNeed]:
    """To read the model, and to write to the experiment the run of the scoring goes to."""
    yield model_named(required(body, "name"), "READ")
    name = experiment_name(store, body)
    yield Need("EDIT", "experiment", name, f"experiment '{name}'")


def request_made(store: Store, body: Body) -> Iterator[AnyNeed]:
    """To read the model a request is about."""
    asked = request(store, requests.request_id(body))
    if asked is not None:
        yield model_named(asked.name, "READ")


def request_decided(store: Store, body: Body) -> Iterator[AnyNeed]:
    """To decide a request."""
    asked = request(store, requests.request_id(body))
    yield from decision(store, asked, archives=requests.says_archive(body))


def request_cancelled(store: Store, body: Body) -> Iterator[AnyNeed]:
    """To take a request back."""
    yield from cancellation(request(store, requests.request_id(body)))


def transition(action: str) -> Question:
    """To decide or cancel a request that is named by model, version and stage."""

    def needs(store: Store, body: Body) -> Iterator[AnyNeed]:
        yield model_named(required(body, "name"), "READ")
        if transition_requests.open_requests(store, body):
            found = transition_requests.chosen(store, body, action)
            says = requests.says_archive(body)
            decides = decision(store, found, archives=says)
            yield from cancellation(found) if action == "cancel" else decides

    return needs


def captured(store: Store, body: Body) -> Iterator[AnyNeed]:
    """The run, and the notebook it says it is of."""
    run_id = required(body, "run_id")
    yield from experiments_of(store, "run", "EDIT", [run_id])
    run = store.runs.find(run_id)
    if run is not None and NOTEBOOK_TAG in run.tags:
        yield from experiments_of(store, "notebook", "EDIT", [run.tags[NOTEBOOK_TAG]])
    else:
        yield from notebook_at("EDIT")(store, {"path": required(body, "path")})


def executed_cells(store: Store, body: Body) -> Iterator[Need]:
    """The run or kernel, and the notebooks of the kernel a run says it is of."""
    kernel_id = optional(body, "kernel_id")
    if run_id := optional(body, "run_id"):
        yield from experiments_of(store, "run", "READ", [run_id])
        run = store.runs.find(run_id)
        kernel_id = run.tags.get(KERNEL_TAG) if run is not None else None
    if kernel_id:
        yield from experiments_of(store, "kernel", "READ", [kernel_id])


def changes_of(store: Store, body: Body) -> Iterator[Need]:
    """The run and the one before it, which may be of another experiment."""
    run_id = required(body, "run_id")
    before = store.predecessors.find(run_id)
    yield from experiments_of(store, "run", "READ", [run_id, *([before] if before else [])])


def logging_run(store: Store, body: Body) -> Iterator[Need]:
    """The experiment of the run a notebook started last."""
    run = store.listing.newest_of_notebook(required(body, "notebook_id"))
    if run is not None:
        yield from experiments_of(store, "experiment", "READ", [run.experiment_id])


def environment_of(store: Store, body: Body) -> Iterator[AnyNeed]:
    """The run whose packages are asked for."""
    if not optional(body, "digest"):
        yield from run("READ")(store, {"run_id": required(body, "run_id")})


def trace(store: Store, body: Body) -> Iterator[Need]:
    """The experiment a trace belongs to."""
    yield from experiments_of(store, "experiment", "EDIT", [traces.experiment_of(body)])


def folder(store: Store, body: Body) -> Iterator[AnyNeed]:
    """To list a folder of artifacts."""
    # The root is listed as far as it can be seen.
    if optional(body, "path"):
        yield from reading("path")(store, body)


def resolved(store: Store) -> Callable[[Body], Iterator[AnyNeed]]:
    """The notebook a path turned out to be of, by the name its experiment had before.

    It may be one that was moved, whose experiment is named after the new path by then.
    """
    known = [one.notebook_id for one in store.notebooks.all()]
    names = {found: name for name, found in store.belonging.experiments("notebook", known)}

    def needs(reply: Body) -> Iterator[Need]:
        found = reply.get("notebook") or reply.get("kept") or reply.get("revision") or {}
        notebook_id = found.get("notebook_id")
        if notebook_id in names:
            yield Need("EDIT", "experiment", names[notebook_id], f"notebook '{notebook_id}'")

    return needs


def version_read(body: Body) -> list[str]:
    """The version a call names."""
    return [str(registry.version_number(body))]
