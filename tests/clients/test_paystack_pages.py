"""Paystack is asked for its list, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from domain.money import Money
from tests.clients import objects
from tests.clients.paystack_heard import webhook_facts
from tests.clients.scripted import ScriptedProvider, answer

if TYPE_CHECKING:
    from workers.clients.paystack import PaystackClient


def test_a_page_lists_what_was_made_and_tells_the_facts_of_what_was_paid(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    made = [
        objects.transaction(),
        objects.transaction(id=2, status="abandoned", reference="ORD-2"),
        objects.transaction(id=3, reference="not ours !", currency="XXX"),
    ]
    provider.plays(answer(200, {"status": True, "data": made, "meta": {"page": 1, "pageCount": 2}}))

    page = paystack_client.page(since_s=1_772_431_200, until_s=1_772_434_800, cursor=None)

    url = urlsplit(provider.heard[0].target)
    assert url.path == "/transaction"
    assert dict(parse_qsl(url.query)) == {
        "from": "2026-03-02T06:00:00.000Z",
        "to": "2026-03-02T07:00:00.000Z",
        "perPage": "100",
        "page": "1",
    }
    paid, left, strange = page.items
    assert paid.facts == webhook_facts("charge.success", objects.transaction())
    assert (paid.object_id, paid.reference, paid.at_s) == ("302961", "ORD-1", 1_772_431_200)
    assert (left.status, left.facts, left.amount) == ("abandoned", (), Money("NGN", 125_000))
    assert (strange.reference, strange.facts, strange.amount) == (None, (), None)
    assert page.next_cursor == "2"


def test_the_last_page_has_no_next(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(
        answer(200, {"status": True, "data": [objects.transaction()], "meta": {"pageCount": 2}})
    )

    page = paystack_client.page(since_s=0, until_s=1, cursor="2")

    assert provider.heard[0].target.endswith("&page=2")
    assert page.next_cursor is None
