"""Authentication: who asks, by a key of which only a keyed hash is kept."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from domain import api_keys
from domain.arrays import Texts
from ingress.api.errors import KeyInvalid, KeyMissing, ScopeMissing
from ingress.api.idempotency import Stored
from ingress.api.operation import Client
from ingress.wire import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from ingress.api.operation import Operation
    from ingress.wire import Row, Wire

KEY_LENGTH_MAX = 200
"""Characters of a header that are looked at; our keys have 70."""

_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +(?P<key>[!-~]+)")


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
        raise KeyInvalid("the key is none of ours")
    return Presented(prefix, key)


class Question(NamedTuple):
    """Whose key it is, and what was kept under the request's Idempotency-Key."""

    prefix: str
    operation: Operation
    key: UUID | None


_FIND = Statement(
    b"find_callers",
    """
SELECT given.row, a.key_hash, c.id, c.name, array_to_string(c.scopes, ' '), c.initialize_limit,
       c.verify_limit, i.fingerprint, i.status, i.location, i.body
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    WITH ORDINALITY AS given (prefix, method, route, key, row)
JOIN api_keys a USING (prefix)
JOIN api_clients c ON c.id = a.client_id
LEFT JOIN LATERAL (
    SELECT k.fingerprint, k.status, k.headers ->> 'location' AS location, k.body
    FROM idempotency_keys k
    WHERE (k.client_id, k.method, k.route, k.key) = (c.id, given.method, given.route,
                                                     given.key::uuid)
      AND k.expires_at > now()
    LIMIT 1
) i ON given.key IS NOT NULL
WHERE a.revoked_at IS NULL AND c.revoked_at IS NULL
  AND (a.expires_at IS NULL OR a.expires_at > now())
""",
)
"""One statement for both questions that nearly every request asks first, and for all who ask."""


async def find(wire: Wire, questions: Sequence[Question]) -> Sequence[Row | None]:
    """Return what is known of each; nothing of a key that is unknown, expired or revoked."""
    columns = (
        Texts([each.prefix for each in questions]),
        Texts([each.operation.method for each in questions]),
        Texts([each.operation.path for each in questions]),
        Texts([None if each.key is None else str(each.key) for each in questions]),
    )
    found: list[Row | None] = [None] * len(questions)
    for row in await wire.rows(_FIND, columns):
        found[int.from_bytes(row[0]) - 1] = row[1:]
    return found


def key_hash(row: Row) -> bytes:
    """Return the hash that is kept of the key."""
    kept: bytes = row[0]
    return kept


def may(client: Client, operation: Operation) -> bool:
    """Say whether the client has a scope to ask for this."""
    return not client.scopes.isdisjoint(operation.scopes)


def require_scope(client: Client, operation: Operation) -> None:
    """Raise ScopeMissing unless the client may ask for this."""
    if not may(client, operation):
        raise ScopeMissing(f"this needs the scope {' or '.join(operation.scopes)}")


def client(row: Row) -> Client:
    """Return whose key it is."""
    client_id, name, scopes, initialize_limit, verify_limit = row[1:6]
    return Client(
        id=client_id.decode(),
        name=name.decode(),
        scopes=_granted(scopes),
        initialize_limit=_text(initialize_limit),
        verify_limit=_text(verify_limit),
    )


def stored(row: Row) -> Stored | None:
    """Return what was kept under the request's Idempotency-Key."""
    fingerprint, status, location, body = row[6:]
    if status is None:
        return None
    headers = {} if location is None else {"location": location.decode()}
    return Stored(fingerprint, int.from_bytes(status), headers, body)


@functools.lru_cache(maxsize=100)
def _granted(scopes: bytes) -> frozenset[str]:
    return api_keys.granted(frozenset(scopes.decode().split()))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
