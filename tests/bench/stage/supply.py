"""The supply: payments that are announced, and the signed deliveries that pay for them.

Every subject of the benchmark gets the same event: a Paystack charge with a fee, one payment each,
announced before. Numbers count up through the whole run, so no two measures share a payment.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain import audit
from domain.announcement import Announcement, genesis_fields
from domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import psycopg

SECRET = "sk_test_" + "b" * 40
"""What deliveries are signed with; it is worth nothing."""

AMOUNT_MINOR = 125_000
FEE_MINOR = 1_875
CURRENCY = "NGN"
PROVIDER = "paystack"
PATH = "/webhooks/paystack"
SIGNATURE_HEADER = "x-paystack-signature"
ACTOR = "operator:bench"
CUSTOMERS = 1_000
"""Customers that payments are spread over, unless a measure says otherwise."""

DUPLICATE_GAP = 32
"""Deliveries between the two of a pair, where all come twice."""

_BODY = (
    '{"event":"charge.success","data":{"id":%d,"domain":"test","status":"success","reference":"%s",'
    '"amount":125000,"message":null,"gateway_response":"Successful",'
    '"paid_at":"2026-11-23T08:00:00.000Z","created_at":"2026-11-23T07:59:31.000Z",'
    '"channel":"card","currency":"NGN","ip_address":"197.210.64.12",'
    '"metadata":{"customer_id":"%s","purpose":"sms credit"},"fees":1875,'
    '"customer":{"id":84312,"first_name":"Ada","last_name":"Obi","email":"ada@example.com",'
    '"customer_code":"CUS_xnxdt6s1zg1f4nx","phone":null,"risk_action":"default"},'
    '"authorization":{"authorization_code":"AUTH_f5rnfq9p","bin":"408408","last4":"4081",'
    '"exp_month":"12","exp_year":"2030","card_type":"visa","bank":"TEST BANK",'
    '"country_code":"NG","brand":"visa","reusable":true}}}'
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One signed request."""

    body: bytes
    signature: str

    @property
    def headers(self) -> dict[str, str]:
        """What it is sent with."""
        return {SIGNATURE_HEADER: self.signature, "content-type": "application/json"}


class Numbers:
    """Gives out ranges of payment numbers, none twice."""

    def __init__(self, first: int = 1) -> None:
        self._next = first

    def take(self, count: int) -> range:
        """Return the next `count` numbers."""
        first, self._next = self._next, self._next + count
        return range(first, first + count)


def reference(number: int) -> str:
    """Name a payment."""
    return f"BENCH-{number:010d}"


def customer(number: int, customers: int) -> str:
    """Name the customer of a payment."""
    return f"customer-{number % customers}"


def transaction_id(number: int) -> int:
    """Return what the provider calls a payment."""
    return 10_000_000_000 + number


def delivery_body(number: int, customers: int = CUSTOMERS) -> bytes:
    """Return the body of the delivery that pays for a payment."""
    name = customer(number, customers)
    return (_BODY % (transaction_id(number), reference(number), name)).encode()


def delivery(number: int, customers: int = CUSTOMERS) -> Delivery:
    """Return the delivery that pays for a payment."""
    body = delivery_body(number, customers)
    return Delivery(body, hmac.new(SECRET.encode(), body, hashlib.sha512).hexdigest())


def announce(
    connection: psycopg.Connection[tuple[object, ...]],
    numbers: range,
    *,
    customers: int = CUSTOMERS,
) -> None:
    """Make payments known, as `payratchet payments create` does, but by COPY."""
    with (
        connection.transaction(),
        connection.cursor() as cursor,
        cursor.copy(
            "COPY payment_logs (reference, client_id, customer_id, provider, account,"
            " amount_minor, currency, announced_by, head_hash) FROM STDIN"
        ) as rows,
    ):
        for number in numbers:
            rows.write_row(_row(_announcement(number, customers)))


def _announcement(number: int, customers: int) -> Announcement:
    return Announcement(
        reference(number),
        PROVIDER,
        Money(CURRENCY, AMOUNT_MINOR),
        customer(number, customers),
        client_id="bench",
    )


def _row(a: Announcement) -> tuple[object, ...]:
    return (
        a.reference,
        a.client_id,
        a.customer_id,
        a.provider,
        a.account,
        a.amount.amount_minor,
        a.amount.currency,
        ACTOR,
        audit.genesis(genesis_fields(a, ACTOR)),
    )


def write(path: Path, deliveries: Iterable[Delivery]) -> None:
    """Write deliveries for a load generator: a line each, signature, blank, body."""
    with path.open("wb", buffering=1 << 20) as file:
        for each in deliveries:
            file.write(b"%b %b\n" % (each.signature.encode(), each.body))


def with_duplicates(numbers: range, customers: int = CUSTOMERS) -> Iterator[Delivery]:
    """Yield every delivery twice, the second time after `DUPLICATE_GAP` others."""
    for start in range(0, len(numbers), DUPLICATE_GAP):
        part = [delivery(n, customers) for n in numbers[start : start + DUPLICATE_GAP]]
        yield from part
        yield from part
