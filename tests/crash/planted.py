"""Planted: mistakes that a crash shows, made in the process that plays and nowhere else.

Each takes the place of a function of ours after the process was forked and before its story.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

from ingress.api import idempotency, transactions
from ingress.entry import Kept
from ingress.group_commit import GroupCommit
from workers.store import operators

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingress.api.answer import Answer
    from ingress.api.idempotency import Slot
    from ingress.api.operation import Connection
    from workers.database import Transaction

_KEEP = """
    INSERT INTO idempotency_keys (client_id, method, route, key, fingerprint, status, headers, body,
                                  expires_at)
    VALUES (%(client_id)s, %(method)s, %(route)s, %(key)s, %(fingerprint)s, %(status)s, %(headers)s,
            %(body)s, now() + interval '1 day')
"""


class Bug(NamedTuple):
    """A mistake, the story that shows it, and a word of what is then said."""

    scenario: str
    plant: Callable[[], None]
    shows: str


def _note_apart() -> None:
    """Commit what a person does before it is noted who did it."""
    inner = operators.note

    def note(tx: Transaction, *given: Any, **named: Any) -> None:
        tx.execute("COMMIT")
        tx.execute("BEGIN")
        inner(tx, *given, **named)

    vars(operators)["note"] = note


def _answer_first() -> None:
    """Answer a webhook, and keep it then."""
    inner, under_way = GroupCommit.keep, set()

    async def keep(self: GroupCommit, entries: Any) -> Kept:
        under_way.add(asyncio.ensure_future(inner(self, entries)))
        return Kept(1, fresh=True)

    setattr(GroupCommit, "keep", keep)  # noqa: B010 - a name of a class is not assigned to


def _key_apart() -> None:
    """Commit what is asked for, and then the key under which it was asked."""

    async def send(self: Any) -> None:
        await self._cursor.execute("SELECT 1")

    async def commit(connection: Connection, slot: Slot | None, given: Answer) -> None:
        await connection.execute("COMMIT")
        if slot is not None:
            kept = idempotency.left(slot, given)
            named = {**slot._asdict(), **kept._asdict(), "headers": Jsonb(kept.headers)}
            await connection.execute(_KEEP, named)

    setattr(idempotency.Claim, "send", send)  # noqa: B010 - a name of a class is not assigned to
    vars(transactions)["_commit"] = commit


BUGS = {
    "who did it is noted in a transaction of its own": Bug(
        "a person corrects a payment", _note_apart, "missing in operator_actions"
    ),
    "a webhook is answered before it is kept": Bug(
        "webhooks that are new", _answer_first, "missing in inbound_events"
    ),
    "the key of a request has a transaction of its own": Bug(
        "refunds that are asked for", _key_apart, "too much in refunds"
    ),
}
