"""Two processes that are asked for the same at the same moment make it once between them."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.api.rivals import at_once
from tests.api.serving import Service, api_serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingress.serving import Door

PAYMENTS = 11
ASKED = 5
"""How often each payment is asked for, by way of one door or the other."""

TABLES = ("payment_logs", "idempotency_keys", "inbound_work", "inbound_events", "inbound_dedup")


@pytest.fixture
def twins(shop: Service, redis_url: str) -> Iterator[tuple[Service, Service]]:
    """The same client at two doors."""
    with api_serving(shop.door.database_url, redis_url) as beside:
        yield shop, dataclasses.replace(shop, door=beside)


def test_a_key_that_both_doors_get_is_one_payment_and_one_answer(
    door: Door, twins: tuple[Service, Service]
) -> None:
    keys = [str(uuid.uuid4()) for _ in range(PAYMENTS)]
    for twin in twins:
        assert twin.create(key=str(uuid.uuid4())).status == 202
    answers = at_once(
        lambda number: twins[number % 2].create(
            key=keys[number % PAYMENTS], reference=f"order-{number % PAYMENTS}"
        ),
        PAYMENTS * ASKED,
    )
    assert {each.status for each in answers} <= {202, 409}
    for number, key in enumerate(keys):
        said = {each.body for each in answers[number::PAYMENTS] if each.status == 202}
        again = {twin.create(key=key, reference=f"order-{number}").body for twin in twins}
        assert said <= again
        assert len(again) == 1
    assert {door.count(table) for table in TABLES} == {PAYMENTS + len(twins)}


def test_a_reference_that_both_doors_get_is_one_payment(
    door: Door, twins: tuple[Service, Service]
) -> None:
    answers = at_once(
        lambda number: twins[number % 2].create(reference=f"order-{number % PAYMENTS}"),
        PAYMENTS * ASKED,
    )
    assert sorted(each.status for each in answers) == [200] * (ASKED - 1) * PAYMENTS + [202] * (
        PAYMENTS
    )
    assert {door.count(table) for table in TABLES if table != "idempotency_keys"} == {PAYMENTS}
