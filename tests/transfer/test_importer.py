"""Which ids things come in under, what is left alone, and what is left out."""

from __future__ import annotations

import math
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mlruns import Mlruns, run_id, write

from nbruns.store import Store


def counted(home: Path, query: str) -> int:
    with closing(sqlite3.connect(home / "nbruns.db")) as conn:
        return int(conn.execute(query).fetchone()[0])


def test_experiments_keep_their_ids(mlruns: Mlruns, bring: Any, store: Store) -> None:
    mlruns.add_experiment("630827931549639105", "deep")
    bring(mlruns.root)

    assert store.experiments.get("630827931549639105").name == "deep"


def test_ids_are_counted_on_from_small_ones(mlruns: Mlruns, bring: Any, store: Store) -> None:
    mlruns.add_experiment("630827931549639105", "deep")
    mlruns.add_experiment("7", "seven")
    bring(mlruns.root)

    assert store.experiments.create("next").experiment_id == "8"


def test_an_experiment_joins_ours_of_its_name(mlruns: Mlruns, bring: Any, store: Store) -> None:
    ours = store.experiments.create("same", tags={"a": "ours"})
    place = mlruns.add_experiment("55", "same")
    write(place / "tags" / "a", "theirs")
    write(place / "tags" / "b", "theirs")
    mlruns.add_run("55", run_id(1))
    outcome = bring(mlruns.root)

    assert f"'same' has the id {ours.experiment_id} here, not 55" in outcome.out
    assert store.runs.get(run_id(1)).experiment_id == ours.experiment_id
    tags = store.experiments.get(ours.experiment_id).tags
    assert tags == {"a": "ours", "b": "theirs"}


def test_a_taken_id_gives_way(mlruns: Mlruns, bring: Any, store: Store) -> None:
    ours = store.experiments.create("ours")
    mlruns.add_experiment(ours.experiment_id, "theirs")
    mlruns.add_run(ours.experiment_id, run_id(1), files={"a.txt": "x"})
    outcome = bring(mlruns.root)

    found = store.runs.get(run_id(1))
    assert store.experiments.get(found.experiment_id).name == "theirs"
    assert found.experiment_id != ours.experiment_id
    assert (store.artifacts.folder(found.artifact_uri) / "a.txt").read_text() == "x"
    assert f"{ours.experiment_id} is that of 'ours'" in outcome.out


def test_an_experiment_renamed_since_is_known_again(
    mlruns: Mlruns, bring: Any, store: Store
) -> None:
    mlruns.add_experiment("5", "before")
    bring(mlruns.root)
    store.experiments.rename("5", "after")
    mlruns.add_run("5", run_id(1))
    bring(mlruns.root)

    assert store.runs.get(run_id(1)).experiment_id == "5"
    assert store.experiments.find_by_name("before") is None


def test_runs_of_an_experiment_deleted_here_are_deleted(
    mlruns: Mlruns, bring: Any, store: Store
) -> None:
    ours = store.experiments.create("gone")
    store.experiments.delete(ours.experiment_id)
    mlruns.add_experiment("9", "gone")
    mlruns.add_run("9", run_id(1))
    bring(mlruns.root)

    assert store.runs.get(run_id(1)).stage == "deleted"


def test_a_run_that_is_here_stays_as_it_is(mlruns: Mlruns, bring: Any, store: Store) -> None:
    mlruns.add_run("0", run_id(1))
    bring(mlruns.root)
    store.runs.set_tags(run_id(1), {"note": "mine"})
    store.runs.delete(run_id(1))
    mlruns.add_run("0", run_id(2))
    outcome = bring(mlruns.root)

    assert store.runs.get(run_id(1)).tags["note"] == "mine"
    assert store.runs.get(run_id(1)).stage == "deleted"
    assert "1 new, 1 already here" in outcome.out


