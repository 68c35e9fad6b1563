"""What the registry's rules keep, as their migration makes it: the log's columns, requests.

Never edited once released: what comes later is a migration of its own in `schema.py`.
"""

# A model's `history` is its name in the log: numbers are given again, names change hands.
REGISTRY_RULES = (
    "alter table registered_models add column history text",
    "update registered_models set history = lower(hex(randomblob(16)))",
    "create unique index registered_models_by_history on registered_models (history)",
    """
    create trigger registered_models_have_a_history after insert on registered_models
    begin
        update registered_models
        set history = lower(hex(randomblob(16)))
        where registered_number = new.registered_number;
    end
    """,
    "create index model_versions_by_place on model_versions (artifact_uri)",
    "alter table activity add column history text",
    "alter table activity add column version integer",
    "alter table activity add column target text",
    "alter table activity add column requester text",
    "alter table activity add column request_number integer",
    "alter table activity add column allowed_by text not null default ''",
    """
    create index activity_by_history on activity (history, activity_number)
        where history is not null
    """,
    """
    create table requests (
        request_number integer primary key,
        history text not null,
        name text not null,
        version integer not null,
        target text not null,
        removes integer not null,
        archives integer not null,
        requester text not null,
        comment text not null,
        asked_ms integer not null,
        state text not null default 'pending',
        decided_ms integer,
        decider text,
        decision text not null default ''
    ) strict
    """,
    """
    create unique index requests_pending on requests (history, version, target, removes, requester)
        where state = 'pending'
    """,
    "create index requests_by_history on requests (history, request_number)",
)
