"""A full inbox: deliveries as the ingress leaves them, by COPY, so that applying can be measured.

The rows are those of `ingress.statements.KEEP`; the numbers of the payments serve as event ids.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.wakeup import Lane
from tests.bench.stage import supply

if TYPE_CHECKING:
    import psycopg

EVENT = "charge.success"
_EVENTS = (
    "COPY inbound_events (id, received_at, source, account, event_key, reference, mode, body,"
    " headers, key_id, request_id) FROM STDIN"
)
_KEYS = (
    "COPY inbound_dedup (source, account, event_key, body_sha256, event_id, received_at) FROM STDIN"
)
_WORK = "COPY inbound_work (event_id, received_at, lane, next_at) FROM STDIN"


def fill(
    connection: psycopg.Connection[tuple[object, ...]],
    numbers: range,
    *,
    customers: int = supply.CUSTOMERS,
) -> None:
    """Announce the payments, and put an event that owes its work in the inbox for each."""
    supply.announce(connection, numbers, customers=customers)
    now = datetime.now(UTC)
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy(_EVENTS) as rows:
            for n in numbers:
                rows.write_row(_event(n, now, customers))
        with cursor.copy(_KEYS) as rows:
            for n in numbers:
                body = supply.delivery_body(n, customers)
                digest = hashlib.sha256(body).digest()
                rows.write_row((supply.PROVIDER, "default", key(n), digest, n, now))
        with cursor.copy(_WORK) as rows:
            for n in numbers:
                rows.write_row((n, now, Lane.EVENTS, now))
        cursor.execute("SELECT setval('inbound_event_ids', %s)", (numbers[-1] + 1,))
    connection.execute("ANALYZE")


def key(number: int) -> str:
    """Return the event key that the ingress would have taken from the body."""
    parts = (EVENT, str(supply.transaction_id(number)))
    return "".join(f"{len(part)}:{part}" for part in parts)


def _event(number: int, now: datetime, customers: int) -> tuple[object, ...]:
    return (
        number,
        now,
        supply.PROVIDER,
        "default",
        key(number),
        supply.reference(number),
        "test",
        supply.delivery_body(number, customers),
        '{"content-type": "application/json"}',
        "a1b2c3d4e5f6",
        f"bench-{number:08x}",
    )
