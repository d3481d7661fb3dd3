from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ingress.statements import VARIANTS_MAX
from tests.ingress.serving import charge

if TYPE_CHECKING:
    from tests.ingress.serving import Door


def test_a_second_delivery_is_a_duplicate_of_the_first(door: Door) -> None:
    first = door.post(charge()).json
    second = door.post(charge()).json

    assert second == {"status": "duplicate", "event_id": first["event_id"]}
    assert (door.count("inbound_events"), door.count("inbound_variants")) == (1, 0)


def test_other_bytes_that_claim_the_same_are_kept_beside_the_first(door: Door) -> None:
    first = door.post(charge(note="pending 1")).json
    second = door.post(charge(note="pending 0")).json
    door.post(charge(note="pending 0"))

    assert second == {"status": "duplicate", "event_id": first["event_id"]}
    assert door.rows("SELECT event_id, body FROM inbound_variants") == [
        (int(first["event_id"]), charge(note="pending 0"))
    ]
    assert door.count("inbound_events") == 1


def test_no_number_of_other_bytes_takes_more_than_so_much_room(door: Door) -> None:
    first = door.post(charge()).json
    answers = [door.post(charge(note=f"{n}")).json for n in range(VARIANTS_MAX + 5)]

    assert answers == [{"status": "duplicate", "event_id": first["event_id"]}] * len(answers)
    assert (door.count("inbound_events"), door.count("inbound_variants")) == (1, VARIANTS_MAX)


def test_other_bytes_that_claim_other_money_are_an_event_of_their_own(door: Door) -> None:
    first = door.post(charge(amount=5_000)).json
    second = door.post(charge(amount=5_001)).json
    third = door.post(charge(amount=5_001)).json

    assert second["status"] == "accepted"
    assert second["event_id"] != first["event_id"]
    assert third == {"status": "duplicate", "event_id": second["event_id"]}
    keys = [key for (key,) in door.rows("SELECT event_key FROM inbound_events ORDER BY id")]
    assert len(keys) == 2
    assert keys[1].startswith(keys[0] + "#")
    assert (door.count("inbound_work"), door.count("inbound_variants")) == (2, 0)


def test_two_unreadable_redeliveries_of_one_key_are_one_event(door: Door) -> None:
    tree = json.loads(charge())
    tree["data"]["amount"] = "not a number"
    first = door.post(json.dumps(tree).encode()).json
    tree["data"]["amount"] = "no number either"
    second = door.post(json.dumps(tree).encode()).json

    assert second == {"status": "duplicate", "event_id": first["event_id"]}
    assert door.count("inbound_variants") == 1
