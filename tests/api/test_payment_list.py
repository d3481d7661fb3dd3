"""Payments are listed newest first, page by page, and by what is asked for."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import dict_row

from domain.transitions import State
from ingress.api import listing
from ingress.api.cursor import Cursors
from ingress.api.models_payments import Choice, PaymentPage
from ingress.api.operation import Call, Client
from tests.api.payments_seen import move, pointers
from tests.api.serving import Service, execute
from tests.ingress.serving import until

if TYPE_CHECKING:
    from tests.ingress.serving import Door

CURSORS = Cursors(b"a key for tests", "shop")
SHOP = Client("shop", "shop", frozenset())


def test_a_list_by_state_is_walked_past_what_is_looked_through_for_one_page(
    door: Door, shop: Service
) -> None:
    for number in range(8):
        shop.create(reference=f"order-{number}")
    move(door, "order-0", "completed")
    move(door, "order-6", "completed")

    pages = asyncio.run(walked(door, State.COMPLETED, scanned_max=3))

    assert pages == [["order-6"], [], ["order-0"]]


async def walked(door: Door, state: State, *, scanned_max: int) -> list[list[str]]:
    """Ask the operation itself for page after page, with less to look through than it has."""
    pages: list[list[str]] = []
    cursor: str | None = None
    async with await psycopg.AsyncConnection.connect(
        door.database_url, row_factory=dict_row
    ) as connection:
        while not pages or cursor is not None:
            asked = {
                "client": SHOP,
                "query": Choice(state=state, cursor=cursor),
                "cursors": CURSORS,
            }
            # Of a request these are all that it looks at.
            call = Call._make(asked.get(name) for name in Call._fields)
            reply = await listing.list_payments(connection, call, scanned_max=scanned_max)
            assert isinstance(reply.body, PaymentPage)
            pages.append([each.reference for each in reply.body.items])
            cursor = reply.body.next_cursor
    return pages


def test_a_customers_payments_are_found_quickly_among_very_many(door: Door, shop: Service) -> None:
    execute(
        door,
        "INSERT INTO payment_logs (reference, client_id, customer_id, provider, account,"
        " amount_minor, currency, announced_by, head_hash) SELECT 'm' || n, 'shop', CASE WHEN n < 3"
        " THEN 'rare' ELSE 'many' END, 'paystack', 'default', 1, 'NGN', 'client:shop', sha256('')"
        " FROM generate_series(1, 20000) n",
    )
    read = (
        "SELECT coalesce(sum(heap_blks_hit + heap_blks_read), 0)::int FROM pg_statio_user_tables"
        " WHERE relname = 'payment_logs'"
    )
    inserted = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'payment_logs'"
    until(lambda: door.rows(inserted) == [(20_000,)])
    [[before]] = door.rows(read)
    for _ in range(10):
        page = shop.ask("GET", "/v1/payments?customer_id=rare").json
        assert [each["reference"] for each in page["items"]] == ["m2", "m1"]
    time.sleep(1.1)  # statistics of a connection are told once a second, when it is used
    shop.ask("GET", "/v1/payments?customer_id=rare")
    [[after]] = door.rows(read)
    assert after - before < 500


def test_a_list_is_walked_from_the_newest_to_the_oldest_and_misses_nothing(
    shop: Service, other: Service
) -> None:
    other.create(reference="theirs")
    for number in range(7):
        shop.create(reference=f"order-{number}")
    found: list[str] = []
    query = "?limit=3"
    while query:
        page = shop.ask("GET", f"/v1/payments{query}").json
        found += [each["reference"] for each in page["items"]]
        cursor = page["next_cursor"]
        query = f"?limit=3&cursor={cursor}" if cursor else ""
        if len(found) == 3:
            shop.create(reference="came-later")
    assert found == [f"order-{number}" for number in range(6, -1, -1)]


def test_a_list_is_of_what_is_asked_for(door: Door, shop: Service) -> None:
    shop.create(reference="a", customer_id="one")
    shop.create(reference="b", customer_id="two")
    shop.create(reference="c", customer_id="two", provider="stripe")
    move(door, "b", "completed")

    def found(query: str) -> list[str]:
        items = shop.ask("GET", f"/v1/payments?{query}").json["items"]
        return [each["reference"] for each in items]

    assert found("customer_id=two") == ["c", "b"]
    assert found("state=completed") == ["b"]
    assert found("provider=stripe&customer_id=two") == ["c"]
    assert found("customer_id=three") == []


NO_QUERY = [
    *("limit=0", "limit=101", "limit=x", "limit=", "state=paid", "state=", "provider=x"),
    *("customer_id=a%20b", "customer_id=%00", "cursor=x", "cursor=", "cursor=%C3%A9"),
    *("cursor=" + "A" * 501, "more=1", "limit=1&limit=2"),
]


def test_a_query_that_means_nothing_is_refused(shop: Service) -> None:
    for query in NO_QUERY:
        [pointer] = pointers(shop.ask("GET", f"/v1/payments?{query}"))
        assert pointer == f"?{query.partition('=')[0]}"


def test_a_cursor_is_good_only_as_it_was_given_for_that_list_and_that_client(
    shop: Service, other: Service
) -> None:
    for _ in range(3):
        shop.create()
        other.create()
    cursor = shop.ask("GET", "/v1/payments?limit=1").json["next_cursor"]
    assert shop.ask("GET", f"/v1/payments?cursor={cursor}").status == 200
    forged = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for ask, query in (
        (shop, f"cursor={forged}"),
        (shop, f"cursor={cursor}A"),
        (shop, f"cursor={cursor}&provider=paystack"),
        (other, f"cursor={cursor}"),
    ):
        assert pointers(ask.ask("GET", f"/v1/payments?{query}")) == {"?cursor"}
