"""What customers have, and the statement of how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.api.serving import Service, code, new_client
from tests.workers.scene import refund

if TYPE_CHECKING:
    from tests.api.books import Books
    from tests.ingress.serving import Answer, Door


def spend(by: Service, amount_minor: int, reference: str) -> None:
    asked = {"customer_id": "ada", "amount_minor": amount_minor, "currency": "NGN"}
    answer = by.ask("POST", "/v1/sms-transactions", {**asked, "reference": reference})
    assert answer.status == 201


def statement(by: Service, query: str = "", *, customer_id: str = "ada") -> Answer:
    return by.ask("GET", f"/v1/customers/{customer_id}/transactions{query}")


def test_a_balance_is_given_for_each_currency(shop: Service, books: Books) -> None:
    books.paid("p1")
    books.announce("d1", currency="USD")
    books.hear(
        b'{"type":"payment.succeeded","data":{"id":"T9","reference":"d1","amount_minor":1000,'
        b'"currency":"USD"}}'
    )
    spend(shop, 400, "S1")

    answer = shop.ask("GET", "/v1/customers/ada/balance")

    assert answer.status == 200
    assert answer.json["customer_id"] == "ada"
    told = [(each["currency"], each["balance_minor"]) for each in answer.json["balances"]]
    assert told == [("NGN", 600), ("USD", 1_000)]
    assert all(
        set(b) == {"currency", "balance_minor", "updated_at"} for b in answer.json["balances"]
    )


def test_a_balance_may_be_below_zero(shop: Service, books: Books) -> None:
    books.paid("p1")
    spend(shop, 1_000, "S1")
    books.hear(refund("p1", 600))

    [balance] = shop.ask("GET", "/v1/customers/ada/balance").json["balances"]
    assert balance["balance_minor"] == -600


def test_a_customer_nobody_knows_is_unknown(shop: Service, books: Books) -> None:
    books.paid("p1")

    for customer_id in ("nobody", "a" * 101, "a;b"):
        for path in ("balance", "transactions"):
            answer = shop.ask("GET", f"/v1/customers/{customer_id}/{path}")
            assert code(answer) == (404, "customer_unknown"), (customer_id, path)


def test_a_customer_whose_payment_is_only_announced_has_nothing_yet(
    shop: Service, books: Books
) -> None:
    books.own("p1")

    assert shop.ask("GET", "/v1/customers/ada/balance").json == {
        "customer_id": "ada",
        "balances": [],
    }
    assert statement(shop).json == {"customer_id": "ada", "items": [], "next_cursor": None}


def test_the_statement_says_everything_newest_first(shop: Service, books: Books) -> None:
    books.paid("p1")
    spend(shop, 400, "S1")
    shop.ask("POST", "/v1/sms-transactions/S1/reversal")
    shop.ask("POST", "/v1/payments/p1/refunds", {"amount_minor": 250})

    items = statement(shop).json["items"]

    said: list[tuple[Any, ...]] = [
        (each["kind"], each["amount_minor"], each["balance_after_minor"], each["client_id"])
        for each in items
    ]
    assert said == [
        ("refund_hold", -250, 750, "shop"),
        ("sms_reversal", 400, 1_000, "shop"),
        ("sms_debit", -400, 600, "shop"),
        ("top_up", 1_000, 1_000, "payratchet"),
    ]
    assert [each["payment_reference"] for each in items] == ["p1", None, None, "p1"]
    assert [each["reverses"] for each in items] == [None, "S1", None, None]


def test_credit_is_shown_to_every_service_that_may_read_credit(
    shop: Service, door: Door, books: Books
) -> None:
    books.paid("p1")
    spend(shop, 400, "S1")
    reader = Service(
        door, "reader", new_client(door.database_url, "reader", scopes=["credit:read"])
    )
    payer = Service(
        door, "payer", new_client(door.database_url, "payer", scopes=["payments:write"])
    )

    assert statement(reader).json["items"][0]["reference"] == "S1"
    assert reader.ask("GET", "/v1/customers/ada/balance").status == 200
    assert code(statement(payer)) == (403, "scope_missing")
    assert code(payer.ask("GET", "/v1/customers/ada/balance")) == (403, "scope_missing")


def test_pages_join_to_the_whole_statement_though_it_grows_meanwhile(
    shop: Service, books: Books
) -> None:
    books.paid("p1")
    for number in range(9):
        spend(shop, 10, f"S{number}")
    whole = [each["reference"] for each in statement(shop).json["items"]]

    read, cursor = [], ""
    while True:
        page = statement(shop, f"?limit=4{cursor}").json
        read.append([each["reference"] for each in page["items"]])
        spend(shop, 1, f"T{len(read)}")
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert [len(each) for each in read] == [4, 4, 2]
    assert [each for page in read for each in page] == whole


def test_a_last_page_that_is_full_has_no_cursor(shop: Service, books: Books) -> None:
    books.paid("p1")
    spend(shop, 1, "S1")

    assert statement(shop, "?limit=2").json["next_cursor"] is None
    assert statement(shop, "?limit=1").json["next_cursor"] is not None


def test_a_cursor_is_of_one_customer_and_one_service(
    shop: Service, other: Service, books: Books
) -> None:
    books.paid("p1")
    books.paid("p2", customer_id="bob")
    spend(shop, 1, "S1")
    cursor = statement(shop, "?limit=1").json["next_cursor"]

    assert statement(shop, f"?cursor={cursor}").status == 200
    for answer in (
        statement(shop, f"?cursor={cursor}", customer_id="bob"),
        statement(other, f"?cursor={cursor}"),
        statement(shop, f"?cursor={cursor[:-1]}A"),
        statement(shop, "?cursor=1"),
    ):
        assert code(answer) == (422, "validation_failed")


def test_a_page_that_cannot_be_given_is_refused(shop: Service, books: Books) -> None:
    books.paid("p1")

    for query in ("?limit=0", "?limit=101", "?limit=-1", "?limit=x", "?sort=id"):
        assert code(statement(shop, query)) == (422, "validation_failed"), query
