"""The timeline: all that happened about a payment, for whoever is asked why it stands so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.payment import REFERENCE
from domain.retelling import Kind  # noqa: TC001 - pydantic reads it when the module is loaded
from domain.sql_timeline import TIMELINE
from domain.timeline import ENTRIES_MAX, ROWS_MAX, Row, tell
from ingress.api.errors import PaymentUnknown
from ingress.api.models import Document, Moment
from ingress.api.models_payments import Payment
from ingress.api.operation import Operation, Reply

if TYPE_CHECKING:
    from domain.timeline import Entry
    from ingress.api.operation import Call, Connection


class TimelineEntry(Document):
    """One thing that happened. `summary` is for people and may be worded otherwise some day.

    `rule` is what moved the payment, or kept it where it was. `event_id` joins what belongs to one
    event; `actor` is who did it, where that is known.
    """

    at: Moment
    kind: Kind
    summary: str
    rule: str | None
    event_id: int | None
    actor: str | None


class Timeline(Document):
    """A payment and all that happened about it; causes stand before what they caused.

    `is_cut`: it is longer, and these are the newest entries.
    """

    payment: Payment
    entries: list[TimelineEntry]
    is_cut: bool


_PAYMENT = """
    SELECT reference, provider, provider_reference, state, amount_minor, currency, customer_id,
           authorization_url, captured_minor, refunded_minor, lock_version AS version, created_at,
           updated_at, metadata
    FROM payment_logs WHERE reference = %(reference)s AND client_id = %(client_id)s
"""


async def timeline(connection: Connection, call: Call) -> Reply:
    """Return the client's own payment, and what happened about it."""
    reference = call.path["reference"]
    if not REFERENCE.fullmatch(reference):
        raise PaymentUnknown
    asked = {"reference": reference, "client_id": call.client.id, "limit": ROWS_MAX}
    payment = await (await connection.execute(_PAYMENT, asked)).fetchone()
    if payment is None:
        raise PaymentUnknown
    rows = await (await connection.execute(TIMELINE, asked)).fetchall()
    told = tell([Row(**row) for row in rows])
    body = Timeline(
        payment=Payment(**payment),
        entries=[_entry(entry) for entry in told.entries],
        is_cut=told.is_cut,
    )
    return Reply(200, body)


def _entry(entry: Entry) -> TimelineEntry:
    return TimelineEntry(
        at=entry.at,
        kind=entry.kind,
        summary=entry.summary,
        rule=entry.rule,
        event_id=entry.event_id,
        actor=entry.actor,
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="getTimeline",
        method="GET",
        path="/v1/payments/{reference}/timeline",
        summary=f"Read all that happened about a payment, its newest {ENTRIES_MAX} entries at most",
        scopes=("payments:read",),
        run=timeline,
        answers={200: Timeline},
        refusals=(PaymentUnknown,),
    ),
)
"""What can be asked about a payment's history."""
