"""Authentication: who asks, by a key of which only a keyed hash is kept."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from domain import api_keys
from ingress.api import idempotency
from ingress.api.errors import KeyInvalid, KeyMissing, ScopeMissing
from ingress.api.operation import Client

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from ingress.api.idempotency import Stored
    from ingress.api.operation import Connection, Operation

KEY_LENGTH_MAX = 200
"""Characters of a header that are looked at; our keys have 70."""

_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +(?P<key>[!-~]+)")


class Caller(NamedTuple):
    """Who asks, and what was kept under the request's Idempotency-Key."""

    client: Client
    stored: Stored | None


class Presented(NamedTuple):
    """A key that may be one of ours, and the part of it by which it is found."""

    prefix: str
    key: str


def presented(headers: Sequence[tuple[bytes, bytes]]) -> Presented:
    """Return the key that the request presents; nobody is asked about it yet.

    Raises KeyMissing when there is not exactly one, KeyInvalid when it cannot be one of ours.
    """
    values = [value.strip(b" \t") for name, value in headers if name == b"authorization"]
    match = _BEARER.fullmatch(values[0][:KEY_LENGTH_MAX]) if len(values) == 1 else None
    if match is None:
        raise KeyMissing("send your key as `Authorization: Bearer prk_…`")
    key = match["key"].decode()
    prefix = api_keys.prefix_of(key)
    if prefix is None:
        raise _invalid()
    return Presented(prefix, key)


_FIND = """
    SELECT a.key_hash, c.id, c.name, c.scopes, c.initialize_limit, c.verify_limit,
           i.fingerprint, i.status, i.headers, i.body
    FROM api_keys a
    JOIN api_clients c ON c.id = a.client_id
    LEFT JOIN idempotency_keys i
        ON (i.client_id, i.method, i.route, i.key)
            = (c.id, %(method)s::text, %(route)s::text, %(key)s::uuid)
       AND i.expires_at > now()
    WHERE a.prefix = %(prefix)s AND a.revoked_at IS NULL AND c.revoked_at IS NULL
      AND (a.expires_at IS NULL OR a.expires_at > now())
"""
"""One round trip for both questions that nearly every request asks first."""


async def find(
    connection: Connection,
    pepper: bytes,
    presented: Presented,
    operation: Operation,
    key: UUID | None,
) -> Caller:
    """Return whoever the key belongs to, asked for anew each time: a revoked key ends at once.

    Raises KeyInvalid.
    """
    cursor = await connection.execute(
        _FIND,
        {
            "prefix": presented.prefix,
            "method": operation.method,
            "route": operation.path,
            "key": key,
        },
    )
    row = await cursor.fetchone()
    expected = api_keys.key_hash(pepper, presented.key)
    if row is None or not hmac.compare_digest(expected, row["key_hash"]):
        raise _invalid()
    kept = None if row["status"] is None else idempotency.stored(row)
    return Caller(_client(row), kept)


def require_scope(client: Client, operation: Operation) -> None:
    """Raise ScopeMissing unless the client may ask for this."""
    if client.scopes.isdisjoint(operation.scopes):
        raise ScopeMissing(f"this needs the scope {' or '.join(operation.scopes)}")


def _client(row: dict[str, Any]) -> Client:
    return Client(
        id=row["id"],
        name=row["name"],
        scopes=api_keys.granted(frozenset(row["scopes"])),
        initialize_limit=row["initialize_limit"],
        verify_limit=row["verify_limit"],
    )


def _invalid() -> KeyInvalid:
    return KeyInvalid("the key is unknown, expired or revoked")
