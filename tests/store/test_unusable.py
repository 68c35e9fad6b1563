"""Files that cannot be used: a sentence that names the file and the way out, nothing lost."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nbruns.errors import StoreBusy, StoreUnusable
from nbruns.records import MetricPoint, Run
from nbruns.store import Store, database
from nbruns.store.database import Database
from nbruns.store.file_systems import network_file_system
from nbruns.store.migrations import APPLICATION_ID, migrate
from nbruns.store.schema import MIGRATIONS


def test_a_full_disk_is_said_and_what_was_kept_stays(store: Store, home: Path, run: Run) -> None:
    store.metrics.log(run.run_id, "m", 1.0, 0, 0)
    pages = store.db.conn.execute("pragma page_count").fetchone()[0]
    store.db.conn.execute(f"pragma max_page_count = {pages}")

    def fill() -> None:
        for number in range(500):
            store.runs.log_params(run.run_id, {f"p{number}": "x" * 5000})

    with pytest.raises(StoreUnusable, match=r"nbruns\.db.*full.*free some space"):
        fill()
    store.db.conn.execute("pragma max_page_count = 1000000000")
    kept = store.runs.get(run.run_id).params

    assert [len(value) for value in kept.values()] == [5000] * len(kept)
    store.runs.log_params(run.run_id, {"after": "1"})
    assert store.db.conn.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_file_size_limit_is_said_and_every_acknowledged_point_stays(home: Path) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from nbruns.errors import StoreUnusable
from nbruns.store import Store

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store.open(Path(sys.argv[1]))
run = store.runs.create("0")
print(run.run_id)
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
step = 0
try:
    while True:
        store.metrics.log(run.run_id, "m", 1.0, step, step)
        step += 1
except StoreUnusable as error:
    print(step)
    print(error)
"""
    done = subprocess.run(  # noqa: PLW1510
        [sys.executable, "-c", script, str(home)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    run_id, count, sentence = done.stdout.splitlines()

    assert str(home / "nbruns.db") in sentence
    with_store = Store.open(home)
    rows, _ = with_store.metrics.history_rows(run_id, "m")
    assert [row[1] for row in rows][: int(count)] == list(range(int(count)))
    assert with_store.db.conn.execute("pragma integrity_check").fetchone() == ("ok",)
    with_store.close()


def test_a_read_only_file_can_be_read_and_says_why_it_cannot_be_written(home: Path) -> None:
    store = Store.open(home)
    run = store.runs.create("0", name="kept")
    script = """
import os, sys
from pathlib import Path
from nbruns.errors import StoreUnusable
from nbruns.store import Store

if os.geteuid() == 0:
    os.setuid(65534)  # Permissions do not hold for root.
store = Store.open(Path(sys.argv[1]))
print(store.runs.get(sys.argv[2]).name)
try:
    store.runs.log_params(sys.argv[2], {"p": "1"})
except StoreUnusable as error:
    print(error)
"""
    for folder in (home, *home.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    for file in home.glob("nbruns.db*"):
        file.chmod(0o444)
    done = subprocess.run(  # noqa: PLW1510
        [sys.executable, "-c", script, str(home), run.run_id],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    name, sentence = done.stdout.splitlines()
    store.close()

    assert name == "kept"
    assert str(home / "nbruns.db") in sentence
    assert "writable" in sentence


def test_a_file_of_a_newer_version_is_left_alone(home: Path) -> None:
    store = Store.open(home)
    store.db.conn.execute("pragma user_version = 99")
    store.close()
    before = (home / "nbruns.db").read_bytes()

    with pytest.raises(StoreUnusable, match=r"nbruns\.db.*newer.*upgrade"):
        Store.open(home)
    assert (home / "nbruns.db").read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(home: Path) -> None:
    home.mkdir()
    (home / "nbruns.db").write_text("my notes\n" * 1000)

    with pytest.raises(StoreUnusable, match=r"nbruns\.db.*not a.*database.*NBRUNS_HOME"):
        Store.open(home)
    assert (home / "nbruns.db").read_text() == "my notes\n" * 1000


def test_a_database_of_another_program_is_left_alone(home: Path) -> None:
    home.mkdir()
    other = sqlite3.connect(home / "nbruns.db")
    other.execute("create table recipes (name text)")
    other.close()

    with pytest.raises(StoreUnusable, match=r"nbruns\.db.*another program.*NBRUNS_HOME"):
        Store.open(home)
    with sqlite3.connect(home / "nbruns.db") as other:
        assert other.execute("select name from sqlite_schema").fetchall() == [("recipes",)]


def test_a_damaged_file_is_said(home: Path) -> None:
    store = Store.open(home)
    for _ in range(200):
        store.runs.create("0")
    store.close()
    with (home / "nbruns.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 400_000)

    def use() -> None:
        broken = Store.open(home)
        for _ in range(5):
            broken.runs.create("0")

    with pytest.raises(StoreUnusable, match=r"nbruns\.db"):
        use()


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnusable, match=r"file.*NBRUNS_HOME"):
        Store.open(tmp_path / "file" / "home")


def _stopping(db: Database) -> None:
    db.run_script("create table half (x integer); insert into half values (1)")
    raise KeyboardInterrupt


def _failing(db: Database) -> None:
    db.run_script("create table half (x integer); create table runs (x integer)")


@pytest.mark.parametrize("done", range(len(MIGRATIONS)))
def test_a_migration_that_stops_half_way_leaves_the_schema_before_it(home: Path, done: int) -> None:
    home.mkdir()
    db = Database(home / "nbruns.db")
    with pytest.raises(KeyboardInterrupt):
        migrate(db, (*MIGRATIONS[:done], _stopping))
    db.close()

    store = Store.open(home)
    assert store.experiments.get("0").name == "Default"
    assert store.db.conn.execute(
        "select count(*) from sqlite_schema where name = 'half'"
    ).fetchone() == (0,)
    store.close()


def test_a_migration_that_fails_says_what_to_do(store: Store) -> None:
    with pytest.raises(StoreUnusable, match=r"nbruns\.db.*backup"):
        migrate(store.db, (*MIGRATIONS, _failing))

    assert store.db.conn.execute("pragma user_version").fetchone() == (len(MIGRATIONS),)
    migrate(store.db)


def test_the_file_can_be_told_from_others(store: Store) -> None:
    assert store.db.conn.execute("pragma application_id").fetchone() == (APPLICATION_ID,)


def test_what_is_made_belongs_to_its_owner_alone(store: Store, home: Path) -> None:
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "nbruns.db").stat().st_mode & 0o077 == 0


def test_a_writer_that_never_lets_go_is_said(
    store: Store, home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PATIENCE_S", 0.05)
    other = sqlite3.connect(home / "nbruns.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreBusy, match=r"nbruns\.db.*Try again"):
        store.metrics.append(run.run_id, [MetricPoint("m", 1.0)])
    other.execute("rollback")
    other.close()

    store.metrics.append(run.run_id, [MetricPoint("m", 1.0)])
    assert len(store.metrics.history(run.run_id, "m").items) == 1


def test_a_network_file_system_is_noticed(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    share = str(tmp_path / "a share").replace(" ", "\\040")
    mounts.write_text(
        "/dev/sda / ext4 rw 0 0\n"
        f"server:/x {share} nfs4 rw 0 0\n"
        f"/dev/sdb {share}/local ext4 rw 0 0\n"
    )

    assert network_file_system(tmp_path / "a share" / "home", mounts) == "nfs4"
    assert network_file_system(tmp_path / "a share" / "local" / "home", mounts) is None
    assert network_file_system(tmp_path, mounts) is None
    assert network_file_system(tmp_path, tmp_path / "missing") is None


def test_the_version_changes_with_every_commit_of_anyone(
    store: Store, home: Path, run: Run
) -> None:
    seen = [store.db.version()]
    assert store.db.version() == seen[0]
    store.metrics.log(run.run_id, "m", 1.0, 0, 0)
    seen.append(store.db.version())
    other = Store.open(home)
    other.runs.create("0")
    other.close()
    seen.append(store.db.version())

    assert len(set(seen)) == 3
