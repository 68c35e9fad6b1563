"""The tables, as a list of migrations that is only ever appended to."""

from __future__ import annotations

from collections.abc import Callable

from nbruns.store.database import Database

Migration = Callable[[Database], None]


def m001_tracking(db: Database) -> None:
    """Experiments, runs, params, tags, metrics, datasets."""


def m002_registry(db: Database) -> None:
    """Logged models, registered models, versions, aliases."""


def m003_notebooks(db: Database) -> None:
    """Notebooks, kernels, executed cells, revisions."""
    for statement in _NOTEBOOK_TABLES.split(";\n"):
        db.conn.execute(statement)


# A content is kept once, whoever uses it: cells and outputs of revisions, executed sources.
_NOTEBOOK_TABLES = """
create table notebooks (
    notebook_number integer primary key,
    notebook_id text not null unique,
    path text not null,
    is_gone integer not null default 0,
    file_id text,
    created_ms integer not null,
    experiment_id integer references experiments,
    given_name text,
    forked_from integer references notebooks,
    forked_revision text
) strict;
create index notebooks_by_path on notebooks (path);
create index notebooks_by_experiment on notebooks (experiment_id);
create table notebook_cells (
    cell_id text not null,
    notebook_number integer not null references notebooks on delete cascade,
    primary key (cell_id, notebook_number)
) strict, without rowid;
create index notebook_cells_by_notebook on notebook_cells (notebook_number);
create table kernels (
    kernel_number integer primary key,
    kernel_id text not null unique,
    notebook_number integer references notebooks,
    path text,
    started_ms integer not null,
    ended_ms integer
) strict;
create table contents (
    content_number integer primary key,
    digest text not null unique,
    is_compressed integer not null,
    data blob not null
) strict;
create table executed_cells (
    kernel_number integer not null references kernels on delete cascade,
    session_ms integer not null,
    position integer not null,
    execution_count integer not null,
    cell_id text,
    source integer not null references contents,
    started_ms integer not null,
    took_ms integer,
    outcome text not null,
    primary key (kernel_number, session_ms, position)
) strict, without rowid;
create index executed_cells_by_source on executed_cells (source);
create table revisions (
    revision_number integer primary key,
    revision_id text not null unique,
    notebook_number integer not null references notebooks,
    path text not null,
    method text not null,
    captured_ms integer not null,
    digest text not null,
    code_digest text not null,
    cell_count integer not null,
    frame integer not null references contents,
    unique (notebook_number, digest)
) strict;
create index revisions_by_frame on revisions (frame);
create table revision_cells (
    revision_number integer not null references revisions on delete cascade,
    position integer not null,
    cell integer not null references contents,
    outputs integer references contents,
    execution_count integer,
    primary key (revision_number, position)
) strict, without rowid;
create index revision_cells_by_cell on revision_cells (cell);
create index revision_cells_by_outputs on revision_cells (outputs) where outputs is not null;
create table run_revisions (
    run_number integer not null references runs on delete cascade,
    moment text not null,
    revision_number integer not null references revisions on delete cascade,
    method text not null,
    captured_ms integer not null,
    primary key (run_number, moment)
) strict, without rowid;
create index run_revisions_by_revision on run_revisions (revision_number)
"""


MIGRATIONS: tuple[Migration, ...] = (m001_tracking, m002_registry, m003_notebooks)


def migrate(db: Database) -> None:
    """Bring the file up to this version, each step in a transaction of its own."""
    for number, migration in enumerate(MIGRATIONS, start=1):
        with db.atomic():
            if db.conn.execute("pragma user_version").fetchone()[0] < number:
                migration(db)
                db.conn.execute(f"pragma user_version = {number}")
