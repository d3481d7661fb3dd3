"""Databases in which nothing has been made yet."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def empty_database() -> Iterator[Callable[[], str]]:
    """Return a maker of new, empty databases; gives their URLs."""
    made: list[str] = []
    server, _, query = os.environ["DATABASE_URL"].partition("?")
    prefix = server.rpartition("/")[0]

    def administer(statement: str, name: str) -> None:
        with psycopg.connect(f"{prefix}/postgres?{query}", autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    def make() -> str:
        name = f"empty_{uuid.uuid4().hex}"
        administer("CREATE DATABASE {}", name)
        made.append(name)
        return f"{prefix}/{name}?{query}"

    yield make
    for name in made:
        administer("DROP DATABASE {} WITH (FORCE)", name)
