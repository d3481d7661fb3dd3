"""How payments are read from the store, and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingress.api.models_payments import Payment
from ingress.api.operation import Reply

if TYPE_CHECKING:
    from ingress.api.operation import Row

COLUMNS = """
    id, reference, provider, account, provider_reference, state, amount_minor, currency,
    customer_id, authorization_url, captured_minor, refunded_minor, lock_version AS version,
    created_at, updated_at, metadata
"""


def reply(status: int, row: Row, *, ring: tuple[int, ...] = (), location: bool = True) -> Reply:
    """Return the payment as the answer, and where it is to be found."""
    where = f"/v1/payments/{row['reference']}" if location else None
    return Reply(status, payment(row), location=where, ring=ring)


def payment(row: Row) -> Payment:
    """Return the row's payment."""
    return Payment(**{name: row[name] for name in Payment.model_fields})
