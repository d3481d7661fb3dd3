"""Transactions: an operation, its key and its answer, committed together or not at all."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from ingress import problems
from ingress.api import answer, idempotency
from ingress.api.errors import Decided
from ingress.api.idempotency import Claim
from ingress.api.pool import rollback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ingress.api.answer import Answer
    from ingress.api.idempotency import Slot, Stored
    from ingress.api.operation import Call, Connection, Operation, Outcome, Reply

    Attempt = Callable[[Connection, Call], Awaitable[Outcome]]


class Doing(NamedTuple):
    """An operation that is to be done, or waited for, until `until_s` (loop time) at the latest.

    `slot` is None where no key was sent. `confirm` asks the store whether the caller may still ask,
    and for what was kept in the slot; raises KeyRefused or ScopeMissing.
    """

    operation: Operation
    call: Call
    until_s: float
    slot: Slot | None = None
    confirm: Callable[[], Awaitable[Stored | None]] | None = None


async def read(connection: Connection, doing: Doing) -> Reply:
    """Return the reply, read from one snapshot."""
    try:
        async with connection.pipeline():
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            reply = await doing.operation.run(connection, doing.call)
            await connection.execute("COMMIT")
            return reply
    finally:
        await rollback(connection)


async def write(connection: Connection, doing: Doing) -> Answer:
    """Return the answer: the committed one, or the one that was kept under the key.

    Raises the Refused that it deserves, with nothing changed.
    """
    try:
        return await _attempted(connection, doing) or await _committed(connection, doing)
    except Decided as refused:
        await rollback(connection)
        if doing.slot is None:
            raise
        return await _refusal_kept(connection, doing.slot, refused, doing.call.request_id)
    finally:
        await rollback(connection)


async def _attempted(connection: Connection, doing: Doing) -> Answer | None:
    """Do all in one round trip, and commit; None, with nothing changed, where that fails."""
    if doing.operation.attempt is None:
        return None
    try:
        given = await _attempt(connection, doing, doing.operation.attempt)
    except psycopg.errors.IntegrityError:
        given = None
    if given is None:
        await rollback(connection)
    return given


async def _attempt(connection: Connection, doing: Doing, attempt: Attempt) -> Answer | None:
    """Send first, look afterwards: what a key that was taken forbids is rolled back."""
    claim = None if doing.slot is None else Claim(connection, doing.slot)
    with contextlib.nullcontext() if claim is None else claim.told():
        async with connection.pipeline():
            await connection.execute("BEGIN")
            if claim is not None:
                await claim.send()
            outcome = await attempt(connection, doing.call)
    kept = None if claim is None else await claim.kept()
    if kept is not None and doing.slot is not None:
        return idempotency.replay(kept, doing.slot.fingerprint)
    reply = await outcome()
    if reply is None:
        return None
    given = answer.of(reply)
    await _commit(connection, doing.slot, given)
    return given


async def _committed(connection: Connection, doing: Doing) -> Answer:
    if doing.slot is None:
        await connection.execute("BEGIN")
    else:
        kept = await idempotency.begin(connection, doing.slot)
        if kept is not None:
            return idempotency.replay(kept, doing.slot.fingerprint)
    given = answer.of(await doing.operation.run(connection, doing.call))
    await _commit(connection, doing.slot, given)
    return given


async def _refusal_kept(
    connection: Connection, slot: Slot, refused: Decided, request_id: str
) -> Answer:
    """Keep a refusal, whose effects are undone; return it, or what another came to meanwhile."""
    kept = await idempotency.begin(connection, slot)
    if kept is not None:
        return idempotency.replay(kept, slot.fingerprint)
    given = answer.Answer(refused.http_status, problems.document(refused, request_id))
    await _commit(connection, slot, given)
    return given


async def _commit(connection: Connection, slot: Slot | None, given: Answer) -> None:
    """Commit. Raises psycopg.OperationalError when it is not certain that it was."""
    async with connection.pipeline():
        if slot is not None:
            await idempotency.keep(connection, slot, given)
        commit = await connection.execute("COMMIT")
    if commit.statusmessage != "COMMIT":
        raise psycopg.OperationalError("the transaction had failed before its commit")
