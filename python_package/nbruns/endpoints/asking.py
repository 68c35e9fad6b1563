"""What a call needs, out of its fields: each function here makes one such question.

A question reads the fields by the same functions as the endpoint does, so that the two
never mean different things. What is not there needs nothing: the endpoint says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nbruns.endpoints.needs import AnyNeed, CancelNeed, DecisionNeed, MoveNeed, Need
from nbruns.errors import NotFound
from nbruns.identity import acting_user
from nbruns.permissions import Level
from nbruns.protocol.fields import items, optional, required
from nbruns.records import TransitionRequest
from nbruns.store import Store
from nbruns.store.artifacts import SCHEME
from nbruns.store.belonging import HeldVersion

Body = dict[str, Any]
Question = Callable[[Store, Body], Iterable[AnyNeed]]
Reader = Callable[[Body], Iterable[str]]


def of(kind: str, level: Level, read: Reader) -> Question:
    """A level on the experiments of the things the call names."""

    def needs(store: Store, body: Body) -> Iterator[Need]:
        yield from experiments_of(store, kind, level, read(body))

    return needs


def experiments_of(store: Store, kind: str, level: Level, ids: Iterable[str]) -> Iterator[Need]:
    """A level on the experiments that things of a kind belong to."""
    for name, found in store.belonging.experiments(kind, ids):
        yield Need(level, "experiment", name, f"{kind} '{found}'")


def experiment_named(level: Level, field: str) -> Question:
    """A level on whatever experiment has, or is to have, a name."""

    def needs(store: Store, body: Body) -> Iterator[Need]:
        name = required(body, field)
        yield Need(level, "experiment", name, f"experiment '{name}'")

    return needs


def model(level: Level, field: str = "name") -> Question:
    """A level on the registered model of a name, be it there or to be made."""

    def needs(store: Store, body: Body) -> Iterator[Need]:
        yield model_named(required(body, field), level)

    return needs


def model_named(name: str, level: Level) -> Need:
    """A level on the registered model of a name."""
    return Need(level, "model", name, f"model '{name}'")


def together(*questions: Question) -> Question:
    """All of several questions."""

    def needs(store: Store, body: Body) -> Iterator[AnyNeed]:
        for question in questions:
            yield from question(store, body)

    return needs


def held(name: str = "name", version: Reader | None = None) -> Question:
    """To move away all that a model, or a version of it, holds: it ends, or is called otherwise."""

    def needs(store: Store, body: Body) -> Iterator[MoveNeed]:
        wanted = None if version is None else list(version(body))
        for one in store.belonging.versions_of(required(body, name)):
            if wanted is None or str(one.version) in wanted:
                yield from moves_of(one, one.name)

    return needs


def moves_of(one: HeldVersion, model: str) -> Iterator[MoveNeed]:
    """To move a version away from where it stands, under the rules for a model's name."""
    for target in one.targets:
        yield MoveNeed(model, one.version, target, leaves=True)


def renamed(store: Store, body: Body) -> Iterator[AnyNeed]:
    """To bring what a model holds under the rules of its new name."""
    new_name = required(body, "new_name")
    yield model_named(new_name, "MANAGE")
    for one in store.belonging.versions_of(required(body, "name")):
        for target in one.targets:
            yield MoveNeed(new_name, one.version, target)


def stage_of(store: Store, name: str, version: int) -> Iterator[MoveNeed]:
    """To move a version away from its stage."""
    stage = store.belonging.stage_of(name, version)
    if stage != "None":
        yield MoveNeed(name, version, stage, leaves=True)


def archived(store: Store, name: str, version: int, stage: str) -> Iterator[MoveNeed]:
    """To archive those whom a version pushes out of a stage, where a rule says who archives.

    Where none does, room is made by whoever may move to the stage.
    """
    if store.policy is None or store.policy.target(name, "Archived") is None:
        return
    for one in store.belonging.versions_of(name):
        if one.stage == stage and one.version != version:
            yield MoveNeed(name, one.version, "Archived")


def decision(
    store: Store, asked: TransitionRequest | None, *, archives: bool | None = None
) -> Iterator[DecisionNeed]:
    """To decide a request: what it moves to, and what it moves away from.

    `archives` says otherwise than the request whether those in its way are archived.
    """
    if asked is None or asked.state != "pending":
        return
    if not asked.target.startswith("@"):
        passed = list(stage_of(store, asked.name, asked.version))
        if asked.archives if archives is None else archives:
            passed += archived(store, asked.name, asked.version, asked.target)
        for target in dict.fromkeys(move.target for move in passed):
            yield DecisionNeed(asked, target)
    yield DecisionNeed(asked, asked.target)


def cancellation(asked: TransitionRequest | None) -> Iterator[CancelNeed]:
    """To take a request back."""
    if asked is not None:
        yield CancelNeed(asked)


def notebook_at(level: Level) -> Question:
    """A level on the experiment of the notebook a call names by id or path, if it is known."""

    def needs(store: Store, body: Body) -> Iterator[Need]:
        path = optional(body, "path")
        found = store.notebooks.find_by_path(path) if path else None
        ids = [found.notebook_id] if found else []
        if notebook_id := optional(body, "notebook_id"):
            ids.append(notebook_id)
        yield from experiments_of(store, "notebook", level, ids)

    return needs


def model_ids_in(body: Body, *names: str) -> Iterator[str]:
    """The logged models that metrics, inputs or outputs in a call's lists name."""
    for name in names:
        for item in items(body, name):
            found = optional(item, "model_id") if isinstance(item, dict) else None
            if found:
                yield found


def reading(field: str) -> Question:
    """To read artifacts at a path: of experiments one may read, or of a model's version."""

    def needs(store: Store, body: Body) -> Iterator[Need]:
        path = optional(body, field)
        if not path:
            return
        policy, user = store.policy, acting_user()
        for one in store.belonging.versions_at(path, and_below=False):
            if policy is not None and policy.may(user, "READ", "model", one.name).is_allowed:
                yield model_named(one.name, "READ")
                return
        yield from _at(store, path, "READ")

    return needs


def writing(field: str) -> Question:
    """To change artifacts at a path: the experiments', and of the versions made of them."""

    def needs(store: Store, body: Body) -> Iterator[AnyNeed]:
        path = required(body, field)
        yield from _at(store, path, "EDIT")
        for one in store.belonging.versions_at(path, and_below=True):
            yield model_named(one.name, "EDIT")
            yield from (MoveNeed(one.name, one.version, target) for target in one.targets)

    return needs


def location(store: Store, body: Body) -> Iterator[Need]:
    """To keep a new experiment's artifacts where those of others lie."""
    place = store.artifacts.canonical(optional(body, "artifact_location") or "")
    if place.startswith(SCHEME):
        path = store.artifacts.plain(place)[len(SCHEME) :].lstrip("/")
        yield from _at(store, path, "EDIT", may_be_new=True)


def _at(store: Store, path: str, level: Level, *, may_be_new: bool = False) -> Iterator[Need]:
    shown = f"the artifacts at '{path[:200]}'"
    names = store.belonging.experiments_at(path)
    # What belongs to no experiment is for those whom the rules let see everything.
    for name in names or ([] if may_be_new else [""]):
        yield Need(level, "experiment", name, shown)


def request(store: Store, request_id: int | None) -> TransitionRequest | None:
    """The request of an id, None where there is none: the endpoint says so."""
    try:
        return None if request_id is None else store.requests.get(request_id)
    except NotFound:
        return None
