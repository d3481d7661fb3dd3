"""Stage: the stores of all runs, in which each has a database of its own."""

from __future__ import annotations

import contextlib
import gc
import itertools
import secrets
import shutil
from typing import TYPE_CHECKING

import psycopg
import redis
from psycopg import sql

from tests.crash import sites
from tests.crash.played import Ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Stage:
    """Stores in which each run has a database of its own: copies of one template, made in time."""

    def __init__(self, database_url: str, redis_url: str, template: str, folder: Path) -> None:
        self._server = database_url
        self._redis_url = redis_url
        self._template = template
        self._folder = folder
        self._run_id = secrets.token_hex(6)
        self._numbers = itertools.count(1)
        self._administration = psycopg.connect(
            in_database(database_url, "postgres"), autocommit=True
        )
        self._redis = redis.Redis.from_url(redis_url)
        sites.scanned()
        gc.freeze()  # what is there by now is every child's, and none of them is to touch it

    def close(self) -> None:
        """Let go of the stores, and of what was kept from being looked through."""
        gc.unfreeze()
        self._administration.close()
        self._redis.close()

    @contextlib.contextmanager
    def ground(self, like: Ground | None = None) -> Iterator[Ground]:
        """Give a ground that is a copy of another, or an empty one, until the block ends."""
        name = f"crash_{self._run_id}_{next(self._numbers)}"
        folder = self._folder / name
        template = self._template if like is None else _name(like.url)
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        if like is None:
            folder.mkdir()
        else:
            shutil.copytree(like.folder, folder)
        try:
            yield Ground(in_database(self._server, name), self._redis_url, folder)
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", name)
            shutil.rmtree(folder)

    def forget(self) -> None:
        """Let Redis forget everything."""
        self._redis.flushdb()

    def _run(self, statement: str, *names: str) -> None:
        self._administration.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def in_database(url: str, name: str) -> str:
    """Return the URL with another database."""
    server, _, query = url.partition("?")
    scheme, _, rest = server.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{name}?{query}"


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]
