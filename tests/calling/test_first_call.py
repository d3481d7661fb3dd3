"""The first call of an account says which world it is in, whether it is answered or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.commands import CommandKind
from domain.delivery import Mode
from tests.calling.test_other_world import asked_at
from tests.clients import objects
from tests.clients.scripted import ScriptedProvider, answer
from tests.simulator.provider import simulated
from workers.calling.begin_together import Beginners, Started
from workers.calling.rooms import Rooms
from workers.telling import nobody

if TYPE_CHECKING:
    from tests.calling.desk import Desk

INITIALIZE, VERIFY = CommandKind.INITIALIZE, CommandKind.VERIFY


@pytest.mark.parametrize("kind", [INITIALIZE, VERIFY])
def test_in_doubt_it_still_pins_the_world_of_its_key(desk: Desk, kind: CommandKind) -> None:
    """A key of the other world knows nothing of the payment, and proves nothing by that."""
    desk.make_known("p1")
    with simulated(seed=7) as there, asked_at(desk, there.url_paystack, "sk_test_x"):
        there.set_faults("initialize:drop_after_effect:1.0")
        in_doubt = desk.order(INITIALIZE)
        desk.perform(in_doubt)
    assert desk.rows("SELECT source, account, mode FROM source_modes") == [
        ("paystack", "default", "test")
    ]
    desk.age_calls(130)
    desk.execute("UPDATE inbound_work SET next_at = now()")
    if kind is VERIFY:  # the other command was set aside and discarded
        desk.execute("DELETE FROM inbound_work WHERE event_id = %s", [in_doubt])

    with ScriptedProvider() as other, asked_at(desk, other.url, "sk_live_x"):
        other.plays(answer(404, objects.refused("No", "transaction_not_found")))
        event_id = desk.order(kind, number="1") if kind is VERIFY else in_doubt
        desk.perform(event_id)

    assert [heard.method for heard in other.heard] == ["GET"]
    assert desk.state("p1") == "processing"
    assert desk.letters() == [(event_id, "mode_mismatch", "open")]
    assert desk.problems() == []


def test_begun_with_others_it_pins_the_world_of_its_key_too(desk: Desk) -> None:
    desk.provider.mode = Mode.TEST
    desk.make_known("p1", "p2")
    event_ids = [desk.order(INITIALIZE, reference) for reference in ("p1", "p2")]
    beginners = Beginners(desk.database, desk.provider, desk.locks, "test", nobody, Rooms(8))

    started = beginners.begin(event_ids)

    assert len([each for each in started if isinstance(each, Started)]) == len(event_ids)
    assert desk.rows("SELECT source, account, mode, event_id FROM source_modes") == [
        ("paystack", "default", "test", event_ids[0])
    ]


def test_a_key_that_does_not_say_its_world_pins_none(desk: Desk) -> None:
    desk.make_known("p1")
    with simulated(seed=7) as there, asked_at(desk, there.url_paystack, "sk_x"):
        there.set_faults("initialize:reset_before_effect:1.0")
        desk.do(INITIALIZE)

    assert desk.rows("SELECT 1 FROM source_modes") == []
