"""The tables of experiments, runs and metrics as their first migration makes them.

Never edited once released: what comes later is a migration of its own in `schema.py`.
"""

# `run_number` is never given twice, so that what a process remembers of a run stays true.
#
# Points arrive in `recent_metrics`, where what is logged together lies together: a call
# writes one page, however many metrics it has. Sixty-four at a time they move on to
# `metrics`, where each history lies together, and into `metric_blocks`, which hold what a
# chart needs of some 256 points. `rolled_step` and `rolled_at_ms` say how far that has
# come; the newest point always stays recent.
#
# While a history is being logged (is_settled = 0), its newest value is its last recent
# row. When the run ends, it is copied into `histories`, where searches find it by index.
TABLES = """
create table experiments (
    experiment_id integer primary key,
    name text not null unique,
    artifact_uri text not null,
    stage text not null default 'active' check (stage in ('active', 'deleted')),
    created_ms integer not null,
    updated_ms integer not null
) strict;

create table experiment_tags (
    experiment_id integer not null references experiments on delete cascade,
    key text not null,
    value text not null,
    primary key (experiment_id, key)
) strict, without rowid;

create table runs (
    run_number integer primary key autoincrement,
    run_id text not null unique,
    experiment_id integer not null references experiments,
    name text not null,
    user text not null,
    status text not null default 'RUNNING',
    stage text not null default 'active' check (stage in ('active', 'deleted')),
    started_ms integer not null,
    ended_ms integer,
    deleted_ms integer,
    artifact_uri text not null
) strict;
create index runs_by_start on runs (experiment_id, started_ms desc, run_id, stage);
create index runs_newest on runs (started_ms desc, run_id, stage, experiment_id);

create table params (
    run_number integer not null references runs on delete cascade,
    key text not null,
    value text not null,
    primary key (run_number, key)
) strict, without rowid;
create index params_by_value on params (key, value) where length(value) <= 100;
create index params_long on params (key) where length(value) > 100;

create table tags (
    run_number integer not null references runs on delete cascade,
    key text not null,
    value text not null,
    primary key (run_number, key)
) strict, without rowid;
create index tags_by_value on tags (key, value) where length(value) <= 100;
create index tags_long on tags (key) where length(value) > 100;

create table metric_keys (
    key_number integer primary key,
    key text not null unique
) strict;

create table histories (
    run_number integer not null references runs on delete cascade,
    key_number integer not null references metric_keys,
    is_settled integer not null default 0,
    step integer not null default 0,
    at_ms integer not null default 0,
    value real not null default 0,
    is_nan integer not null default 0,
    smallest real,
    largest real,
    rolled_step integer not null default -9223372036854775808,
    rolled_at_ms integer not null default 0,
    is_tangled integer not null default 0,
    primary key (run_number, key_number)
) strict, without rowid;
create index histories_by_value on histories
    (key_number, is_nan, value, run_number, is_settled) where is_settled;
create index histories_unsettled on histories
    (key_number, run_number, is_settled) where not is_settled;

create table recent_metrics (
    run_number integer not null,
    step integer not null,
    key_number integer not null,
    at_ms integer not null,
    value real not null,
    is_nan integer not null,
    primary key (run_number, step, key_number, at_ms, value, is_nan),
    foreign key (run_number, key_number) references histories on delete cascade
) strict, without rowid;

create table metrics (
    run_number integer not null,
    key_number integer not null,
    step integer not null,
    at_ms integer not null,
    value real not null,
    is_nan integer not null,
    primary key (run_number, key_number, step, at_ms, value, is_nan),
    foreign key (run_number, key_number) references histories on delete cascade
) strict, without rowid;

create table metric_blocks (
    run_number integer not null,
    key_number integer not null,
    first_step integer not null,
    first_at_ms integer not null,
    first_value real,
    last_step integer not null,
    last_at_ms integer not null,
    last_value real,
    smallest real,
    smallest_step integer,
    smallest_at_ms integer,
    largest real,
    largest_step integer,
    largest_at_ms integer,
    nan_step integer,
    nan_at_ms integer,
    point_count integer not null,
    primary key (run_number, key_number, first_step, first_at_ms),
    foreign key (run_number, key_number) references histories on delete cascade
) strict, without rowid;

create table datasets (
    dataset_number integer primary key,
    experiment_id integer not null references experiments on delete cascade,
    name text not null,
    digest text not null,
    source_type text not null,
    source text not null,
    schema text,
    profile text,
    unique (experiment_id, name, digest)
) strict;

create table run_datasets (
    run_number integer not null references runs on delete cascade,
    dataset_number integer not null references datasets on delete cascade,
    primary key (run_number, dataset_number)
) strict, without rowid;
create index run_datasets_by_dataset on run_datasets (dataset_number, run_number);

create table run_dataset_tags (
    run_number integer not null,
    dataset_number integer not null,
    key text not null,
    value text not null,
    primary key (run_number, dataset_number, key),
    foreign key (run_number, dataset_number) references run_datasets on delete cascade
) strict, without rowid;

create table run_models (
    run_number integer not null references runs on delete cascade,
    direction text not null check (direction in ('input', 'output')),
    position integer not null,
    model_id text not null,
    step integer not null default 0,
    primary key (run_number, direction, position),
    unique (run_number, direction, model_id)
) strict, without rowid;
create index run_models_by_model on run_models (model_id, direction)
"""

# For people with `sqlite3` in hand: stable names, one row per thing, newest metric values.
VIEWS = """
create view run_list as
select r.run_id, e.name as experiment, r.name, r.user, r.status, r.stage,
    datetime(r.started_ms / 1000, 'unixepoch') as started,
    datetime(r.ended_ms / 1000, 'unixepoch') as ended,
    (r.ended_ms - r.started_ms) / 1000.0 as seconds, r.artifact_uri
from runs r
join experiments e using (experiment_id);

create view run_params as
select r.run_id, p.key, p.value
from params p
join runs r using (run_number);

create view run_tags as
select r.run_id, t.key, t.value
from tags t
join runs r using (run_number);

create view metric_history as
select r.run_id, k.key, m.step, m.at_ms, iif(m.is_nan, null, m.value) as value, m.is_nan
from runs r
join metrics m using (run_number)
join metric_keys k using (key_number)
union all
select r.run_id, k.key, m.step, m.at_ms, iif(m.is_nan, null, m.value) as value, m.is_nan
from runs r
join recent_metrics m using (run_number)
join metric_keys k using (key_number);

create view run_metrics as
select r.run_id, k.key, m.step, m.at_ms, iif(m.is_nan, null, m.value) as value, m.is_nan
from histories h
join runs r using (run_number)
join metric_keys k using (key_number)
join recent_metrics m on (m.run_number, m.key_number) = (h.run_number, h.key_number)
where (m.step, m.at_ms, m.value, m.is_nan) = (
    select l.step, l.at_ms, l.value, l.is_nan
    from recent_metrics l
    where l.run_number = h.run_number and +l.key_number = h.key_number
    order by l.step desc, l.key_number desc, l.at_ms desc, l.value desc, l.is_nan desc
    limit 1
)
"""
