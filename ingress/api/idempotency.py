"""Idempotency: a key makes a request that is sent again the same request.

The key's row is the first thing that a transaction writes and its answer the last, so that key,
effect and answer are one commit: a crash leaves all of them or none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from psycopg.errors import LockNotAvailable
from psycopg.types.json import Jsonb

from ingress.api.answer import Answer
from ingress.api.errors import IdempotencyKeyInUse, IdempotencyKeyInvalid, IdempotencyKeyReused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingress.api.operation import Connection, Operation

HEADER = b"idempotency-key"

KEPT_DAYS = 30
"""Days for which a key is known; after them it is a new one."""

UUID_PATTERN = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_KEY = re.compile(rf'(?P<quote>"?)(?P<uuid>{UUID_PATTERN})(?P=quote)'.encode())


class Slot(NamedTuple):
    """A key in the place where it counts, and the request that it is used for now."""

    client_id: str
    method: str
    route: str
    key: UUID
    fingerprint: bytes

    @property
    def place(self) -> tuple[str, str, str, UUID]:
        """Return the place, whatever request the key is used for."""
        return (self.client_id, self.method, self.route, self.key)


class Stored(NamedTuple):
    """What was kept under a key."""

    fingerprint: bytes
    status: int
    headers: dict[str, str]
    body: bytes


def key_of(headers: Sequence[tuple[bytes, bytes]]) -> UUID | None:
    """Return the request's key: a UUID, bare or as a quoted structured-field string.

    Raises IdempotencyKeyInvalid for anything else, and for two of them.
    """
    values = [value for name, value in headers if name == HEADER]
    if not values:
        return None
    match = _KEY.fullmatch(values[0].strip(b" \t"))
    if len(values) > 1 or match is None:
        raise IdempotencyKeyInvalid("send one Idempotency-Key, and in it one UUID")
    return UUID(match["uuid"].decode())


def fingerprint(
    operation: Operation, path: str, query: Sequence[tuple[str, str]], tree: object
) -> bytes:
    """Return what tells one request from another, SHA-256 (32 bytes).

    The order of keys and the space between them make no difference; every digit does.
    """
    parts = [operation.method, operation.path, path, sorted(query), tree]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=_exact)
    return hashlib.sha256(text.encode()).digest()


def given(slot: Slot | None, stored: Stored | None) -> Answer | None:
    """Return what is stored in the slot as `replay` does; None where nothing is."""
    if slot is None or stored is None:
        return None
    return replay(stored, slot.fingerprint)


def replay(stored: Stored, asked: bytes) -> Answer:
    """Return the stored answer, byte for byte.

    Raises IdempotencyKeyReused when it was given to another request than the one `asked` now.
    """
    if stored.fingerprint != asked:
        raise IdempotencyKeyReused("use a new key for another request")
    return Answer(stored.status, stored.body, stored.headers.get("location"), is_replay=True)


_CLAIM = f"""
    INSERT INTO idempotency_keys AS k (client_id, method, route, key, fingerprint, expires_at)
    VALUES (%(client_id)s, %(method)s, %(route)s, %(key)s, %(fingerprint)s,
            now() + interval '{KEPT_DAYS} days')
    ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO UPDATE
        SET fingerprint = EXCLUDED.fingerprint, status = NULL, headers = NULL, body = NULL,
            created_at = now(), expires_at = EXCLUDED.expires_at
        WHERE k.expires_at <= now()
    RETURNING key
"""

_KEEP = """
    WITH kept AS (
        UPDATE idempotency_keys SET status = %(status)s, headers = %(headers)s, body = %(body)s
        WHERE (client_id, method, route, key) = (%(client_id)s, %(method)s, %(route)s, %(key)s)
        RETURNING key
    )
    SELECT 1 / count(*) FROM kept
"""
"""Fails, and with it the commit that is sent after it unseen, where there is no row to keep in."""

_FIND = """
    SELECT fingerprint, status, headers, body FROM idempotency_keys
    WHERE (client_id, method, route, key) = (%(client_id)s, %(method)s, %(route)s, %(key)s)
      AND expires_at > now()
"""


async def begin(connection: Connection, slot: Slot) -> Stored | None:
    """Begin a transaction with the slot as its first row; return what is there already, if any.

    Raises IdempotencyKeyInUse when another request holds it for longer than the connection's
    `lock_timeout`.
    """
    claim = Claim(connection, slot)
    with claim.told():
        async with connection.pipeline():
            await connection.execute("BEGIN")
            await claim.send()
    return await claim.kept()


class Claim:
    """The first row of a transaction, sent with whatever follows it and looked at afterwards."""

    def __init__(self, connection: Connection, slot: Slot) -> None:
        self._connection = connection
        self._slot = slot
        self._cursor = connection.cursor()

    async def send(self) -> None:
        """Insert the slot; waits while another request holds it."""
        await self._cursor.execute(_CLAIM, self._slot._asdict())

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Raise IdempotencyKeyInUse for a lock that was not had, if it is the slot's own."""
        try:
            yield
        except LockNotAvailable as error:
            if self._cursor.rowcount >= 0:
                raise
            raise IdempotencyKeyInUse from error

    async def kept(self) -> Stored | None:
        """Return what is there already; None where the slot is now this transaction's.

        Raises IdempotencyKeyInUse where it is neither: what was there has just been forgotten.
        """
        if self._cursor.rowcount:
            return None
        found = await find(self._connection, self._slot)
        if found is None:
            raise IdempotencyKeyInUse
        return found


async def find(connection: Connection, slot: Slot) -> Stored | None:
    """Return what is kept in the slot, if anything that was committed is."""
    row = await (await connection.execute(_FIND, slot._asdict())).fetchone()
    return stored(row) if row else None


async def keep(connection: Connection, slot: Slot, answer: Answer) -> None:
    """Write the answer of the transaction that began with the slot."""
    kept = left(slot, answer)
    columns = {"status": kept.status, "headers": Jsonb(kept.headers), "body": kept.body}
    await connection.execute(_KEEP, {**slot._asdict(), **columns})


def left(slot: Slot, answer: Answer) -> Stored:
    """Return what is kept in the slot once the answer is committed."""
    headers = {} if answer.location is None else {"location": answer.location}
    return Stored(slot.fingerprint, answer.status, headers, answer.body)


def stored(row: dict[str, Any]) -> Stored:
    """Return the row's columns as what was kept."""
    return Stored(row["fingerprint"], row["status"], row["headers"], row["body"])


def _exact(value: object) -> object:
    """Write a fraction as what no body can hold: no key of a body has a NUL."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return {"\0": str(value)}
