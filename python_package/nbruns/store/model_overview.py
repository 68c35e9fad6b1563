"""The shelf of models at a glance: which there are, where they stand, what made their versions."""

from __future__ import annotations

from collections.abc import Sequence

from nbruns.conditions import Condition, Order, Search
from nbruns.errors import InvalidValue
from nbruns.records import ListColumns, LoggedKey, ModelAtAGlance, ModelVersion, Page, SourceRun
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.keyset import Sql, attribute, by_key, compare, has, in_sight
from nbruns.store.listed_runs import load_listed
from nbruns.store.registry_search import not_prompts, search_versions
from nbruns.store.run_keys import metric_keys
from nbruns.store.run_numbers import numbers_of_runs

REVISION_TAG = "nbruns.revision"
_MOST_VERSIONS = 2**31
_OF_NAME = "kv.registered_number = r.registered_number"
_ALIAS = "r.registered_number in (select registered_number from aliases a where {})"
_STAGE = """exists (
    select 1 from model_versions v where v.registered_number = r.registered_number and {})"""
_VERSION_TAG = """r.registered_number in (
    select registered_number from model_version_tags t where t.key = ? and {})"""
_NUMBERS = "registered_number in (select value from json_each(?))"
_AT_A_GLANCE = """
select r.name, r.registered_number, (
    select count(*) from model_versions v where v.registered_number = r.registered_number
), (
    select max(version) from model_versions v where v.registered_number = r.registered_number
), (
    select count(*) from requests q where q.history = r.history and q.state = 'pending'
), coalesce(a.at_ms, r.updated_ms), coalesce(a.user, '')
from json_each(?) wanted
join registered_models r on r.name = wanted.value
left join activity a on a.activity_number = (
    select max(l.activity_number) from activity l where l.history = r.history)
"""


class ModelOverview:
    """The shelf of models at a glance."""

    def __init__(self, db: Database, artifacts: Artifacts) -> None:
        self.db = db
        self.artifacts = artifacts

    def names(self, search: Search) -> list[str]:
        """The names of all models that are found, in order.

        A model is found by its name and tags, and by the aliases, stages and tags of its
        versions.
        """
        wheres = [_where(condition) for condition in search.conditions]
        wheres += [not_prompts(), in_sight("r.name", search.sight)]
        text = " and ".join(f"({where.text})" for where in wheres)
        values = tuple(value for where in wheres for value in where.values)
        with self.db.lock:
            rows = self.db.conn.execute(
                f"select r.name from registered_models r where {text} order by r.name", values
            ).fetchall()
        return [name for (name,) in rows]

    def at_a_glance(self, names: Sequence[str]) -> dict[str, ModelAtAGlance]:
        """Some models by their names."""
        rows = by_key(self.db, _AT_A_GLANCE, names)
        numbers = [found[0][0] for found in rows.values()]
        aliases = by_key(
            self.db,
            f"select registered_number, alias, version from aliases where {_NUMBERS}",
            numbers,
        )
        stages = by_key(
            self.db,
            f"""
            select registered_number, stage, max(version) from model_versions
            where {_NUMBERS} group by registered_number, stage
            """,
            numbers,
        )
        return {
            name: ModelAtAGlance(
                name=name,
                versions=versions,
                newest=newest,
                aliases=dict(aliases.get(number, ())),
                stages={s: v for s, v in stages.get(number, ()) if s != "None"},
                pending=pending,
                changed_ms=changed_ms,
                changed_by=changed_by,
            )
            for name, ((number, versions, newest, pending, changed_ms, changed_by),) in rows.items()
        }

    def versions(self, name: str, *, count: int, below: int | None = None) -> Page[ModelVersion]:
        """Versions of a model, the newest first, from below a number on."""
        upper = _MOST_VERSIONS if below is None else below
        search = Search(
            (
                Condition("attribute", "name", "=", name),
                Condition("attribute", "version", "<", upper),
            ),
            (Order("attribute", "version", ascending=False),),
        )
        page = search_versions(self.db, self.artifacts, search, count, None)
        return Page(page.items, str(page.items[-1].version) if page.next_token else None)

    def number_of_versions(self, name: str) -> int:
        """How many versions a model has."""
        with self.db.lock:
            (count,) = self.db.conn.execute(
                """
                select count(*) from model_versions join registered_models using (registered_number)
                where name = ?
                """,
                (name,),
            ).fetchone()
        return int(count)

    def metric_keys(self, run_ids: Sequence[str]) -> list[LoggedKey]:
        """The metrics that some runs have."""
        return metric_keys(self.db, list(numbers_of_runs(self.db, run_ids).values()))

    def source_runs(self, run_ids: Sequence[str], metrics: Sequence[str]) -> list[SourceRun]:
        """Those of some runs that exist, with the newest values of these metrics."""
        numbers = numbers_of_runs(self.db, run_ids)
        columns = ListColumns(dict.fromkeys(metrics, ("last", "max")), tags=(REVISION_TAG,))
        listed = load_listed(self.db, self.artifacts, list(numbers.values()), columns)
        return [
            SourceRun(
                run_id=one.run.run_id,
                name=one.run.name,
                experiment_id=one.run.experiment_id,
                stage=one.run.stage,
                metrics={point.key: point.value for point in one.run.metrics},
                revision_id=one.run.tags.get(REVISION_TAG, ""),
            )
            for one in listed
        ]


def _where(condition: Condition) -> Sql:
    comparator, value = condition.comparator, condition.value
    if condition.field == "tag":
        own = has(
            "registered_model_tags",
            _OF_NAME,
            condition.key,
            compare("kv.value", comparator, value),
        )
        of_version = compare("t.value", comparator, value)
        text = f"{own.text} or {_VERSION_TAG.format(of_version.text)}"
        return Sql(text, (*own.values, condition.key, *of_version.values))
    if condition.field != "attribute":
        raise InvalidValue(f"Models cannot be searched by {condition.field}")
    if condition.key in ("alias", "stage"):
        held, where = ("a.alias", _ALIAS) if condition.key == "alias" else ("v.stage", _STAGE)
        stands = compare(held, comparator, value)
        return Sql(where.format(stands.text), stands.values)
    return attribute(condition, {"name": "r.name"})
