"""Check a grown database: a sample of its payments in every detail, its tables as a whole."""

from __future__ import annotations

import random
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import psycopg

from domain.errors import Permanent
from domain.ledger import customer_credit
from tests.bench.history import names
from tests.bench.history.growth import SEQUENCES
from tests.bench.history.stored import Stored
from tests.bench.history.written import by_the_service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.bench.history.stored import Row

SEED = 20_261_123

_RANGE = f"""
    SELECT min(reference), max(reference), count(*) FROM payment_logs
    WHERE reference LIKE '{names.REFERENCE_PREFIX}%'
"""
_GENERATED_ID = f"LIKE '{names.FIRST_TRANSACTION_ID // 10**9}_________'"

_COUNTS = f"""
    SELECT 'keys', 1, count(*) FROM inbound_dedup
    WHERE source = 'paystack' AND event_key LIKE '14:charge.success11:%'
      AND right(event_key, 11) {_GENERATED_ID}
    UNION ALL SELECT 'provider''s names', 1, count(*) FROM provider_references
    WHERE provider = 'paystack' AND provider_reference {_GENERATED_ID}
    UNION ALL SELECT 'lines of statements', 1, count(*) FROM sms_transactions
    WHERE reference LIKE '{names.REFERENCE_PREFIX}%:capture:%'
    UNION ALL SELECT 'facts', 2, count(*) FROM payment_facts WHERE object_id {_GENERATED_ID}
    UNION ALL SELECT 'entries', 4, count(*) FROM ledger_entries WHERE object_id {_GENERATED_ID}
"""
"""Tables, how many rows of each a generated payment has, and how many there are."""

_EQUAL = """
    SELECT 'events and their keys', (SELECT count(*) FROM inbound_events),
           (SELECT count(*) FROM inbound_dedup)
    UNION ALL
    SELECT 'payments that moved and first steps',
           (SELECT count(*) FROM payment_logs WHERE lock_version > 0),
           (SELECT count(*) FROM payment_transitions WHERE version = 1)
    UNION ALL
    SELECT 'the sum of all entries and zero', coalesce(sum(amount_minor), 0)::bigint, 0
    FROM ledger_entries
    UNION ALL
    SELECT 'customers'' entries and their balances', coalesce(sum(amount_minor), 0)::bigint,
           (SELECT coalesce(sum(balance_minor), 0)::bigint FROM customer_balances)
    FROM ledger_entries WHERE account LIKE 'customer\\_credit:%'
"""
"""Pairs of numbers that are the same in any database at rest, grown or not."""

_USED = {
    "inbound_event_ids": "SELECT max(id) FROM inbound_events",
    "payment_logs_id_seq": "SELECT max(id) FROM payment_logs",
    "payment_facts_id_seq": "SELECT max(id) FROM payment_facts",
    "ledger_movement_ids": "SELECT max(movement_id) FROM ledger_entries",
    "sms_transactions_id_seq": "SELECT max(id) FROM sms_transactions",
}
_STATEMENTS = """
    SELECT customer_id, currency, customer_version, amount_minor, balance_after_minor
    FROM sms_transactions WHERE customer_id = ANY(%s)
    ORDER BY customer_id, currency, customer_version
"""
_BALANCES = """
    SELECT customer_id, currency, version, balance_minor FROM customer_balances
    WHERE customer_id = ANY(%s)
"""
_ENTRIES = """
    SELECT account, currency, sum(amount_minor)::bigint FROM ledger_entries
    WHERE account = ANY(%s) GROUP BY account, currency
"""


