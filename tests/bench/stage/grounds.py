"""The grounds: durable stores of this run alone, and a database for each subject on them.

Floors, peers and our own processes meet on one server with one configuration.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

from tests.bench.errors import BenchFailed
from tests.local.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TUNING: Mapping[str, str] = MappingProxyType(
    {
        "shared_buffers": "2GB",
        "max_wal_size": "8GB",
        "checkpoint_timeout": "15min",
        "track_commit_timestamp": "on",
    }
)
"""What docs/deploy.md advises, and commit times, by which delays are read without asking anybody.
Durability is not a matter of tuning: the stores insist on it."""

MIGRATE_S_MAX = 60.0
TEMPLATE = "bench_template"
REDIS_INDEXES = 16

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(slots=True)
class Grounds:
    """Both stores while they run."""

    stores: Stores
    redis_index: int = 0

    @property
    def postgres_pid(self) -> int:
        """The postmaster."""
        return self.stores.postgres_pid

    @property
    def valkey_pid(self) -> int:
        """The server process."""
        return self.stores.valkey_pid

    def database(self, name: str, *, template: str = TEMPLATE) -> str:
        """Make a migrated database anew, and return its URL."""
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        with psycopg.connect(self.stores.database_url, autocommit=True) as connection:
            connection.execute(drop)
            connection.execute(make)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Give back the disk that a database takes."""
        with psycopg.connect(self.stores.database_url, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))

    def empty_database(self, name: str) -> str:
        """Make a database with nothing in it, and return its URL."""
        return self.database(name, template="template0")

    def url(self, name: str) -> str:
        """Return the libpq URL of a database of this server."""
        return urlunsplit(urlsplit(self.stores.database_url)._replace(path=f"/{name}"))

    def redis(self) -> str:
        """Return the URL of an empty Redis database; the oldest of several is used again."""
        self.redis_index = (self.redis_index + 1) % REDIS_INDEXES
        url = self.stores.redis_url.replace("db=0", f"db={self.redis_index}")
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    def settle(self) -> None:
        """Write out what earlier measures left dirty, so that none pays for another."""
        with psycopg.connect(self.stores.database_url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")


@contextlib.contextmanager
def grounds(folder: Path) -> Iterator[Grounds]:
    """Start the stores, migrate the template, and stop everything at the end."""
    with Stores(folder, tuning=TUNING) as stores:
        found = Grounds(stores)
        _migrate(found.empty_database(TEMPLATE))
        yield found


def _migrate(url: str) -> None:
    program = Path(sys.executable).parent / "payratchet"
    done = subprocess.run(
        [program, "migrate"],
        env={"DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=MIGRATE_S_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise BenchFailed(f"The schema could not be made.\n{done.stdout}{done.stderr}".strip())
