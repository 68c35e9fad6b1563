"""The shelf of environments: what runs had to work with, each kept once by its digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nbruns.errors import InvalidValue, NotFound
from nbruns.identity import digest, now_ms
from nbruns.records import Environment, Package
from nbruns.store.database import Database


class Environments:
    """The shelf of environments; a run names its own in the tag `nbruns.environment`."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def keep(self, environment: Environment) -> str:
        """The digest of an environment, which is kept from now on."""
        packages = _packages_text(environment)
        name = digest_of(environment)
        with self.db.atomic():
            self.db.conn.execute(
                """
                insert into environments (digest, python, platform, packages, first_seen_ms)
                values (?, ?, ?, ?, ?)
                on conflict (digest) do nothing
                """,
                (name, environment.python, environment.platform, packages, now_ms()),
            )
        return name

    def get(self, name: str) -> Environment:
        """The environment of a digest, or NotFound."""
        found = self.find(name)
        if found is None:
            raise NotFound(f"No environment with digest '{name[:80]}'")
        return found

    def find(self, name: str) -> Environment | None:
        """The environment of a digest, or None."""
        with self.db.lock:
            row = self.db.conn.execute(
                "select python, platform, packages from environments where digest = ?", (name,)
            ).fetchone()
        if row is None:
            return None
        return Environment(row[0], row[1], tuple(Package(*one) for one in json.loads(row[2])))


def digest_of(environment: Environment) -> str:
    """The name of an environment: equal ones have equal names, wherever they are made."""
    words = [environment.python, environment.platform, _packages_text(environment)]
    return digest("\n".join(words).encode("utf-8", "surrogatepass"))


def environment_to_wire(environment: Environment) -> dict[str, Any]:
    """An environment as JSON carries it: in replies, and as an artifact of a run."""
    packages = [asdict(one) for one in environment.packages]
    facts = {"python": environment.python, "platform": environment.platform}
    return {"digest": digest_of(environment), **facts, "packages": packages}


def environment_from_wire(told: object) -> Environment:
    """An environment out of such JSON; InvalidValue for anything else."""
    try:
        if isinstance(told, Mapping):
            packages = tuple(_package(one) for one in told["packages"])
            return Environment(str(told["python"]), str(told["platform"]), packages)
    except (KeyError, TypeError):
        pass
    raise InvalidValue("This is no environment: an object with python, platform and packages")


def _package(told: Mapping[str, Any]) -> Package:
    return Package(str(told["name"]), str(told["version"]), str(told.get("origin", "")))


def _packages_text(environment: Environment) -> str:
    rows = [[one.name, one.version, one.origin] for one in environment.packages]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
