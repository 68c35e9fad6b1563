"""The tables, as a list of migrations that is only ever appended to."""

from __future__ import annotations

from collections.abc import Callable

from nbruns.identity import now_ms
from nbruns.store.database import Database
from nbruns.store.rules_schema import REGISTRY_RULES
from nbruns.store.tracking_schema import TABLES, VIEWS

Migration = Callable[[Database], None]


def m001_tracking(db: Database) -> None:
    """Experiments, runs, params, tags, metrics, datasets."""
    db.run_script(TABLES)
    db.run_script(VIEWS)
    db.conn.execute(
        """
        insert into experiments (experiment_id, name, artifact_uri, created_ms, updated_ms)
        values (0, 'Default', 'mlflow-artifacts:/0', ?1, ?1)
        """,
        (now_ms(),),
    )


def m002_registry(db: Database) -> None:
    """Logged models, registered models, versions, aliases."""
    for statement in _REGISTRY_TABLES.split(";\n"):
        db.conn.execute(statement)


# A name keeps the number of its newest version: a deleted number is never given twice.
_REGISTRY_TABLES = """
create table models (
    model_number integer primary key,
    model_id text not null unique,
    experiment_id integer not null references experiments on delete cascade,
    name text not null,
    artifact_uri text not null,
    status text not null,
    status_message text not null default '',
    stage text not null default 'active',
    model_type text not null,
    source_run_id text not null,
    created_ms integer not null,
    updated_ms integer not null
) strict;
create index models_by_experiment on models (experiment_id, created_ms);
create table model_params (
    model_number integer not null references models on delete cascade,
    key text not null,
    value text not null,
    primary key (model_number, key)
) strict, without rowid;
create table model_tags (
    model_number integer not null references models on delete cascade,
    key text not null,
    value text not null,
    primary key (model_number, key)
) strict, without rowid;
create table model_metrics (
    model_number integer not null references models on delete cascade,
    key text not null,
    at_ms integer not null,
    step integer not null,
    run_id text not null,
    value real,
    is_nan integer not null,
    dataset_name text,
    dataset_digest text,
    primary key (model_number, key, at_ms, step, run_id)
) strict, without rowid;
create table registered_models (
    registered_number integer primary key,
    name text not null unique,
    description text not null,
    created_ms integer not null,
    updated_ms integer not null,
    newest_version integer not null default 0
) strict;
create table registered_model_tags (
    registered_number integer not null references registered_models on delete cascade,
    key text not null,
    value text not null,
    primary key (registered_number, key)
) strict, without rowid;
create table model_versions (
    registered_number integer not null references registered_models on delete cascade,
    version integer not null,
    description text not null,
    user text not null,
    stage text not null default 'None',
    source text not null,
    artifact_uri text not null,
    run_id text not null,
    run_link text not null,
    model_id text not null,
    created_ms integer not null,
    updated_ms integer not null,
    primary key (registered_number, version)
) strict, without rowid;
create index model_versions_by_run on model_versions (run_id);
create index model_versions_by_model on model_versions (model_id);
create table model_version_tags (
    registered_number integer not null,
    version integer not null,
    key text not null,
    value text not null,
    primary key (registered_number, version, key),
    foreign key (registered_number, version) references model_versions on delete cascade
) strict, without rowid;
create table aliases (
    registered_number integer not null,
    alias text not null,
    version integer not null,
    primary key (registered_number, alias),
    foreign key (registered_number, version) references model_versions on delete cascade
) strict, without rowid;
create index aliases_by_version on aliases (registered_number, version)
"""


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
    experiment_id integer references experiments on delete set null,
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
create index run_revisions_by_revision on run_revisions (revision_number);
create index runs_open on runs (run_number) where status = 'RUNNING'
"""


def m004_environments(db: Database) -> None:
    """What runs had to work with."""
    for statement in _ENVIRONMENT_TABLES.split(";\n"):
        db.conn.execute(statement)


# Packages are a JSON list of [name, version, origin]: SQLite's json_each reads it.
_ENVIRONMENT_TABLES = """
create table environments (
    environment_number integer primary key,
    digest text not null unique,
    python text not null,
    platform text not null,
    packages text not null,
    first_seen_ms integer not null
) strict
"""


def m005_run_list(db: Database) -> None:
    """Which run a run is nested in, and what a list of runs counts and walks."""
    for statement in _RUN_LIST.split(";\n"):
        db.conn.execute(statement)


# `parent_number` follows the tag mlflow.parentRunId, by `run_parents.py`. The index of runs
# by status ends with what they are sorted by: a search for one status walks it in order.
_RUN_LIST = """
alter table runs add column parent_number integer references runs on delete set null;
update runs as r
set parent_number = (
    select p.run_number
    from tags t
    join runs p on p.run_id = t.value
    where t.run_number = r.run_number and t.key = 'mlflow.parentRunId'
    and p.experiment_id = r.experiment_id and p.stage = 'active'
)
where exists (
    select 1 from tags t where t.run_number = r.run_number and t.key = 'mlflow.parentRunId'
);
with recursive up (start, run_number, far) as (
    select run_number, parent_number, 1 from runs where parent_number is not null
    union
    select up.start, r.parent_number, up.far + 1
    from up
    join runs r using (run_number)
    where up.far < 100 and r.parent_number is not null
)
update runs
set parent_number = null
where run_number in (select start from up where run_number = start);
create index runs_by_parent on runs (parent_number, started_ms desc)
    where parent_number is not null;
create index runs_at_top on runs (experiment_id, started_ms desc, run_id, stage)
    where parent_number is null;
create index runs_by_status on runs (status, experiment_id, stage, started_ms desc, run_id)
"""


def m005_activity(db: Database) -> None:
    """The activity log, which nothing changes once it is written."""
    for statement in _ACTIVITY_TABLES:
        db.conn.execute(statement)


_ACTIVITY_TABLES = (
    """
    create table activity (
        activity_number integer primary key,
        at_ms integer not null,
        user text not null,
        action text not null,
        kind text not null,
        subject text not null,
        before text,
        after text,
        comment text not null
    ) strict
    """,
    "create index activity_by_subject on activity (kind, subject)",
    """
    create trigger activity_is_never_changed before update on activity
    begin select raise(abort, 'the activity log only ever grows'); end
    """,
    """
    create trigger activity_is_never_deleted before delete on activity
    begin select raise(abort, 'the activity log only ever grows'); end
    """,
)


def m007_kernel_notebooks(db: Database) -> None:
    """Every notebook a kernel serves, where it serves several."""
    db.conn.execute(
        """
        create table kernel_notebooks (
            kernel_number integer not null references kernels on delete cascade,
            notebook_number integer not null references notebooks on delete cascade,
            primary key (kernel_number, notebook_number)
        ) strict, without rowid
        """
    )


def m008_registry_rules(db: Database) -> None:
    """Who did what to which model under whatever name, and what was asked for."""
    for statement in REGISTRY_RULES:
        db.conn.execute(statement)


def m009_model_list(db: Database) -> None:
    """Models found by the stages and the tags of their versions."""
    db.conn.execute(
        "create index model_versions_by_stage on model_versions (registered_number, stage)"
    )
    db.conn.execute("create index model_version_tags_by_key on model_version_tags (key, value)")


MIGRATIONS: tuple[Migration, ...] = (
    m001_tracking,
    m002_registry,
    m003_notebooks,
    m004_environments,
    m005_activity,
    m005_run_list,
    m007_kernel_notebooks,
    m008_registry_rules,
    m009_model_list,
)
