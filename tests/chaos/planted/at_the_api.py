"""Bugs of the API: keys, answers, limits, refunds and credit."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from tests.chaos.planted.taking import late, put, without

KEPT_LATE_S = 0.05
"""Seconds between the commit of a key and that of its effect."""

KEPT_AFTER_S = 0.2
"""Seconds between the commit of an effect and that of its key."""

_KEEP = """
    INSERT INTO idempotency_keys
        (client_id, method, route, key, fingerprint, status, headers, body, expires_at)
    VALUES (%(client_id)s, %(method)s, %(route)s, %(key)s, %(fingerprint)s, %(status)s,
            %(headers)s, %(body)s, now() + interval '1 day')
    ON CONFLICT DO NOTHING
"""

KEEPING_TRIES_MAX = 40
KEEPING_PAUSE_S = 0.25

_running: set[Any] = set()


def keeps_keys_by_themselves(idempotency: Any) -> None:
    """Commit a key before what it is for."""

    async def send(self: Any) -> None:
        await right(self)
        await self._connection.execute("COMMIT")
        await self._connection.execute("BEGIN")

    right = put(idempotency.Claim, "send", send)


def commits_effects_late(transactions: Any) -> None:
    async def commit(connection: Any, slot: Any, given: Any) -> None:
        await asyncio.sleep(KEPT_LATE_S)
        await right(connection, slot, given)

    right = put(transactions, "_commit", commit)


def claims_no_key(idempotency: Any) -> None:
    """Look whether a key is known, and do not take it."""

    async def send(self: Any) -> None:
        await self._cursor.execute("SELECT 1")

    put(idempotency.Claim, "send", send)


def keeps_keys_afterwards(transactions: Any) -> None:
    """Commit what is asked for, and then the key under which it was asked."""
    idempotency, json = late("ingress.api.idempotency"), late("psycopg.types.json")

    async def commit(connection: Any, slot: Any, given: Any) -> None:
        await connection.execute("COMMIT")
        if slot is None:
            return
        await asyncio.sleep(KEPT_AFTER_S)
        kept = idempotency.left(slot, given)
        named = {**slot._asdict(), **kept._asdict(), "headers": json.Jsonb(kept.headers)}
        await connection.execute(_KEEP, named)

    put(transactions, "_commit", commit)


def does_nothing_together(together: Any) -> None:
    """Have all requests go the general way: a batch has its keys in the same statement."""

    async def do(self: Any, doing: Any) -> None:
        del self, doing

    put(together.Together, "do", do)


def keeps_refusals_of_the_store(once: Any) -> None:
    """Answer a failure of ours for ever, under the key that it befell."""
    problems, errors = late("ingress.problems"), late("ingress.errors")
    answer, idempotency = late("ingress.api.answer"), late("ingress.api.idempotency")

    async def keep(pool: Any, slot: Any, given: Any) -> None:
        async def kept(connection: Any) -> None:
            if await idempotency.begin(connection, slot) is None:
                await idempotency.keep(connection, slot, given)
            await connection.execute("COMMIT")

        for _ in range(KEEPING_TRIES_MAX):
            with contextlib.suppress(Exception):
                await pool.write(kept)
                return
            await asyncio.sleep(KEEPING_PAUSE_S)

    async def done(self: Any, doing: Any) -> Any:
        try:
            return await right(self, doing)
        except errors.StoreUnavailable as refused:
            if doing.slot is not None:
                given = answer.Answer(503, problems.document(refused, doing.call.request_id))
                _running.add(asyncio.create_task(keep(self._pool, doing.slot, given)))
            raise

    right = put(once.Once, "_done", done)


def answers_any_request_of_a_key(idempotency: Any) -> None:
    def replay(stored: Any, asked: bytes) -> Any:
        del asked
        location = stored.headers.get("location")
        return idempotency.Answer(stored.status, stored.body, location, is_replay=True)

    put(idempotency, "replay", replay)


def counts_for_itself(limits: Any) -> None:
    """Count a client's requests in each process alone."""

    async def count(self: Any, window: Any) -> None:
        del self, window

    put(limits.Limits, "_count_shared", count)


def refunds_without_a_lock(refunds: Any) -> None:
    """Look at the payment and at the balance, while others do as well."""
    without(refunds, "_LOCK_PAYMENT", "FOR NO KEY UPDATE")
    without(
        refunds,
        "_LOCK_BALANCE",
        "SELECT balance_minor, version FROM customer_balances\n"
        "    WHERE customer_id = %(customer_id)s AND currency = %(currency)s\n"
        "    FOR NO KEY UPDATE",
        "SELECT balance_minor, version, pg_sleep(0.3) FROM customer_balances\n"
        "    WHERE customer_id = %(customer_id)s AND currency = %(currency)s",
    )


def debits_without_a_lock(credit: Any) -> None:
    """Look at the balance, wait a little, and write what is left of what was seen."""
    without(
        credit,
        "_DEBIT",
        "SELECT balance_minor, version FROM customer_balances\n"
        "        WHERE customer_id = %(customer_id)s AND currency = %(currency)s\n"
        "        FOR NO KEY UPDATE",
        "SELECT balance_minor, version, pg_sleep(0.3) FROM customer_balances\n"
        "        WHERE customer_id = %(customer_id)s AND currency = %(currency)s",
    )


def spends_under_any_name(credit: Any) -> None:
    """Go on where the constraint is gone by which a statement knows a reference."""
    named = "ON CONFLICT ON CONSTRAINT sms_transactions_reference_once DO NOTHING"
    without(credit, "_DEBIT", named)
