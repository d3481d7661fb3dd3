"""An API on a real socket with clients of its own, and a way to ask it."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from domain import api_keys
from tests.ingress.serving import Answer, Door, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PEPPER = "a-pepper-for-tests-that-is-long-enough"
ALL_SCOPES = ("payments:write", "credit:write")
UNLIMITED = "1000/second"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
"""A key under which a request may be repeated."""

WAIT_FOR_LOCKS = """
    SELECT count(*)::int FROM pg_stat_activity
    WHERE application_name = 'payratchet-api' AND wait_event_type = 'Lock'
"""
"""How many connections of the API wait for what somebody else has locked."""


def payment(**changes: Any) -> dict[str, Any]:
    """Return the body of a decent request; a change to None leaves a field out."""
    body = {
        "provider": "paystack",
        "amount_minor": 5_000,
        "currency": "NGN",
        "customer_id": "customer-1",
        "email": "someone@example.com",
    } | changes
    return {name: value for name, value in body.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Service:
    """One client of the API, with its key."""

    door: Door
    client_id: str
    key: str

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Answer:
        """Send one request; `key` is the Idempotency-Key. Bytes are sent as they are."""
        given = [("Authorization", f"Bearer {self.key}"), *headers]
        if key is not None:
            given.append(("Idempotency-Key", key))
        if body is None:
            return self.door.ask(method, path, headers=given)
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        if not any(name.lower() == "content-type" for name, _ in given):
            given.append(("Content-Type", "application/json"))
        return self.door.ask(method, path, body=sent, headers=given)

    def create(self, *, key: str | None = None, **changes: Any) -> Answer:
        """Ask for a payment."""
        return self.ask("POST", "/v1/payments", payment(**changes), key=key)

    def show(self, reference: str, query: str = "") -> Answer:
        """Look at a payment."""
        return self.ask("GET", f"/v1/payments/{reference}{query}")


def new_client(
    database_url: str,
    name: str,
    *,
    scopes: Sequence[str] = ALL_SCOPES,
    initialize: str | None = None,
    verify: str | None = None,
) -> str:
    """Insert a client with one key; return the key. Its id is its name."""
    key = api_keys.written(os.urandom(api_keys.PREFIX_BYTES), os.urandom(api_keys.SECRET_BYTES))
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO api_clients (id, name, scopes, initialize_limit, verify_limit, created_by)"
            " VALUES (%s, %s, %s, %s, %s, 'test')",
            [name, name, list(scopes), initialize, verify],
        )
        insert_key(connection, name, key)
    return key


def insert_key(connection: psycopg.Connection[Any], client_id: str, key: str) -> None:
    """Give a client one more key."""
    connection.execute(
        "INSERT INTO api_keys (prefix, client_id, key_hash, created_by)"
        " VALUES (%s, %s, %s, 'test')",
        [api_keys.prefix_of(key), client_id, api_keys.key_hash(PEPPER.encode(), key)],
    )


def code(answer: Answer) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return (answer.status, answer.json["code"])


@contextlib.contextmanager
def api_serving(database_url: str, redis_url: str, **told: Any) -> Iterator[Door]:
    """Serve with a pepper until the block ends."""
    with serving(database_url, redis_url, **{"api_key_pepper": PEPPER, **told}) as door:
        yield door


def execute(door: Door, statement: str) -> int:
    """Change the database; return how many rows were."""
    with psycopg.connect(door.database_url) as connection:
        return connection.execute(statement.encode()).rowcount
