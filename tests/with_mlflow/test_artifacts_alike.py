"""Artifacts: what is put in comes out again, under every name, by each door."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import mlflow
import pytest
from mlflow.tracking import MlflowClient
from outcomes import Transcript, differences

NAMES = ["plain.txt", "with space.txt", "ünïcödé-模型.txt", "a+b&c=d.txt", "100%.txt", "no_ending"]


def artifacts(client: MlflowClient, say: Transcript) -> None:
    run_id = client.create_run("0", run_name="r").info.run_id
    folder = Path(f"files-{run_id}")
    (folder / "deep" / "er").mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_bytes(name.encode() * 3)
    (folder / "empty.bin").touch()
    (folder / "deep" / "er" / "file.bin").write_bytes(bytes(range(256)) * 512)
    say.note("none yet", client.list_artifacts, run_id)
    for name in (*NAMES, "empty.bin"):
        say.note(name, client.log_artifact, run_id, str(folder / name))
    say.note("one below", client.log_artifact, run_id, str(folder / "no_ending"), "sub dir/ü")
    say.note("a folder", client.log_artifacts, run_id, str(folder), "whole")
    say.note("text", client.log_text, run_id, "grüße\n", "notes/hello.txt")
    say.note("a dict", client.log_dict, run_id, {"a": [1, None]}, "notes/d.json")
    for path in ("", "sub dir", "sub dir/ü", "whole", "whole/deep/er", "missing", "plain.txt"):
        say.note(f"list {path!r}", lambda path=path: _listed(client, run_id, path))
    for path in ("..", "../..", "/etc", "a/../../b"):
        say.note(f"list {path!r}", client.list_artifacts, run_id, path)
    for path in (*NAMES, "empty.bin", "whole/deep/er/file.bin", "notes/hello.txt"):
        say.note(f"get {path}", lambda path=path: _content(client, run_id, path))
    say.note("get a folder", lambda: _tree(Path(client.download_artifacts(run_id, "whole"))))
    say.note("get all", lambda: _tree(Path(client.download_artifacts(run_id, ""))))
    say.note("overwrite", client.log_text, run_id, "new", "notes/hello.txt")
    say.note("overwritten", lambda: _content(client, run_id, "notes/hello.txt"))


def _listed(client: MlflowClient, run_id: str, path: str) -> list[tuple[str, bool, int]]:
    found = client.list_artifacts(run_id, path or None)
    return sorted((file.path, file.is_dir, file.file_size or 0) for file in found)


def _content(client: MlflowClient, run_id: str, path: str) -> str:
    return Path(client.download_artifacts(run_id, path)).read_bytes().hex()[:400]


def _tree(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_a_client_cannot_tell_them_apart(theirs: MlflowClient, ours: MlflowClient) -> None:
    found = differences(artifacts, theirs, ours)

    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", ["..", "../x", "/etc/passwd", "%2e%2e/x", "..%2fx", "a\0b"])
def test_a_path_out_of_the_root_is_refused(live_server: Any, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        place = f"api/2.0/mlflow-artifacts/artifacts/{quote(path, safe='')}"
        status, reply = live_server.ask(method, place)
        assert (status, reply["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), method


@pytest.mark.parametrize("path", ["..", "../x", "/etc", "%2e%2e/x", "..%2fx"])
def test_a_list_out_of_the_root_is_refused(live_server: Any, path: str) -> None:
    place = f"api/2.0/mlflow-artifacts/artifacts?path={quote(path, safe='')}"

    assert live_server.ask("GET", place)[0] == 400


def test_a_missing_artifact_is_an_error(ours: MlflowClient) -> None:
    run_id = ours.create_run("0").info.run_id

    with pytest.raises((mlflow.MlflowException, OSError)):
        ours.download_artifacts(run_id, "missing.txt")


def test_artifacts_in_the_process_are_files_of_the_home(
    in_process: MlflowClient, tmp_path: Path
) -> None:
    run = in_process.create_run("0")
    in_process.log_text(run.info.run_id, "hello", "a/b.txt")

    files = tmp_path / "home" / "artifacts" / "0" / run.info.run_id / "artifacts"
    assert (files / "a" / "b.txt").read_text() == "hello"
    assert run.info.artifact_uri == files.as_uri()
