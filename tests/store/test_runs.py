"""Runs: what is written once, what can change, what a deleted run refuses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.records import Dataset, DatasetInput, MetricPoint, ModelLink, Run
from nbruns.store import Store

IRIS = Dataset("iris", "d1", "local", "{}", schema="{}", profile=None)


def test_a_new_run_is_running_and_lies_below_its_experiment(store: Store) -> None:
    run = store.runs.create("0", name="one", user="ada", started_ms=5, tags={"k": "v"})

    assert (run.name, run.user, run.status, run.stage) == ("one", "ada", "RUNNING", "active")
    assert (run.started_ms, run.ended_ms) == (5, None)
    assert run.tags == {"k": "v", "mlflow.runName": "one"}
    assert run.artifact_uri == (store.home / "artifacts/0" / run.run_id / "artifacts").as_uri()
    assert store.runs.get(run.run_id) == run


def test_a_run_nobody_named_gets_a_name(store: Store) -> None:
    run = store.runs.create("0")

    assert run.name
    assert run.tags["mlflow.runName"] == run.name


def test_two_names_that_differ_are_refused(store: Store) -> None:
    with pytest.raises(InvalidValue, match=r"'a'.*'b'"):
        store.runs.create("0", name="a", tags={"mlflow.runName": "b"})


def test_the_query_of_an_artifact_location_stays_at_its_end(store: Store) -> None:
    made = store.experiments.create("a", artifact_uri="s3://bucket/x?region=eu")
    run = store.runs.create(made.experiment_id)

    assert run.artifact_uri == f"s3://bucket/x/{run.run_id}/artifacts?region=eu"


def test_an_unknown_run_is_not_found(store: Store) -> None:
    assert store.runs.find("nope") is None
    with pytest.raises(NotFound, match="'nope'"):
        store.runs.get("nope")


def test_update_changes_what_is_given(store: Store, run: Run) -> None:
    store.runs.update(run.run_id, status="FINISHED", ended_ms=9)
    changed = store.runs.update(run.run_id, name="other")

    assert (changed.status, changed.ended_ms, changed.name) == ("FINISHED", 9, "other")
    assert changed.tags["mlflow.runName"] == "other"


def test_the_name_tag_renames_the_run(store: Store, run: Run) -> None:
    store.runs.set_tags(run.run_id, {"mlflow.runName": "tagged"})
    assert store.runs.get(run.run_id).name == "tagged"

    store.runs.set_tags(run.run_id, {"mlflow.runName": ""})
    assert store.runs.get(run.run_id).name == "tagged"


def test_a_param_is_written_once(store: Store, run: Run) -> None:
    store.runs.log_params(run.run_id, {"depth": "3"})
    store.runs.log_params(run.run_id, {"depth": "3"})

    with pytest.raises(InvalidValue, match=r"depth.*'3'.*'5'"):
        store.runs.log_params(run.run_id, {"width": "1", "depth": "5"})
    assert store.runs.get(run.run_id).params == {"depth": "3"}


@pytest.mark.parametrize("limit", [(6000, "params"), (8000, "tags")])
def test_long_values_are_cut_as_mlflow_does(
    store: Store, run: Run, limit: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    most, kind = limit
    write = store.runs.log_params if kind == "params" else store.runs.set_tags
    write(run.run_id, {"k": "x" * (most + 1)})

    assert len(getattr(store.runs.get(run.run_id), kind)["k"]) == most
    monkeypatch.setenv("MLFLOW_TRUNCATE_LONG_VALUES", "false")
    with pytest.raises(InvalidValue, match=str(most)):
        write(run.run_id, {"l": "x" * (most + 1)})


@pytest.mark.parametrize("key", ["", "a*b", "../x", "/x", "a//b", "x" * 251, "nul\x00", "a\n"])
def test_keys_follow_mlflows_grammar(store: Store, run: Run, key: str) -> None:
    with pytest.raises(InvalidValue):
        store.runs.log_params(run.run_id, {key: "1"})
    with pytest.raises(InvalidValue):
        store.runs.set_tags(run.run_id, {key: "1"})
    with pytest.raises(InvalidValue):
        store.metrics.log(run.run_id, key, 1.0, 0, 0)


def test_tags_change_and_go(store: Store, run: Run) -> None:
    store.runs.set_tags(run.run_id, {"k": "1"})
    store.runs.set_tags(run.run_id, {"k": "2"})
    assert store.runs.get(run.run_id).tags["k"] == "2"

    store.runs.delete_tag(run.run_id, "k")
    assert "k" not in store.runs.get(run.run_id).tags
    with pytest.raises(NotFound, match="'k'"):
        store.runs.delete_tag(run.run_id, "k")


def test_a_batch_is_kept_whole_or_not_at_all(store: Store, run: Run) -> None:
    store.runs.log_params(run.run_id, {"p": "1"})
    with pytest.raises(InvalidValue):
        store.runs.log_batch(
            run.run_id,
            metrics=[MetricPoint("m", 1.0)],
            params={"q": "1", "p": "2"},
            tags={"t": "1"},
        )
    kept = store.runs.get(run.run_id)

    assert (kept.params, kept.metrics, "t" in kept.tags) == ({"p": "1"}, (), False)


@pytest.mark.parametrize(
    "batch",
    [
        {"metrics": [MetricPoint(f"m{i}", 1.0) for i in range(1001)]},
        {"params": {f"p{i}": "1" for i in range(101)}},
        {"tags": {f"t{i}": "1" for i in range(101)}},
        {"metrics": [MetricPoint("m", 1.0, i) for i in range(999)], "tags": {"a": "", "b": ""}},
    ],
)
def test_a_batch_has_mlflows_limits(store: Store, run: Run, batch: dict[str, object]) -> None:
    with pytest.raises(InvalidValue, match="at most"):
        store.runs.log_batch(run.run_id, **batch)  # type: ignore[arg-type]
    assert store.runs.get(run.run_id).metrics == ()


def test_a_deleted_run_can_be_read_and_restored_but_not_written(store: Store, run: Run) -> None:
    store.metrics.log(run.run_id, "m", 1.0, 1, 1)
    store.metrics.log(run.run_id, "m", 2.0, 2, 2)
    store.runs.delete(run.run_id)

    for write in (
        lambda: store.metrics.log(run.run_id, "m", 1.0, 3, 3),
        lambda: store.metrics.append(run.run_id, [MetricPoint("n", 1.0)]),
        lambda: store.runs.log_params(run.run_id, {"p": "1"}),
        lambda: store.runs.set_tags(run.run_id, {"t": "1"}),
        lambda: store.runs.delete_tag(run.run_id, "mlflow.runName"),
        lambda: store.runs.update(run.run_id, status="FAILED"),
        lambda: store.runs.log_batch(run.run_id, metrics=[MetricPoint("m", 1.0, 4, 4)]),
        lambda: store.runs.log_inputs(run.run_id, [DatasetInput(IRIS)]),
        lambda: store.runs.log_outputs(run.run_id, [ModelLink("m-1")]),
    ):
        with pytest.raises(InvalidState, match=run.run_id):
            write()
    assert store.runs.get(run.run_id).stage == "deleted"
    store.runs.restore(run.run_id)
    store.metrics.log(run.run_id, "m", 3.0, 3, 3)
    assert [p.value for p in store.metrics.history(run.run_id, "m").items] == [1.0, 2.0, 3.0]


def test_a_dataset_of_the_same_name_and_digest_is_kept_once(store: Store, run: Run) -> None:
    again = Dataset("iris", "d1", "elsewhere", "{}")
    store.runs.log_inputs(run.run_id, [DatasetInput(IRIS, {"mlflow.data.context": "train"})])
    store.runs.log_inputs(run.run_id, [DatasetInput(again, {"mlflow.data.context": "test"})])

    assert store.runs.get(run.run_id).dataset_inputs == (
        DatasetInput(IRIS, {"mlflow.data.context": "train"}),
    )


def test_models_in_and_out_keep_their_order_and_newest_step(store: Store, run: Run) -> None:
    store.runs.log_inputs(run.run_id, [], [ModelLink("m-b"), ModelLink("m-a")])
    store.runs.log_outputs(run.run_id, [ModelLink("m-c", 1)])
    store.runs.log_outputs(run.run_id, [ModelLink("m-c", 2), ModelLink("m-a", 1)])
    found = store.runs.get(run.run_id)

    assert found.model_inputs == (ModelLink("m-b"), ModelLink("m-a"))
    assert found.model_outputs == (ModelLink("m-c", 2), ModelLink("m-a", 1))


def test_a_dataset_too_long_for_mlflow_is_refused(store: Store, run: Run) -> None:
    with pytest.raises(InvalidValue, match="digest"):
        store.runs.log_inputs(run.run_id, [DatasetInput(Dataset("n", "x" * 37, "local", ""))])


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    store = _shared_store()
    run = store.runs.create("0", tags={"t": text})
    store.runs.log_params(run.run_id, {"p": text})

    found = store.runs.get(run.run_id)
    assert (found.params["p"], found.tags["t"]) == (text, text)


_stores: list[Store] = []


def _shared_store() -> Store:
    """One store for all examples: opening one takes longer than an example."""
    return _stores[0]


@pytest.fixture(autouse=True)
def _keep_store(store: Store) -> None:
    _stores[:] = [store]