def test_broken_things_stay_alone(mlruns: Mlruns, bring: Any, store: Store) -> None:
    mlruns.add_experiment("3", "broken things")
    write(mlruns.add_run("3", run_id(1)) / "meta.yaml", "run_id: [")
    mlruns.add_run("3", run_id(2), metrics={"loss": "1000 0.5 0\n1001 not-a-number 1\n"})
    mlruns.add_run("3", run_id(3), status=17)
    mlruns.add_run("3", run_id(4), metrics={"loss": "1000 0.5 99999999999999999999\n"})
    write(mlruns.add_run("3", run_id(5)) / "meta.yaml", "")
    (mlruns.add_run("3", run_id(6)) / "meta.yaml").unlink()
    mlruns.add_run("3", run_id(7), metrics={"loss": "1000 0.5 1\n"})
    outcome = bring(mlruns.root)

    assert outcome.status == 1
    for broken in range(1, 7):
        assert f"{mlruns.root}/3/{run_id(broken)}: " in outcome.out
        assert not store.runs.find(run_id(broken))
    assert [point.value for point in store.metrics.latest(run_id(7))] == [0.5]
    assert "metric points               1 new" in outcome.out


def test_what_was_broken_comes_in_once_it_is_whole(
    mlruns: Mlruns, bring: Any, store: Store
) -> None:
    place = mlruns.add_run("0", run_id(1), metrics={"loss": "1000 zero 0\n"})
    assert bring(mlruns.root).status == 1
    write(place / "metrics" / "loss", "1000 0 0\n")

    assert bring(mlruns.root).status == 0
    assert store.metrics.latest(run_id(1))[0].value == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_artifacts_that_cannot_be_read_are_left_out(
    mlruns: Mlruns, bring: Any, store: Store
) -> None:
    place = mlruns.add_run("0", run_id(1), files={"a.txt": "x", "folder/b.txt": "y"})
    os.mkfifo(place / "artifacts" / "pipe")
    (place / "artifacts" / "broken").symlink_to("nowhere")
    (place / "artifacts" / "folder" / "circle").symlink_to(place / "artifacts")
    outcome = bring(mlruns.root)

    folder = store.artifacts.folder(store.runs.get(run_id(1)).artifact_uri)
    assert sorted(path.name for path in folder.rglob("*")) == ["a.txt", "b.txt", "folder"]
    assert f"{place}/artifacts/pipe: it is not a file" in outcome.out
    assert f"{place}/artifacts/broken: " in outcome.out
    assert outcome.status == 1


def test_remote_artifacts_stay_where_they_are(mlruns: Mlruns, bring: Any, store: Store) -> None:
    mlruns.add_run("0", run_id(1), artifact_uri="s3://bucket/0/run/artifacts")
    bring(mlruns.root)

    assert store.runs.get(run_id(1)).artifact_uri == "s3://bucket/0/run/artifacts"


@pytest.mark.parametrize(
    "uri", ["file:///where/it/was/mlruns/0/{}/artifacts", "./mlruns/0/{}/artifacts"]
)
def test_artifacts_are_found_in_a_folder_that_was_moved(
    mlruns: Mlruns, bring: Any, store: Store, uri: str
) -> None:
    mlruns.add_run("0", run_id(1), files={"a.txt": "x"}, artifact_uri=uri.format(run_id(1)))
    bring(mlruns.root)

    folder = store.artifacts.folder(store.runs.get(run_id(1)).artifact_uri)
    assert (folder / "a.txt").read_text() == "x"


def test_artifacts_of_a_server_are_taken_from_its_folder(
    mlruns: Mlruns, bring: Any, store: Store, tmp_path: Path
) -> None:
    uri = f"mlflow-artifacts:/0/{run_id(1)}/artifacts"
    mlruns.add_run("0", run_id(1), artifact_uri=uri)
    write(tmp_path / "served" / "0" / run_id(1) / "artifacts" / "a.txt", "x")
    bring("--artifacts", tmp_path / "served", mlruns.root)

    folder = store.artifacts.folder(store.runs.get(run_id(1)).artifact_uri)
    assert (folder / "a.txt").read_text() == "x"


def test_versions_point_at_the_copies(mlruns: Mlruns, bring: Any, store: Store) -> None:
    place = mlruns.add_run("0", run_id(1), files={"model/MLmodel": "x"})
    mlruns.add_name("m", 500, {1: (place / "artifacts" / "model").as_uri(), 2: "s3://b/model"})
    bring(mlruns.root)

    first = store.registry.get_version("m", 1)
    assert (store.artifacts.folder(first.artifact_uri) / "MLmodel").read_text() == "x"
    assert first.source == first.artifact_uri
    assert store.registry.get_version("m", 2).source == "s3://b/model"