def problems(database_url: str, sample: int) -> list[str]:
    """Return what is wrong with a grown database, nothing if all is well.

    Takes `sample` generated payments by lot, always the same ones, and their customers. The
    numbers grown so far adjoin, no such payment has heard of more than its one event, and nothing
    is being applied meanwhile. Reads the large tables once or twice from end to end.
    """
    with psycopg.connect(database_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        lowest, highest, count = _one(connection, _RANGE)
        if not count:
            return ["there are no generated payments"]
        numbers = range(names.number_of(lowest), names.number_of(highest) + 1)
        taken = random.Random(SEED).sample(numbers, min(sample, len(numbers)))
        stored = Stored(connection, [names.reference(number) for number in taken])
        customers = sorted({names.customer_id(number) for number in taken})
        return [
            *_whole(connection, count, len(numbers)),
            *_missing(stored, taken),
            *_payments(stored),
            *_customers(connection, customers),
        ]


def _whole(connection: psycopg.Connection, count: int, expected: int) -> Iterator[str]:
    if count != expected:
        yield f"{count} payments have {expected} numbers"
    for table, each, there in connection.execute(_COUNTS.encode()):
        if there != each * count:
            yield f"{count} payments have {there} {table}"
    for name, one, other in connection.execute(_EQUAL.encode()):
        if one != other:
            yield f"{name}: {one} and {other}"
    for sequence, _ in SEQUENCES.values():
        (used,) = _one(connection, _USED[sequence])
        (last,) = _one(connection, f"SELECT last_value FROM {sequence}")
        if last < used:
            yield f"{sequence} stands at {last}, but {used} is used"


def _missing(stored: Stored, taken: Iterable[int]) -> Iterator[str]:
    there = {row["reference"] for row in stored.payments}
    for number in taken:
        if names.reference(number) not in there:
            yield f"{names.reference(number)} is not there"


def _payments(stored: Stored) -> Iterator[str]:
    """Hold each payment against what the service itself makes of its event."""
    for payment in stored.payments:
        reference, event = payment["reference"], stored.event(payment)
        if payment["customer_id"] != names.customer_id(names.number_of(reference)):
            yield f"{reference} is of another customer"
        if event is None:
            yield f"{reference} has not one event with its key"
            continue
        yield from _differences(stored, payment, event)


def _differences(stored: Stored, payment: Row, event: Row) -> Iterator[str]:
    reference = payment["reference"]
    try:
        expected = by_the_service(payment, event, stored.applied_at(payment))
    except (Permanent, ValueError) as error:
        yield f"{reference}: {error}"
        return
    for part in expected.differences(stored.written(payment, event)):
        yield f"{reference}: {part} not as the service writes it"


def _customers(connection: psycopg.Connection, customers: list[str]) -> Iterator[str]:
    """Follow each statement line by line; its end, the balance and the ledger are one number."""
    ends: dict[tuple[str, str], tuple[int, int]] = {}
    lines = connection.execute(_STATEMENTS.encode(), (customers,)).fetchall()
    for owner, its in groupby(lines, key=itemgetter(0, 1)):
        version, balance_minor = 0, 0
        for _, _, number, amount_minor, after_minor in its:
            if (number, after_minor) != (version + 1, balance_minor + amount_minor):
                yield f"{' '.join(owner)}: line {number} does not follow line {version}"
            version, balance_minor = number, after_minor
        ends[owner] = (version, balance_minor)
    balances = {
        (row[0], row[1]): (row[2], row[3])
        for row in connection.execute(_BALANCES.encode(), (customers,))
    }
    if balances != ends:
        yield from _unequal("balance", balances, ends)
    accounts = [customer_credit(customer) for customer in customers]
    entries = {
        (row[0].removeprefix(customer_credit("")), row[1]): row[2]
        for row in connection.execute(_ENTRIES.encode(), (accounts,))
    }
    yield from _unequal("ledger", entries, {owner: end for owner, (_, end) in ends.items()})


def _unequal(
    what: str, found: dict[tuple[str, str], Any], ends: dict[tuple[str, str], Any]
) -> Iterator[str]:
    for owner in sorted(found.keys() | ends.keys()):
        if found.get(owner) != ends.get(owner):
            yield f"{' '.join(owner)}: {what} {found.get(owner)}, statement {ends.get(owner)}"


def _one(connection: psycopg.Connection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None  # every query here returns one row
    return row
