"""Requests that versions be moved: open until somebody decides, or until events do."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from nbruns.errors import AlreadyExists, InvalidState, InvalidValue, NotFound
from nbruns.identity import acting_as
from nbruns.records import TransitionRequest
from nbruns.store import Store


@pytest.fixture
def churn(store: Store) -> str:
    store.registry.create_model("churn")
    for _ in range(3):
        store.registry.create_version("churn", source="s3://x")
    return "churn"


def ask(store: Store, target: str = "Production", version: int = 1, **more: bool) -> int:
    with acting_as("ada"):
        return store.requests.create(
            "churn", version, target, comment="it is good", **more
        ).request_id


def told(store: Store, request_id: int) -> list[tuple[object, ...]]:
    rows = store.activity.search(request_id=request_id).items[::-1]
    return [(a.action, a.user, a.requester, a.before, a.after, a.comment) for a in rows]


def test_an_approval_moves_and_names_both(store: Store, churn: str) -> None:  # F84 F85 F105
    request_id = ask(store)
    assert store.requests.get(request_id) == TransitionRequest(
        *(request_id, churn, 1, "Production", False, False, "ada", "it is good"),
        asked_ms=store.requests.get(request_id).asked_ms,
    )

    with acting_as("katherine"):
        decided = store.requests.approve(request_id, comment="agreed")

    assert (decided.state, decided.decider, decided.decision) == ("approved", "katherine", "agreed")
    assert store.registry.get_version(churn, 1).stage == "Production"
    assert told(store, request_id) == [
        ("requested", "ada", "ada", "None", "Production", "it is good"),
        ("approved", "katherine", "ada", "None", "Production", "agreed"),
        ("moved", "katherine", "ada", "None", "Production", "agreed"),
    ]


def test_an_alias_is_asked_for_like_a_stage(store: Store, churn: str) -> None:  # N7
    store.registry.set_alias(churn, "champion", 2)
    store.requests.approve(ask(store, "@champion", 3))
    assert store.registry.version_by_alias(churn, "champion").version == 3

    store.requests.approve(ask(store, "@champion", 3, removes=True))
    assert store.registry.get_model(churn).aliases == {}


def test_the_approver_has_the_last_word_on_archiving(store: Store, churn: str) -> None:
    store.registry.move_stage(churn, 2, "Production", archive_existing=False)
    store.requests.approve(ask(store, archives=True), archives=False)
    assert store.registry.get_version(churn, 2).stage == "Production"

    store.requests.approve(ask(store, version=3, archives=True))
    assert [store.registry.get_version(churn, v).stage for v in (1, 2)] == ["Archived"] * 2


@pytest.mark.parametrize("decide", ["reject", "cancel"])
def test_no_is_told_and_moves_nothing(store: Store, churn: str, decide: str) -> None:
    request_id = ask(store)

    with acting_as("katherine"):
        decided = getattr(store.requests, decide)(request_id, comment="not yet")

    assert decided.state == {"reject": "rejected", "cancel": "cancelled"}[decide]
    assert store.registry.get_version(churn, 1).stage == "None"
    assert told(store, request_id)[-1][:3] == (decided.state, "katherine", "ada")


@pytest.mark.parametrize("decide", ["approve", "reject", "cancel"])
def test_a_closed_request_says_how_it_was_closed(store: Store, churn: str, decide: str) -> None:
    request_id = ask(store)
    with acting_as("katherine"):
        store.requests.reject(request_id, comment="no")

    with pytest.raises(InvalidState, match="rejected by katherine: no"):
        getattr(store.requests, decide)(request_id)


class TestEvents:
    def overtaken(self, store: Store, request_id: int) -> str:
        found = store.requests.get(request_id)
        assert found.state == "overtaken"
        assert told(store, request_id)[-1][0] == "overtaken"
        with pytest.raises(InvalidState, match="no longer open"):
            store.requests.approve(request_id)
        return found.decision

    def test_a_deleted_version(self, store: Store, churn: str) -> None:
        request_id, other = ask(store), ask(store, version=2)
        store.registry.delete_version(churn, 1)

        assert "version 1 was deleted" in self.overtaken(store, request_id)
        assert store.requests.get(other).state == "pending"

    def test_a_deleted_model(self, store: Store, churn: str) -> None:
        request_id = ask(store)
        store.registry.delete_model(churn)

        assert "deleted" in self.overtaken(store, request_id)
        assert store.requests.get(request_id).name == churn

    def test_somebody_was_quicker(self, store: Store, churn: str) -> None:
        alias, stage = ask(store, "@champion"), ask(store, "Staging")
        with acting_as("grace"):
            store.registry.set_alias(churn, "champion", 1)
            store.registry.move_stage(churn, 1, "Staging", archive_existing=False)

        assert "grace moved it" in self.overtaken(store, alias)
        assert "grace moved it" in self.overtaken(store, stage)

    def test_another_version_there_does_not_close_it(self, store: Store, churn: str) -> None:
        request_id = ask(store, "@champion")
        store.registry.set_alias(churn, "champion", 2)

        assert store.requests.get(request_id).state == "pending"

    def test_an_alias_that_is_gone_already(self, store: Store, churn: str) -> None:
        store.registry.set_alias(churn, "champion", 1)
        request_id = ask(store, "@champion", removes=True)
        store.registry.set_alias(churn, "champion", 2)

        assert "has not got @champion" in self.overtaken(store, request_id)

    def test_the_approval_of_another_request_for_the_same(self, store: Store, churn: str) -> None:
        request_id = ask(store)
        with acting_as("grace"):
            other = store.requests.create(churn, 1, "Production").request_id
        store.requests.approve(other)

        self.overtaken(store, request_id)
        assert store.requests.get(other).state == "approved"

    def test_a_new_name_takes_requests_along(self, store: Store, churn: str) -> None:
        request_id = ask(store)
        store.registry.rename_model(churn, "loyalty")

        store.requests.approve(request_id)

        assert store.registry.get_version("loyalty", 1).stage == "Production"
        assert store.requests.search(name="loyalty").items[0].request_id == request_id


def test_asking_twice_for_the_same_is_refused_while_the_first_is_open(
    store: Store, churn: str
) -> None:
    request_id = ask(store)

    with pytest.raises(AlreadyExists, match="still open"):
        ask(store)
    store.requests.cancel(request_id)
    assert ask(store) != request_id


@pytest.mark.parametrize(
    ("target", "more", "error", "words"),
    [
        ("Prodution", {}, InvalidValue, "Prodution"),
        ("@la test", {}, InvalidValue, "la test"),
        ("@latest", {}, InvalidValue, "reserved"),
        ("Staging", {"removes": True}, InvalidValue, "'None'"),
        ("@a", {"archives": True}, InvalidValue, "one holder"),
        ("Archived", {"archives": True}, InvalidValue, "Archived"),
        ("None", {}, InvalidState, "already"),
        ("@never", {"removes": True}, InvalidState, "has not got"),
    ],
)
def test_what_makes_no_sense_is_refused(
    store: Store,
    churn: str,
    *,
    target: str,
    more: dict[str, bool],
    error: type[Exception],
    words: str,
) -> None:
    before = list(store.db.conn.iterdump())

    with pytest.raises(error, match=words):
        ask(store, target, **more)

    assert list(store.db.conn.iterdump()) == before


def test_what_is_not_there_is_not_found(store: Store, churn: str) -> None:
    with pytest.raises(NotFound):
        ask(store, version=9)
    with pytest.raises(NotFound):
        store.requests.approve(99)


def test_they_are_searched_page_by_page(store: Store, churn: str) -> None:
    ids = [ask(store, f"@a{number}") for number in range(5)]
    store.requests.reject(ids[0])

    page = store.requests.search(limit=3)
    rest = store.requests.search(limit=3, token=page.next_token)
    assert [one.request_id for one in page.items + rest.items] == ids[::-1]
    assert rest.next_token is None
    assert [r.request_id for r in store.requests.search(state="rejected").items] == ids[:1]
    assert [r.request_id for r in store.requests.search(target="@a3").items] == [ids[3]]
    assert store.requests.search(requester="grace").items == []


def approve_all(home: str, ids: list[int], name: str, done: multiprocessing.Queue[int]) -> None:
    store = Store.open(Path(home))
    with acting_as(name):
        for request_id in ids:
            try:
                store.requests.approve(request_id)
                done.put(request_id)
            except InvalidState:
                pass
    store.close()


def test_a_request_is_approved_once_however_many_try(store: Store, home: Path, churn: str) -> None:
    ids = [ask(store, f"@a{number}") for number in range(30)]
    context = multiprocessing.get_context("spawn")
    done = context.Queue()
    workers = [
        context.Process(target=approve_all, args=(str(home), ids, name, done)) for name in "xyz"
    ]
    for worker in workers:
        worker.start()
    approved = sorted(done.get(timeout=60) for _ in ids)
    for worker in workers:
        worker.join(60)

    assert approved == ids
    assert done.empty()
    moves = store.activity.search(action="moved", limit=100).items
    assert sorted(a.request_id or 0 for a in moves) == ids
