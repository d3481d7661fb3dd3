"""Once: what changes something is done once, however often and by however many it is asked.

Those with the same key wait for each other before anything is charged or done, then those that
lock the same; and only then a connection is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingress.api import idempotency, transactions
from ingress.api.errors import LimitExceeded

if TYPE_CHECKING:
    from ingress.api.answer import Answer
    from ingress.api.limits import Limits
    from ingress.api.pool import Pool
    from ingress.api.standings import Headers
    from ingress.api.together import Together
    from ingress.api.transactions import Doing
    from ingress.api.turns import Turns


class Once:
    """Does what is asked, within the client's limits."""

    def __init__(self, pool: Pool, together: Together, turns: Turns, limits: Limits) -> None:
        self._pool = pool
        self._together = together
        self._turns = turns
        self._limits = limits

    async def do(self, doing: Doing) -> tuple[Answer, Headers]:
        """Return the answer, and the headers that tell how the client stands.

        An answer that another request was given costs nothing. Raises the Refused it deserves.
        """
        slot = doing.slot
        if slot is None:
            return await self._charged(doing)
        async with self._turns.alone(slot) as queue:
            if queue.left is not None:
                return idempotency.replay(queue.left, slot.fingerprint), []
            given, headers = await self._charged(doing)
            queue.left = idempotency.left(slot, given)
            return given, headers

    async def _charged(self, doing: Doing) -> tuple[Answer, Headers]:
        limit = doing.operation.limit
        if limit is None:
            return await self._done(doing), []
        try:
            charge = await self._limits.take(limit, doing.call.client)
        except LimitExceeded as refused:
            return await self._replayed(doing, refused), []
        given = await self._done(doing)
        if given.is_replay:
            await self._limits.give_back(charge)
            return given, []
        return given, charge.headers

    async def _done(self, doing: Doing) -> Answer:
        turn = None if doing.operation.turn is None else doing.operation.turn(doing.call)
        async with self._turns.take(turn, until_s=doing.until_s):
            given = await self._together.do(doing)
            if given is None and doing.confirm is not None:
                given = idempotency.given(doing.slot, await doing.confirm())
            if given is not None:
                return given
            return await self._pool.write(
                lambda connection: transactions.write(connection, doing), until_s=doing.until_s
            )

    async def _replayed(self, doing: Doing, refused: LimitExceeded) -> Answer:
        """Return what an equal request was answered meanwhile. Raises the refusal if nothing."""
        slot = doing.slot
        if slot is None:
            raise refused
        stored = await self._pool.use(
            lambda connection: idempotency.find(connection, slot), until_s=doing.until_s
        )
        if stored is None:
            raise refused
        return idempotency.replay(stored, slot.fingerprint)
