"""A deployment as docs/deploy.md tells it: its roles, its database, its rights."""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pytest

from migrations.run import upgrade
from tests.docs.pages import DEPLOY, blocks
from workers.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROLE = re.compile(r"payratchet_(owner|app|relay|reader)\b")
_PASSWORD = re.compile(r"CREATE ROLE \w+_(\w+) LOGIN PASSWORD '([^']+)'")
_DATABASE = "CREATE DATABASE payratchet "


@dataclass(frozen=True, slots=True)
class Deployment:
    """A database of its own, and how each role reaches it. Roles have names of their own too."""

    name: str
    rights: str
    _databases: list[Database] = field(default_factory=list)

    def role(self, kind: str) -> str:
        return f"{self.name}_{kind}"

    def url(self, kind: str) -> str:
        """Return the URL with the role's name and password."""
        made = dict(_PASSWORD.findall(_roles_block()))
        server, _, query = os.environ["DATABASE_URL"].partition("?")
        host = server.partition("://")[2].rpartition("@")[2].partition("/")[0]
        return f"postgresql://{self.role(kind)}:{made[kind]}@{host}/{self.name}?{query}"

    def database(self, kind: str) -> Database:
        self._databases.append(Database(self.url(kind), name=f"test {kind}"))
        return self._databases[-1]

    def close(self) -> None:
        for database in self._databases:
            database.close()

    def give_rights(self) -> None:
        with psycopg.connect(self.url("owner"), autocommit=True) as connection:
            connection.execute(self.rights.encode())


def _roles_block() -> str:
    [block] = [text for text in blocks(DEPLOY, "sql") if "CREATE ROLE" in text]
    return block


def _rights_block() -> str:
    [block] = [text for text in blocks(DEPLOY, "sql") if "GRANT SELECT" in text]
    return block


def _drop(deployment: Deployment, administrator: psycopg.Connection) -> None:
    administrator.execute(f"DROP DATABASE IF EXISTS {deployment.name} WITH (FORCE)".encode())
    for kind in ("relay", "owner", "app", "reader"):
        administrator.execute(f"DROP ROLE IF EXISTS {deployment.role(kind)}".encode())


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    """Return the page's deployment: its blocks run in its order on an empty database.

    Roles belong to the whole server, so each test has its own: the names of the page are replaced,
    and nothing else.
    """
    name = f"deploy_{uuid.uuid4().hex[:16]}"
    roles = _roles_block().replace(_DATABASE, f"CREATE DATABASE {name} ")
    made = Deployment(name, _ROLE.sub(rf"{name}_\1", _rights_block()))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as administrator:
        try:
            for statement in filter(str.strip, _ROLE.sub(rf"{name}_\1", roles).split(";")):
                administrator.execute(statement.encode())
            upgrade(made.url("owner"))
            made.give_rights()
            yield made
        finally:
            made.close()
            _drop(made, administrator)
