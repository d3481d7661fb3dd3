"""Callers: who asks, found in the store, and for a moment known without it.

A caller who is only remembered has not been let in yet: either the statement that does what it asks
for looks at the key itself, or the store is asked before anything is answered. So a key that was
revoked is refused at once, and a service that asks often is looked up once in a while.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, NamedTuple

from domain import api_keys
from ingress.api import authentication
from ingress.api.authentication import Question
from ingress.api.errors import KeyInvalid

if TYPE_CHECKING:
    from uuid import UUID

    from ingress.api.authentication import Presented
    from ingress.api.gathering import Gathering
    from ingress.api.idempotency import Stored
    from ingress.api.operation import Client, Operation
    from ingress.wire import Row

REMEMBERED_S = 1.0
"""Seconds for which a caller is remembered. So long a new limit may not be heard of."""

CALLERS_MAX = 10_000
"""Callers remembered; there are far fewer clients."""


class Proof(NamedTuple):
    """What shows whose key it is: its prefix, and the hash that is kept of it."""

    prefix: str
    key_hash: bytes


class Caller(NamedTuple):
    """Who asks, and what was kept under the request's Idempotency-Key when the store was asked."""

    client: Client
    proof: Proof
    stored: Stored | None = None
    is_remembered: bool = False


class Callers:
    """Finds callers by the keys that they present."""

    def __init__(self, pepper: bytes, rows: Gathering[Question, Row | None]) -> None:
        self._pepper = pepper
        self._rows = rows
        self._remembered: dict[Proof, tuple[Client, float]] = {}

    def remembered(self, presented: Presented) -> Caller | None:
        """Return who presented the key a moment ago, who may have lost it since."""
        proof = self._proof(presented)
        client, until_s = self._remembered.get(proof, (None, 0.0))
        if client is None or asyncio.get_running_loop().time() >= until_s:
            return None
        return Caller(client, proof, is_remembered=True)

    async def find(
        self, presented: Presented, operation: Operation, key: UUID | None, *, until_s: float
    ) -> Caller:
        """Return whoever the key belongs to now. Raises KeyInvalid; StoreUnavailable."""
        proof = self._proof(presented)
        row = await self._rows.find(Question(presented.prefix, operation, key), until_s=until_s)
        if row is None or not hmac.compare_digest(proof.key_hash, authentication.key_hash(row)):
            self._remembered.pop(proof, None)
            raise KeyInvalid("the key is unknown, expired or revoked")
        client = authentication.client(row)
        if len(self._remembered) >= CALLERS_MAX:
            self._remembered.clear()
        self._remembered[proof] = (client, asyncio.get_running_loop().time() + REMEMBERED_S)
        return Caller(client, proof, authentication.stored(row))

    def _proof(self, presented: Presented) -> Proof:
        return Proof(presented.prefix, api_keys.key_hash(self._pepper, presented.key))
