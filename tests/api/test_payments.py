"""Payments: asked for, looked at, listed, verified and cancelled."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from domain.commands import CommandKind, parse
from domain.money import AMOUNT_MINOR_MAX
from domain.payment import REFERENCE
from domain.transitions import State
from ingress.api import listing
from tests.api.serving import Service, execute, payment
from tests.api.test_idempotency import at_once

if TYPE_CHECKING:
    from tests.ingress.serving import Answer, Door

FIELDS = [
    *("reference", "provider", "provider_reference", "state", "amount_minor", "currency"),
    *("customer_id", "authorization_url", "captured_minor", "refunded_minor", "version"),
    *("created_at", "updated_at", "metadata"),
]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def pointers(answer: Answer) -> set[str]:
    assert (answer.status, answer.json["code"]) == (422, "validation_failed"), answer.body
    assert all(set(each) == {"pointer", "message"} for each in answer.json["errors"])
    return {each["pointer"] for each in answer.json["errors"]}


def commands(door: Door) -> list[Any]:
    return [parse(body) for (body,) in door.rows("SELECT body FROM inbound_events ORDER BY id")]


def move(door: Door, reference: str, state: str) -> None:
    """Bring a payment to a state, whatever leads there: the guards of the table are set aside."""
    with psycopg.connect(door.database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE payment_logs SET state = %s, lock_version = lock_version + 1"
            " WHERE reference = %s",
            [state, reference],
        )


def test_a_payment_is_asked_for_and_a_worker_is_told(door: Door, shop: Service) -> None:
    answer = shop.create(
        reference="order.1=a-b_c",
        callback_url="https://shop.example/thanks?order=1",
        metadata={"order": 1, "share": 0.25},
    )
    assert (answer.status, answer.headers["location"]) == (202, "/v1/payments/order.1=a-b_c")
    assert list(answer.json) == FIELDS
    assert (answer.json["state"], answer.json["version"]) == ("pending", 0)
    assert answer.json["metadata"] == {"order": 1, "share": 0.25}
    assert INSTANT.fullmatch(answer.json["created_at"])
    [command] = commands(door)
    assert (command.kind, command.actor) == (CommandKind.INITIALIZE, "client:shop")
    assert command.email == "someone@example.com"
    assert command.callback_url == "https://shop.example/thanks?order=1"
    assert door.rows("SELECT lane FROM inbound_work") == [("calls",)]
    assert shop.show("order.1=a-b_c").body == answer.body


def test_without_a_reference_one_is_made_that_every_provider_takes(shop: Service) -> None:
    references = {shop.create().json["reference"] for _ in range(5)}
    assert len(references) == 5
    assert all(REFERENCE.fullmatch(each) and "_" not in each for each in references)


def test_no_email_or_address_to_return_to_is_kept_with_the_payment(
    door: Door, shop: Service
) -> None:
    shop.create(callback_url="https://shop.example/x")
    [row] = door.rows("SELECT payment_logs::text FROM payment_logs")
    assert "example" not in row[0]


WRONG: list[tuple[str, Any]] = [
    ("amount_minor", 0),
    ("amount_minor", -1),
    ("amount_minor", True),
    ("amount_minor", 1.0),
    ("amount_minor", 50.5),
    ("amount_minor", "5000"),
    ("amount_minor", AMOUNT_MINOR_MAX + 1),
    ("amount_minor", None),
    ("currency", "ngn"),
    ("currency", "XXX"),
    ("currency", "BTC"),
    ("currency", "USD\n"),
    ("currency", "KWD"),  # Paystack does not write it
    ("provider", "Paystack"),
    ("provider", "standard-webhooks"),
    ("provider", 1),
    ("customer_id", ""),
    ("customer_id", "a b"),
    ("customer_id", "c\n"),
    ("customer_id", "c" * 101),
    ("reference", "a/b"),
    ("reference", ""),
    ("reference", "r" * 101),
    ("reference", "r\n"),
    ("email", "nobody"),
    ("email", "a b@c"),
    ("callback_url", "javascript:alert(1)"),
    ("callback_url", "ftp://x/y"),
    ("callback_url", "https://"),
    ("callback_url", "https://user:pw@host/"),
    ("callback_url", "https://host:99999/"),
    ("callback_url", "https://" + "h" * 2_000),
    ("metadata", []),
    ("metadata", "text"),
    ("metadata", {"a": "x" * 8_192}),
    ("metadata", {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}),
    ("state", "completed"),
]


def test_a_field_that_means_nothing_is_named(door: Door, shop: Service) -> None:
    for field, value in WRONG:
        assert f"/{field}" in pointers(shop.create(**{field: value})), (field, value)
    assert door.count("payment_logs") == 0


def test_a_currency_is_refused_where_its_provider_cannot_write_the_amount(shop: Service) -> None:
    fine = {"provider": "stripe", "currency": "MGA"}
    assert pointers(shop.create(amount_minor=150, **fine)) == {"/currency"}
    assert shop.create(amount_minor=1_500 * 100, **fine).status == 202


def test_every_field_that_is_wrong_is_told_at_once(shop: Service) -> None:
    answer = shop.ask("POST", "/v1/payments", {"provider": "x", "amount_minor": 0, "more": 1})
    expected = {"/provider", "/amount_minor", "/currency", "/customer_id", "/more"}
    assert pointers(answer) == expected


def test_the_greatest_amount_is_taken_and_given_back_exactly(shop: Service) -> None:
    answer = shop.create(amount_minor=AMOUNT_MINOR_MAX, reference="much")
    assert answer.status == 202
    assert shop.show("much").json["amount_minor"] == AMOUNT_MINOR_MAX


NO_JSON = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff",
    b"\xef\xbb\xbf{}",
    b'{"amount_minor":1,"amount_minor":2}',
    b'{"amount_minor":NaN}',
    b'{"amount_minor":Infinity}',
    b'{"amount_minor":-0}',
    b'{"amount_minor":123456789012345678901}',
    b'{"metadata":{"a":"\\u0000"}}',
    b'{"metadata":{"a":"\\ud800"}}',
    b'{"metadata":' + b'{"a":' * 70 + b"1" + b"}" * 71,
    b"provider=paystack",
]


def test_a_body_that_is_no_strict_json_is_malformed(door: Door, shop: Service) -> None:
    for body in NO_JSON:
        answer = shop.ask("POST", "/v1/payments", body)
        assert (answer.status, answer.json["code"]) == (400, "request_malformed"), body
    assert door.count("payment_logs") == 0


def test_a_number_beyond_a_double_is_not_taken_into_metadata(shop: Service) -> None:
    body = json.dumps(payment(metadata={"a": 0})).replace('"a": 0', '"a": 1e999').encode()
    assert pointers(shop.ask("POST", "/v1/payments", body)) == {"/metadata"}


def test_a_body_of_another_type_is_told_what_is_taken(shop: Service) -> None:
    for kind in ("multipart/form-data", "text/plain", "application/json; charset=x"):
        headers = [("Content-Type", kind)]
        answer = shop.ask("POST", "/v1/payments", payment(), headers=headers)
        assert (answer.status, answer.json["code"]) == (415, "content_type_unsupported")
    for kind in ("application/json", "Application/JSON; charset=UTF-8"):
        headers = [("Content-Type", kind)]
        assert shop.ask("POST", "/v1/payments", payment(), headers=headers).status == 202


def test_a_body_sent_by_curl_without_a_type_is_taken_for_json(shop: Service) -> None:
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    assert shop.ask("POST", "/v1/payments", payment(reference="r"), headers=headers).status == 202
    for body, kind in ((b"", headers), (b"{}", headers), (b"", [("Content-Type", "text/plain")])):
        assert shop.ask("POST", "/v1/payments/r/verify", body, headers=kind).status == 202


def test_metadata_is_answered_as_it_is_kept(shop: Service) -> None:
    sent = b'{"zebra":1.50,"ab":1e5,"c":0.1,"d":123456789012345678,"e":null,"f":2e-7}'
    body = json.dumps(payment(reference="r", metadata={})).encode()
    body = body.replace(b'"metadata": {}', b'"metadata": ' + sent)
    answer = shop.ask("POST", "/v1/payments", body)
    assert answer.status == 202
    assert shop.show("r").body == answer.body
    assert answer.json["metadata"] == json.loads(sent)


def test_a_number_that_would_not_be_given_back_as_it_was_sent_is_not_taken(shop: Service) -> None:
    body = json.dumps(payment(metadata={"a": 0}))
    for number in ("9007199254740993.0", "-0.0", "1e20", "1e-400", "0.10000000000000000001"):
        sent = body.replace('"a": 0', f'"a": {number}').encode()
        assert pointers(shop.ask("POST", "/v1/payments", sent)) == {"/metadata"}, number


def test_no_metadata_may_be_said_as_null(shop: Service) -> None:
    answer = shop.ask("POST", "/v1/payments", {**payment(), "metadata": None})
    assert (answer.status, answer.json["metadata"]) == (202, {})


def test_what_need_not_be_escaped_in_a_path_may_be_and_nothing_else(
    door: Door, shop: Service
) -> None:
    shop.create(reference="a=b", customer_id="ada@example.com")
    assert shop.ask("GET", "/v1/customers/ada%40example.com/balance").status == 200
    assert shop.show("a%3Db").status == 200
    for path in ("/v1/payments/a%2Fb", "/v1/payments/a%25", "/v1/payments/a%253Db"):
        answer = shop.ask("GET", path)
        assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert door.ask("POST", "/webhooks/pay%73tack").status == 404


def test_a_list_by_state_is_walked_past_what_is_looked_through_for_one_page(
    door: Door, shop: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "SCANNED_MAX", 3)
    for number in range(8):
        shop.create(reference=f"order-{number}")
    move(door, "order-0", "completed")
    move(door, "order-6", "completed")
    found: list[str] = []
    query, pages = "?state=completed", 0
    while query:
        page = shop.ask("GET", f"/v1/payments{query}").json
        found += [each["reference"] for each in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
        query = f"?state=completed&cursor={cursor}" if cursor else ""
    assert (found, pages) == (["order-6", "order-0"], 3)


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
    time.sleep(1.5)  # statistics of a connection are told once a second
    [[before]] = door.rows(read)
    for _ in range(10):
        page = shop.ask("GET", "/v1/payments?customer_id=rare").json
        assert [each["reference"] for each in page["items"]] == ["m2", "m1"]
    time.sleep(1.5)
    shop.ask("GET", "/v1/payments?customer_id=rare")
    [[after]] = door.rows(read)
    assert after - before < 500


def test_a_cancel_that_ended_without_effect_is_followed_by_another(
    door: Door, shop: Service
) -> None:
    shop.create(reference="r")
    for expected in (1, 2, 3):
        for _ in range(2):
            assert shop.ask("POST", "/v1/payments/r/cancel").status == 202
        kinds = Counter(command.kind for command in commands(door))
        assert kinds[CommandKind.CANCEL] == expected
        execute(door, "DELETE FROM inbound_work")


def test_a_body_that_is_too_large_is_refused(shop: Service) -> None:
    answer = shop.ask("POST", "/v1/payments", b" " * 70_000)
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")


def test_an_equal_request_without_a_key_gets_the_first_ones_payment(
    door: Door, shop: Service
) -> None:
    first = shop.create(reference="order-1", metadata={"a": 1})
    move(door, "order-1", "processing")
    second = shop.create(reference="order-1", metadata={"a": 1})
    assert (first.status, second.status) == (202, 200)
    assert second.json["state"] == "processing"
    assert second.headers["location"] == first.headers["location"]
    assert (door.count("payment_logs"), door.count("inbound_work")) == (1, 1)


def test_equal_requests_without_a_key_at_once_make_one_payment(door: Door, shop: Service) -> None:
    answers = at_once(lambda _: shop.create(reference="order-1"), 30)
    assert sorted(each.status for each in answers) == [200] * 29 + [202]
    assert (door.count("payment_logs"), door.count("inbound_work")) == (1, 1)


OTHERWISE: list[dict[str, Any]] = [
    {"amount_minor": 1},
    {"currency": "GHS"},
    {"provider": "stripe"},
    {"customer_id": "else"},
    {"metadata": {"a": 1}},
    {"email": "else@example.com"},
    {"email": None},
    {"callback_url": "https://shop.example/"},
]


def test_any_other_request_with_the_reference_is_a_conflict(door: Door, shop: Service) -> None:
    assert shop.create(reference="order-1").status == 202
    for change in OTHERWISE:
        answer = shop.create(reference="order-1", **change)
        assert (answer.status, answer.json["code"]) == (409, "reference_in_use"), change
    assert door.count("payment_logs") == 1


def test_a_reference_of_another_client_is_in_use_and_that_is_all_that_is_told(
    shop: Service, other: Service
) -> None:
    assert other.create(reference="order-1").status == 202
    equal, different = (shop.create(reference="order-1", amount_minor=n) for n in (5_000, 1))
    shop.create(reference="mine")
    own = shop.create(reference="mine", amount_minor=1)
    told = [{**each.json, "request_id": ""} for each in (equal, different, own)]
    assert told[0] == told[1] == told[2]
    assert told[0]["code"] == "reference_in_use"


def test_another_clients_payment_is_not_there(shop: Service, other: Service) -> None:
    shop.create(reference="mine")
    paths = [("GET", ""), ("GET", "?wait=1"), ("POST", "/verify"), ("POST", "/cancel")]
    for method, path in paths:
        theirs = other.ask(method, f"/v1/payments/mine{path}")
        nowhere = other.ask(method, f"/v1/payments/nowhere{path}")
        assert (theirs.status, theirs.json["code"]) == (404, "payment_unknown")
        assert {**theirs.json, "request_id": ""} == {**nowhere.json, "request_id": ""}
    assert other.ask("GET", "/v1/payments").json["items"] == []


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


def test_a_wait_that_is_none_is_refused(shop: Service) -> None:
    shop.create(reference="r")
    for wait in ("31", "-1", "x", "", "nan", "inf", "1e9", "30.1"):
        assert pointers(shop.show("r", f"?wait={wait}")) == {"?wait"}, wait


def test_a_provider_is_asked_each_time_a_service_asks_for_it(door: Door, shop: Service) -> None:
    shop.create(reference="r")
    answers = [shop.ask("POST", "/v1/payments/r/verify", body) for body in (None, b"", b"{}")]
    assert [each.status for each in answers] == [202] * 3
    assert answers[0].headers["location"] == "/v1/payments/r"
    kinds = [command.kind for command in commands(door)]
    assert kinds == [CommandKind.INITIALIZE, *[CommandKind.VERIFY] * 3]


def test_a_request_id_that_comes_twice_is_still_two_verifications(
    door: Door, shop: Service
) -> None:
    shop.create(reference="r")
    for _ in range(2):
        shop.ask("POST", "/v1/payments/r/verify", headers=[("X-Request-Id", "always-the-same")])
    assert len(commands(door)) == 3


@pytest.mark.parametrize("state", ["pending", "processing"])
def test_a_payment_without_money_is_cancelled_once_however_often_it_is_asked(
    door: Door, shop: Service, state: str
) -> None:
    shop.create(reference="r")
    move(door, "r", state)
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda _: shop.ask("POST", "/v1/payments/r/cancel"), range(5)))
    assert [each.status for each in answers] == [202] * 5
    kinds = [command.kind for command in commands(door)]
    assert kinds == [CommandKind.INITIALIZE, CommandKind.CANCEL]


def test_a_payment_in_any_other_state_is_not_cancelled(door: Door, shop: Service) -> None:
    for state in sorted(set(State) - {State.PENDING, State.PROCESSING}):
        shop.create(reference=f"r-{state}")
        move(door, f"r-{state}", state)
        answer = shop.ask("POST", f"/v1/payments/r-{state}/cancel")
        assert (answer.status, answer.json["code"]) == (409, "illegal_transition"), state
    assert {command.kind for command in commands(door)} == {CommandKind.INITIALIZE}


def test_what_is_not_there_and_what_cannot_be_done_is_told_apart(shop: Service) -> None:
    shop.create(reference="r")
    assert shop.ask("GET", "/v1/else").json["code"] == "not_found"
    assert shop.ask("GET", "/v1/payments/r/").json["code"] == "not_found"
    assert shop.ask("GET", "/v1/payments/a%2Fb").json["code"] == "not_found"
    for method, path, allow in (
        ("PUT", "/v1/payments", "GET, POST"),
        ("DELETE", "/v1/payments/r", "GET"),
        ("GET", "/v1/payments/r/verify", "POST"),
    ):
        answer = shop.ask(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, allow)


def test_payments_of_the_command_line_are_no_services(door: Door, shop: Service) -> None:
    execute(
        door,
        "INSERT INTO payment_logs (reference, client_id, customer_id, provider, account,"
        " amount_minor, currency, announced_by, head_hash) VALUES ('o', 'operator', 'c',"
        " 'paystack', 'default', 1, 'NGN', 'operator:x', sha256(''))",
    )
    assert shop.show("o").status == 404
