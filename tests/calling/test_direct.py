"""Without Redis: commands of an account that hangs do not hide those of the others."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from domain.commands import Command, CommandKind
from tests.calling.threads import JOIN_S, QUICK, SLOW, claiming, running
from tests.workers.scene import wait_until
from workers.calling.pool import WAITING_MAX, CallPool
from workers.calling.rooms import NoRoom
from workers.commands import enqueue

if TYPE_CHECKING:
    from tests.calling.desk import Desk
    from tests.local.valkey import Valkey


def order(desk: Desk, account: tuple[str, str], count: int) -> list[int]:
    """Order so many verifications at one account; return their events."""
    commands = [
        Command(CommandKind.VERIFY, *account, f"{account[0]}-{n}", "client:shop")
        for n in range(count)
    ]
    with desk.database.transaction() as tx:
        return enqueue(tx, commands, request_id="r1")


def test_without_redis_an_account_that_hangs_keeps_no_other_from_being_called(
    desk: Desk, own_valkey: Valkey
) -> None:
    slow = set(order(desk, SLOW, 2 * WAITING_MAX))
    [quick] = order(desk, QUICK, 1)
    own_valkey.kill()
    go_on, done = threading.Event(), threading.Event()

    def perform(event_id: int) -> NoRoom | str:
        account = SLOW if event_id in slow else QUICK
        if not pool.rooms.enter(account):
            return NoRoom(account)
        if account == SLOW:
            go_on.wait(JOIN_S)
        elif event_id == quick:
            done.set()
        pool.rooms.leave(account)
        return "applied"

    with running(CallPool(perform, threads=2)) as pool, claiming(desk, own_valkey, pool):
        try:
            wait_until(done.is_set, within_s=JOIN_S)
        finally:
            go_on.set()
