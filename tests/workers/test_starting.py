"""A process does not start where the record would not be safe, and says why in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from domain.schema import REVISION, mismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.stores import Stores

ROOT = Path(__file__).parents[2]
START_S_MAX = 60

PROCESSES = ("workers", "workers.relay", "workers.console", "ingress")


def _start(module: str, database_url: str, redis_url: str, **more: str) -> tuple[int | None, str]:
    """Start a process; return its exit code and what it said, None where it went on running."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SESSION_SECRET": "x" * 64,
        "PAYSTACK_SECRET_KEY": "sk_test_0123456789abcdef0123456789abcdef",
        "PORT": "0",
        "CONSOLE_PORT": "0",
        **more,
    }
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as started:
        assert started.stderr is not None
        said = []
        for line in started.stderr:
            said.append(line)
            if "started" in line:
                started.kill()
                return None, "".join(said)
        return started.wait(START_S_MAX), "".join(said)


@pytest.mark.parametrize("module", PROCESSES)
def test_no_process_starts_on_an_older_schema(
    module: str, database_url: str, redis_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    code, said = _start(module, database_url, redis_url)
    assert code, said
    assert "the schema is older (0001)" in said
    assert "payratchet migrate" in said


@pytest.mark.parametrize("module", ["workers", "ingress"])
def test_no_process_starts_on_a_newer_schema(
    module: str, database_url: str, redis_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    code, said = _start(module, database_url, redis_url)
    assert code, said
    assert "the schema is newer (9999)" in said


def test_a_database_without_a_schema_is_said_to_be_one() -> None:
    assert "has no schema" in (mismatch(None) or "")
    assert mismatch(REVISION) is None


def test_no_worker_starts_on_a_server_that_loses_commits(database_url: str, redis_url: str) -> None:
    """The stores of tests have fsync off."""
    code, said = _start("workers", database_url, redis_url, PAYRATCHET_ALLOW_UNSAFE_STORE="0")
    assert code, said
    assert "store_unsafe: Postgres has fsync" in said


def test_a_worker_warns_of_a_redis_that_evicts(
    database_url: str, stores_factory: Callable[[], Stores]
) -> None:
    stores = stores_factory()
    with redis.Redis.from_url(stores.redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    code, said = _start("workers", database_url, stores.redis_url)
    assert code is None, said
    assert "allkeys-lru; set it to noeviction" in said


def test_a_worker_starts_while_its_store_is_away(redis_url: str) -> None:
    code, said = _start("workers", "postgresql://nobody@127.0.0.1:1/nothing", redis_url)
    assert code is None, said
