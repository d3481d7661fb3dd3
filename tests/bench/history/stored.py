"""What is stored of some payments of a grown database."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from tests.bench.history.written import Written
from workers.store.payments import Step, StoredFact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    Row = dict[str, Any]
    ByPayment = Mapping[int, list[Row]]

_PAYMENTS = """
    SELECT id, reference, client_id, customer_id, provider, account, provider_reference,
           amount_minor, currency, state, captured_minor, refunded_minor, disputed_minor,
           lock_version, head_hash, announced_by
    FROM payment_logs WHERE reference = ANY(%(wanted)s) ORDER BY id
"""
_STEPS = """
    SELECT payment_id, version, from_state, event, to_state, event_id, actor, reason,
           captured_minor, refunded_minor, disputed_minor, at, prev_hash, hash
    FROM payment_transitions WHERE payment_id = ANY(%(wanted)s) ORDER BY payment_id, version
"""
_FACTS = """
    SELECT payment_id, kind, object_id, status, amount_minor, currency, capture_id,
           extract(epoch FROM provider_at)::bigint AS provider_at_s, event_id
    FROM payment_facts WHERE payment_id = ANY(%(wanted)s) ORDER BY id
"""
_ENTRIES = """
    SELECT payment_id, effect, object_id, leg, account, amount_minor, currency, event_id, at
    FROM ledger_entries WHERE payment_id = ANY(%(wanted)s) ORDER BY movement_id, leg
"""
_LINES = """
    SELECT s.payment_log_id AS payment_id, s.reference, s.client_id, s.customer_id, s.currency,
           s.kind, s.amount_minor, (SELECT min(effect) FROM ledger_entries e
                                    WHERE e.movement_id = s.movement_id
                                      AND e.payment_id = s.payment_log_id) AS effect,
           s.created_at
    FROM sms_transactions s
    WHERE s.payment_log_id = ANY(%(wanted)s) AND s.kind = 'top_up' ORDER BY s.id
"""
_NAMES = """
    SELECT r.provider, r.account, r.provider_reference, r.payment_id
    FROM provider_references r
    JOIN payment_logs p USING (provider, account, provider_reference)
    WHERE p.id = ANY(%(wanted)s)
"""
_EVENTS = """
    SELECT t.payment_id, e.id, e.received_at, e.source, e.account, e.event_key, e.reference,
           e.mode, e.body, e.key_id, e.request_id, d.body_sha256
    FROM payment_transitions t
    JOIN inbound_events e ON e.id = t.event_id
    JOIN inbound_dedup d ON d.source = e.source AND d.account = e.account
        AND d.event_key = e.event_key AND d.event_id = e.id AND d.received_at = e.received_at
    WHERE t.payment_id = ANY(%(wanted)s)
"""


class Stored:
    """Some payments, and every row that belongs to them."""

    def __init__(self, connection: psycopg.Connection, references: Sequence[str]) -> None:
        self._connection = connection
        self.payments = self._rows(_PAYMENTS, references)
        ids = [row["id"] for row in self.payments]
        self._steps, self._facts, self._entries, self._lines, self._names, self._events = (
            self._by_payment(query, ids)
            for query in (_STEPS, _FACTS, _ENTRIES, _LINES, _NAMES, _EVENTS)
        )

    def event(self, payment: Row) -> Row | None:
        """Return the one event that moved the payment, as far as it can be found by its key."""
        events = self._events[payment["id"]]
        return events[0] if len(events) == 1 else None

    def applied_at(self, payment: Row) -> Any:
        """Return when the payment's history says that it moved."""
        return self._steps[payment["id"]][-1]["at"]

    def written(self, payment: Row, event: Row) -> Written:
        """Return all of it."""
        its: int = payment["id"]
        return Written(
            (event["event_key"], event["reference"], event["key_id"], event["body_sha256"]),
            (payment["state"], payment["captured_minor"], payment["refunded_minor"],
             payment["disputed_minor"], payment["lock_version"], payment["head_hash"],
             payment["provider_reference"]),
            [Step(**row) for row in self._steps[its]],
            [StoredFact(**row) for row in self._facts[its]],
            [tuple(row.values())[1:] for row in self._entries[its]],
            [tuple(row.values())[1:] for row in self._lines[its]],
            [tuple(row.values()) for row in self._names[its]],
        )  # fmt: skip

    def _rows(self, query: str, wanted: Sequence[object]) -> list[Row]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), {"wanted": list(wanted)}).fetchall()

    def _by_payment(self, query: str, ids: Sequence[int]) -> ByPayment:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self._rows(query, ids):
            found[row["payment_id"]].append(row)
        return found
