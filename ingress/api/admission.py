"""Admission: whether the one who asks may, and what it costs to ask without a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.addresses import client_address
from ingress.api import authentication
from ingress.api.errors import KeyRefused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from starlette.types import Scope

    from domain.addresses import Network
    from ingress.api.authentication import Presented
    from ingress.api.callers import Caller, Callers
    from ingress.api.idempotency import Stored
    from ingress.api.last_used import LastUsed
    from ingress.api.limits import Limits
    from ingress.api.operation import Operation


class Gate(NamedTuple):
    """What all requests of one process are let in by."""

    callers: Callers
    limits: Limits
    last_used: LastUsed
    trusted_proxies: Sequence[Network]


class Admission:
    """One request that wants to be let in. `key` is its Idempotency-Key."""

    def __init__(
        self, gate: Gate, operation: Operation, scope: Scope, key: UUID | None, until_s: float
    ) -> None:
        self._gate = gate
        self._operation = operation
        self._scope = scope
        self._key = key
        self._until_s = until_s

    async def caller(self) -> Caller:
        """Return who asks; one who `is_remembered` must be confirmed before anything is answered.

        Raises KeyRefused; LimitExceeded for one who fails too often; ScopeMissing.
        """
        return await self._admitted(may_remember=self._operation.batch is not None)

    async def confirmed(self) -> Stored | None:
        """Ask the store who asks. Return what is kept under the request's key; raises as above."""
        return (await self._admitted(may_remember=False)).stored

    async def _admitted(self, *, may_remember: bool) -> Caller:
        gate = self._gate
        address = client_address(self._scope, gate.trusted_proxies)
        try:
            presented = authentication.presented(self._scope["headers"])
            if not gate.last_used.knows(presented.prefix):
                gate.limits.require_welcome(address)
            caller = await self._found(presented, may_remember=may_remember)
        except KeyRefused as refused:
            await gate.limits.take_unauthenticated(address)
            raise refused from None
        gate.last_used.note(presented.prefix)
        authentication.require_scope(caller.client, self._operation)
        return caller

    async def _found(self, presented: Presented, *, may_remember: bool) -> Caller:
        """Return who presented the key. What a remembered one may not is asked of the store."""
        callers = self._gate.callers
        known = callers.remembered(presented) if may_remember else None
        if known is not None and authentication.may(known.client, self._operation):
            return known
        return await callers.find(presented, self._operation, self._key, until_s=self._until_s)
