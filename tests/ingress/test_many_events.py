"""Deliveries of as many events as a provider documents, through a real door into a real store."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import pytest

from domain.delivery import KeyedEvent
from ingress.entry import Arrival, Group, entries
from tests.ingress.serving import BODY_BYTES_MAX, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingress.serving import Answer, Door

SECRET = "gocardless-test-0123456789abcdef"
EVENTS = 200


@pytest.fixture
def door(database_url: str, redis_url: str) -> Iterator[Door]:
    environment = {"GOCARDLESS_WEBHOOK_SECRET": SECRET}
    with serving(database_url, redis_url, environment=environment) as door:
        yield door


def delivery(number: int, *, note: str = "") -> bytes:
    events = [{"id": f"EV{number}-{n}", "links": {"payment": f"PM{n}"}} for n in range(EVENTS)]
    body = json.dumps({"events": events, "note": note}).encode()
    assert len(body) <= BODY_BYTES_MAX
    return body


def send(door: Door, body: bytes) -> Answer:
    code = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = [("Webhook-Signature", code)]
    return door.post(body, path="/webhooks/gocardless", headers=headers)


def test_a_delivery_of_many_events_is_kept_whole_once_and_not_with_each_of_them(door: Door) -> None:
    body = delivery(1)

    assert send(door, body).json["status"] == "accepted"

    kept = [bytes(each) for (each,) in door.rows("SELECT body FROM inbound_events ORDER BY id")]
    assert kept.count(body) == 1
    assert len(kept) == EVENTS
    assert sum(map(len, kept)) < 3 * len(body)


def test_a_delivery_that_repeats_events_beside_other_words_adds_no_event(door: Door) -> None:
    first = send(door, delivery(1))
    again = send(door, delivery(1, note="sent anew"))

    assert (first.json["status"], again.json["status"]) == ("accepted", "duplicate")
    assert door.count("inbound_events") == EVENTS
    assert door.count("inbound_variants") == 1


def test_a_group_weighs_what_is_kept_of_all_its_events() -> None:
    async def weight_bytes() -> int:
        arrival = Arrival("odd", "default", None, b"x" * 100, b"{}", "k", "r", None)
        events = (KeyedEvent("1", None), KeyedEvent("2", None), KeyedEvent("3", None, body=b"y"))
        group = Group(entries(arrival, events), asyncio.get_running_loop().create_future(), 0.0)
        return group.size_bytes

    assert asyncio.run(weight_bytes()) == 201
