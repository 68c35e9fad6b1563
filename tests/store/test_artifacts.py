"""The artifact folder: lists, uploads that appear whole, and paths that try to get out."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from nbruns.errors import InvalidValue, NotFound, StoreUnusable
from nbruns.records import ArtifactFile
from nbruns.store.artifacts import Artifacts


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "artifacts", "mlflow-artifacts:")


def put(artifacts: Artifacts, path: str, content: bytes = b"x") -> None:
    with artifacts.new_upload(path) as file:
        file.write(content)


NAMES = [
    "a.txt",
    "with space.txt",
    "ünï/日本語.bin",
    "a%20b.txt",
    "100%.csv",
    "dots..in..name",
    "💾",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_honest_name_can_be_kept_and_listed(artifacts: Artifacts, name: str) -> None:
    put(artifacts, f"0/run/artifacts/{name}", b"four")

    folder = f"0/run/artifacts/{name}".rpartition("/")[0]
    assert artifacts.list(folder) == [
        ArtifactFile(f"0/run/artifacts/{name}", is_dir=False, size_bytes=4)
    ]
    assert artifacts.resolve(f"0/run/artifacts/{name}").read_bytes() == b"four"


def test_an_empty_file_is_a_file(artifacts: Artifacts) -> None:
    put(artifacts, "0/empty", b"")

    assert artifacts.list("0") == [ArtifactFile("0/empty", is_dir=False, size_bytes=0)]


def test_folders_are_listed_beside_files_by_name(artifacts: Artifacts) -> None:
    put(artifacts, "0/b.txt")
    put(artifacts, "0/a/deep.txt")
    put(artifacts, "0/c/deep.txt")

    assert [(f.path, f.is_dir) for f in artifacts.list("0")] == [
        ("0/a", True),
        ("0/b.txt", False),
        ("0/c", True),
    ]


@pytest.mark.parametrize("path", ["nowhere", "0/b.txt", "0/b.txt/below"])
def test_a_file_or_nothing_lists_as_empty(artifacts: Artifacts, path: str) -> None:
    put(artifacts, "0/b.txt")

    assert artifacts.list(path) == []


ESCAPES = [
    "../outside",
    "0/../../outside",
    "..",
    "/etc/passwd",
    "//etc/passwd",
    "%2e%2e/outside",
    "0/%2e%2e%2f%2e%2e%2foutside",
    "%252e%252e%252foutside",
    "%25252e%25252e/outside",
    "%2fetc%2fpasswd",
    "..\\outside",
    "0\\..\\..\\outside",
    "%5c..%5coutside",
    "C:\\outside",
    "C:/outside",
    "0/nul\0byte",
    "0/nul%00byte",
    "%" + "25" * 30 + "2e",
    "n" * 256,
    "half\ud800pair",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_leaves_its_root_is_refused(artifacts: Artifacts, path: str) -> None:
    (artifacts.root.parent / "outside").mkdir(parents=True)

    for act in (artifacts.resolve, artifacts.list, artifacts.delete):
        with pytest.raises(InvalidValue):
            act(path)
    with pytest.raises(InvalidValue):
        put(artifacts, path)


def test_a_link_that_leaves_the_root_leads_nowhere(artifacts: Artifacts, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_text("mine")
    put(artifacts, "0/a.txt")
    (artifacts.root / "0" / "link").symlink_to(secret)
    (artifacts.root / "0" / "file").symlink_to(secret / "file")

    assert [file.path for file in artifacts.list("0")] == ["0/a.txt"]
    for path in ("0/link", "0/link/file", "0/file"):
        with pytest.raises(InvalidValue, match="leads out"):
            artifacts.resolve(path)
        with pytest.raises(InvalidValue):
            put(artifacts, path)
    assert (secret / "file").read_text() == "mine"


def test_a_home_that_is_itself_a_link_works(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    artifacts = Artifacts(tmp_path / "link" / "artifacts", None)

    put(artifacts, "0/a.txt")

    assert artifacts.canonical(artifacts.uri("mlflow-artifacts:/0/a.txt")) == (
        "mlflow-artifacts:/0/a.txt"
    )
    assert len(artifacts.list("0")) == 1


def test_a_file_is_seen_only_when_it_is_whole(artifacts: Artifacts) -> None:
    put(artifacts, "0/kept", b"old")
    with suppress(RuntimeError), artifacts.new_upload("0/kept") as file:
        file.write(b"half of the new")
        file.flush()
        assert [f.size_bytes for f in artifacts.list("0")] == [3]
        assert artifacts.list() == [ArtifactFile("0", is_dir=True)]
        raise RuntimeError

    assert artifacts.resolve("0/kept").read_bytes() == b"old"
    assert not list((artifacts.root / ".uploads").iterdir())


def test_what_is_being_uploaded_cannot_be_read(artifacts: Artifacts) -> None:
    with artifacts.new_upload("0/a"):
        (staged,) = (artifacts.root / ".uploads").iterdir()
        with pytest.raises(InvalidValue):
            artifacts.resolve(f".uploads/{staged.name}")
        with pytest.raises(InvalidValue):
            artifacts.list(".uploads")


@pytest.mark.parametrize("path", ["0/file/below", "0/folder", "", "."])
def test_a_file_and_a_folder_cannot_share_a_place(artifacts: Artifacts, path: str) -> None:
    put(artifacts, "0/file")
    put(artifacts, "0/folder/file")

    with pytest.raises(InvalidValue):
        put(artifacts, path)


def test_uploads_cut_short_by_a_crash_are_discarded_later(artifacts: Artifacts) -> None:
    staging = artifacts.root / ".uploads"
    staging.mkdir(parents=True)
    (staging / "old").write_text("x")
    (staging / "young").write_text("x")
    os.utime(staging / "old", (1, 1))

    artifacts.discard_abandoned()

    assert [path.name for path in staging.iterdir()] == ["young"]


def test_delete_removes_a_file_or_a_whole_folder(artifacts: Artifacts) -> None:
    put(artifacts, "0/a/one")
    put(artifacts, "0/a/two")
    put(artifacts, "0/b")

    artifacts.delete("0/a")
    artifacts.delete("0/b")

    assert artifacts.list("0") == []


@pytest.mark.parametrize("path", ["", ".", "./"])
def test_the_root_itself_cannot_be_deleted(artifacts: Artifacts, path: str) -> None:
    put(artifacts, "0/a")

    with pytest.raises(InvalidValue):
        artifacts.delete(path)
    assert artifacts.list("0")


def test_deleting_what_is_not_there_says_so(artifacts: Artifacts) -> None:
    with pytest.raises(NotFound, match="'0/a'"):
        artifacts.delete("0/a")


def test_deleting_a_link_leaves_what_it_points_at(artifacts: Artifacts) -> None:
    put(artifacts, "0/folder/file")
    (artifacts.root / "0" / "link").symlink_to(artifacts.root / "0" / "folder")

    artifacts.delete("0/link")

    assert [file.path for file in artifacts.list("0/folder")] == ["0/folder/file"]


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the home should be")
    artifacts = Artifacts(tmp_path / "home" / "artifacts")

    with pytest.raises(StoreUnusable, match=r"home.artifacts.*Not a directory"):
        put(artifacts, "0/a")


class TestUris:
    """Canonical in the database, handed out by door."""

    def test_over_http_they_stay_canonical(self, artifacts: Artifacts) -> None:
        assert artifacts.uri("mlflow-artifacts:/0/r/artifacts") == "mlflow-artifacts:/0/r/artifacts"

    def test_in_the_process_they_are_files(self, tmp_path: Path) -> None:
        artifacts = Artifacts(tmp_path / "my home", None)

        uri = artifacts.uri("mlflow-artifacts:/0/r/artifacts")

        assert uri == (tmp_path / "my home/0/r/artifacts").as_uri()
        assert artifacts.canonical(uri) == "mlflow-artifacts:/0/r/artifacts"
        assert artifacts.folder(uri) == tmp_path / "my home/0/r/artifacts"

    @pytest.mark.parametrize(
        "foreign", ["s3://bucket/a", "file:///data/a", "/data/a", "runs:/abc/model", "models:/m-1"]
    )
    def test_foreign_places_stay_as_they_are(self, artifacts: Artifacts, foreign: str) -> None:
        assert artifacts.uri(foreign) == foreign
        assert artifacts.canonical(foreign) == foreign
        with pytest.raises(InvalidValue, match="not kept in this store"):
            artifacts.folder(foreign)

    def test_a_host_in_the_uri_is_not_part_of_the_path(self, artifacts: Artifacts) -> None:
        assert artifacts.folder("mlflow-artifacts://host:5000/0/r") == artifacts.root / "0" / "r"

    def test_dots_do_not_make_a_foreign_file_ours(self, artifacts: Artifacts) -> None:
        sly = (artifacts.root / "0" / ".." / ".." / "secret").as_uri()

        assert artifacts.canonical(sly) == sly
