"""The store went away while a call was begun: whether it is written nobody knew. It is not made."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg

from tests.calling.threads import running
from tests.workers.scene import wait_until
from workers.calling.batches import Batches
from workers.calling.perform import perform
from workers.calling.pool import CallPool
from workers.calling.rooms import Rooms
from workers.database import Database
from workers.telling import nobody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.calling.desk import Desk
    from tests.calling.provider import Provider
    from workers.database import Transaction

WITHIN_S = 10.0
"""Far less than the half minute for which a call is live that nobody ends."""


class LosesReply(Database):
    """Loses the reply to the first commit after which a call is live: the call is written."""

    is_lost = False

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True, snapshot: bool = False) -> Iterator[Transaction]:
        with super().transaction(durable=durable, snapshot=snapshot) as tx:
            yield tx
            row = tx.execute("SELECT 1 FROM provider_calls WHERE ended_at IS NULL").fetchone()
        if row is not None and not self.is_lost:
            self.is_lost = True
            raise psycopg.OperationalError("the reply was lost")


def work_off(desk: Desk, provider: Provider, event_id: int) -> list[tuple[str, str, str | None]]:
    """Perform the command as a worker does; return how its calls ended."""
    database = LosesReply(desk.url, name="worker", generic_plans=True)
    rooms = Rooms(2)
    batches = Batches(database, provider, desk.locks, worker="w1", tell=nobody, rooms=rooms)

    def act(event_id: int) -> object:
        clients, locks = provider, desk.locks
        return perform(database, clients, locks, event_id, worker="w1", batches=batches)

    pool = CallPool(act, threads=2, end=database.close, rooms=rooms, batches=batches.threads)
    with running(pool):
        pool.put([event_id])
        wait_until(lambda: event_id not in desk.owed(), within_s=WITHIN_S)
    query = "SELECT kind, outcome, error_class FROM provider_calls WHERE event_id = %s ORDER BY id"
    return [(row[0], row[1], row[2]) for row in desk.rows(query, [event_id])]


def test_a_first_call_begun_without_knowing_is_looked_up_and_made_soon(
    desk: Desk, provider: Provider
) -> None:
    calls = work_off(desk, provider, desk.ask_payment())

    assert calls == [
        ("initialize", "unknown", "Unwritten"),
        ("verify", "answered", None),
        ("initialize", "answered", None),
    ]
    assert provider.made("initialize") == ["p1"]
    assert desk.url_of() == "https://pay.example/p1"


def test_a_refund_begun_without_knowing_was_certainly_not_sent(
    desk: Desk, provider: Provider
) -> None:
    """Were it in doubt, it would wait for minutes until the provider must show it."""
    desk.pay()

    calls = work_off(desk, provider, desk.ask_refund("rf1", 400))

    assert calls == [("refund", "not_sent", "NotBegun"), ("refund", "answered", None)]
    assert provider.made("refund") == ["rf1"]