def test_versions_made_since_come_in(mlruns: Mlruns, bring: Any, store: Store) -> None:
    mlruns.add_name("m", 500, {1: "s3://b/1"})
    bring(mlruns.root)
    store.registry.delete_version("m", 1)
    mlruns.add_name("m", 500, {1: "s3://b/1", 2: "s3://b/2"})
    outcome = bring(mlruns.root)

    assert outcome.status == 0
    assert [v.version for v in store.registry.latest_versions("m")] == [2]


def test_a_version_whose_number_is_taken_is_left_out(
    mlruns: Mlruns, bring: Any, store: Store
) -> None:
    store.registry.create_model("m")
    store.registry.create_version("m", source="s3://ours/1")
    mlruns.add_name("m", 500, {1: "s3://theirs/1", 2: "s3://theirs/2"})
    outcome = bring(mlruns.root)

    assert outcome.status == 1
    assert "version 1 of m: that number is taken" in outcome.out
    assert store.registry.get_version("m", 1).source == "s3://ours/1"
    assert store.registry.get_version("m", 2).source == "s3://theirs/2"


def test_a_rehearsal_writes_nothing(mlruns: Mlruns, bring: Any, home: Path) -> None:
    mlruns.add_run("0", run_id(1), metrics={"loss": "1 2 3\n"}, files={"a.txt": "x"})
    outcome = bring("--dry-run", mlruns.root)

    assert "runs                        1 new" in outcome.out
    assert not home.exists()


def test_a_rehearsal_leaves_a_store_alone(
    mlruns: Mlruns, bring: Any, store: Store, home: Path
) -> None:
    mlruns.add_experiment("3", "new")
    mlruns.add_run("3", run_id(1), files={"a.txt": "x"})
    mlruns.add_name("m", 500, {1: "s3://b/1"})
    before = store.db.version()
    bring("--dry-run", mlruns.root)

    assert store.db.version() == before
    assert not (home / "artifacts" / "3").exists()


def test_values_that_are_no_numbers_come_over(mlruns: Mlruns, bring: Any, store: Store) -> None:
    mlruns.add_run("0", run_id(1), metrics={"a/b": "1 nan 0\n2 inf 1\n3 -inf 2\n4 1\n"})
    bring(mlruns.root)

    values = [point.value for point in store.metrics.history(run_id(1), "a/b").items]
    assert math.isnan(values[0])
    assert values[1:] == [1.7976931348623157e308, -1.7976931348623157e308, 1.0]


def test_a_long_history_is_drawn_from_its_blocks(mlruns: Mlruns, bring: Any, store: Store) -> None:
    lines = "".join(f"{1000 + step} {step % 977} {step}\n" for step in range(20_000))
    mlruns.add_run("0", run_id(1), metrics={"loss": lines})
    bring(mlruns.root)

    sampled = store.metrics.sampled([run_id(1)], "loss", points=200)
    assert len(store.metrics.history(run_id(1), "loss").items) == 20_000
    assert len(sampled) <= 200
    assert (sampled[0].step, sampled[-1].step) == (0, 19_999)
    assert max(point.value for point in sampled) == 976


def test_an_import_that_is_killed_goes_on(
    mlruns: Mlruns, bring: Callable[..., Any], home: Path
) -> None:
    lines = "".join(f"{1000 + step} {step} {step}\n" for step in range(300))
    for number in range(400):
        mlruns.add_run("0", run_id(number), metrics={"loss": lines}, files={"a.txt": "x" * 999})
    command = [sys.executable, "-m", "nbruns.cli", "import", str(mlruns.root), "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while len(list(home.glob("artifacts/0/*"))) < 20:
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    some = counted(home, "select count(*) from runs")
    points = counted(home, "select count(*) from metric_history")
    outcome = bring(mlruns.root)

    assert 0 < some < 400
    assert points == some * 300
    assert outcome.status == 0
    assert f"{400 - some} new, {some} already here" in " ".join(outcome.out.split())
    assert counted(home, "select count(*) from metric_history") == 400 * 300
    assert len(list(home.glob("artifacts/0/*/artifacts/a.txt"))) == 400
    assert counted(home, "select count(*) from pragma_integrity_check where integrity_check='ok'")
