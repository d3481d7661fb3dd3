"""Whose turn it is: commands that wait are left alone, and those that must not wait do not."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from domain import calls, retry
from domain.commands import CommandKind
from domain.errors import OutcomeUnknown, ProviderAway
from domain.wakeup import Lane
from tests.calling.provider import AWAY, LOST_BEFORE
from tests.workers.scene import WAIT_S, wait_until
from workers.calling.perform import perform
from workers.calling.rooms import Rooms
from workers.store import inbox

if TYPE_CHECKING:
    from tests.calling.desk import Desk
    from tests.calling.provider import Provider

INITIALIZE, VERIFY = CommandKind.INITIALIZE, CommandKind.VERIFY
WRITES_THAT_FAIL = 6
PUT_OFF_TIMES = 12


def due_in_s(desk: Desk, event_id: int) -> float:
    query = (
        "SELECT extract(epoch FROM next_at - now())::float FROM inbound_work WHERE event_id = %s"
    )
    waits_s: float = desk.value(query, [event_id])
    return waits_s


def ring_now(desk: Desk, event_id: int) -> None:
    with desk.database.transaction() as tx:
        tx.execute("UPDATE inbound_work SET next_at = now() WHERE event_id = %s", [event_id])
        rung = inbox.ring_again(
            tx,
            lane=Lane.CALLS,
            limit=1,
            first_s=retry.RING_DELAY_S_FIRST,
            longest_s=retry.RING_DELAY_S_MAX,
        )
    assert [item.event_id for item in rung] == [event_id]


def test_a_ring_that_comes_too_early_does_not_end_a_pause(desk: Desk, provider: Provider) -> None:
    event_id = desk.given_initialize(AWAY)

    assert desk.ring(event_id) == "waits"

    assert provider.made("initialize") == ["p1"]
    assert 4 < due_in_s(desk, event_id) <= 7


def test_a_refund_that_must_show_first_waits_whoever_rings(desk: Desk, provider: Provider) -> None:
    event_id = desk.given_refund(LOST_BEFORE)
    assert desk.perform(event_id) == "waits"
    asked = len(provider.made("look_up"))

    assert desk.ring(event_id) == "waits"
    with desk.database.transaction() as tx:
        inbox.put_off(tx, event_id, delay_s=2.0)

    assert len(provider.made("look_up")) == asked
    assert due_in_s(desk, event_id) > 100


def test_a_command_that_was_put_off_often_is_rung_for_soon_when_its_worker_dies(
    desk: Desk,
) -> None:
    event_id = desk.order(VERIFY)
    for _ in range(PUT_OFF_TIMES):
        ring_now(desk, event_id)
        with desk.database.transaction() as tx:
            inbox.put_off(tx, event_id, delay_s=2.0)

    ring_now(desk, event_id)  # and nobody hears it

    assert due_in_s(desk, event_id) < 10


def test_commands_about_a_payment_that_is_being_called_about_take_no_room(
    desk: Desk, provider: Provider
) -> None:
    """Without the lock of Redis too, and at once: others of the account need the rooms."""
    desk.make_known("p1")
    first = desk.order(INITIALIZE)
    others = [desk.order(VERIFY, number=str(number)) for number in range(3)]
    rooms = Rooms(places=1)
    became: list[object] = []

    def do(event_id: int) -> object:
        return perform(desk.database, provider, desk.locks, event_id, worker="test", rooms=rooms)

    def meanwhile() -> None:
        desk.at_once(1, lambda _: became.extend(do(event_id) for event_id in others))

    provider.goes["initialize"] = [meanwhile]
    do(first)

    assert became == ["in_hand"] * 3


def test_a_command_whose_row_is_being_looked_at_is_waited_for(
    desk: Desk, provider: Provider
) -> None:
    """The relay's sweep holds rows for a moment; the ring for them must not be lost by it."""
    event_id = desk.ask_payment()
    became: list[str] = []
    with desk.database.transaction() as tx:
        inbox.ring_again(tx, lane="calls", limit=1, first_s=3.0, longest_s=600.0)
        tx.execute("SELECT 1 FROM inbound_work WHERE event_id = %s FOR UPDATE", (event_id,))
        thread = threading.Thread(
            target=desk.at_once, args=(1, lambda _: became.append(desk.ring(event_id)))
        )
        thread.start()
        wait_until(lambda: desk.value("SELECT count(*) FROM pg_locks WHERE NOT granted") or became)
    thread.join(WAIT_S)

    assert became == ["applied"]
    assert provider.made("initialize") == ["p1"]


def test_an_answer_is_kept_trying_while_the_store_is_away(desk: Desk, provider: Provider) -> None:
    """A failover lasts longer than a few tries, and the answer has the only URL."""
    event_id = desk.ask_payment()
    desk.execute("CREATE SEQUENCE writes")

    def break_the_store() -> None:
        desk.break_for(
            "p1",
            f"IF nextval('writes') <= {WRITES_THAT_FAIL} THEN"
            " RAISE EXCEPTION 'in failover' USING ERRCODE = 'cannot_connect_now'; END IF",
        )

    provider.goes["initialize"] = [break_the_store]

    assert desk.perform(event_id) == "applied"

    assert desk.url_of() == "https://pay.example/p1"
    assert provider.calls == [("initialize", "p1")]


@pytest.mark.parametrize(
    ("asked_s", "waits_s"),
    [(None, 5.0), (-1.0, 5.0), (2.0, 5.0), (60.0, 60.0), (600.0, 600.0), (86_400.0, 600.0)],
)
def test_a_provider_is_given_the_pause_it_asks_for_up_to_ten_minutes(
    asked_s: float | None, waits_s: float
) -> None:
    assert calls.pause_s(ProviderAway("busy", retry_after_s=asked_s), 5.0) == waits_s
    assert calls.pause_s(OutcomeUnknown("lost"), 5.0) == 5.0
