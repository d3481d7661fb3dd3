"""A small world in which everything holds, for tests that then break one thing in it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import (
    Acked,
    Asked,
    Booked,
    Compared,
    Debit,
    Evidence,
    Heard,
    Made,
    Refund,
    Seen,
)

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection

SECRET = "sk_test_0123456789abcdef"

WORLD = """
SET session_replication_role = replica;
INSERT INTO inbound_events (id, source, account, event_key, body, headers, key_id, request_id)
VALUES (1, 'paystack', '', 'k-1', '{}', '{}', 'first', 'r-1'),
       (2, 'paystack', '', 'k-2', '{}', '{}', 'first', 'r-2'),
       (3, 'stripe', '', 'k-3', '{}', '{}', 'first', 'r-3'),
       (4, 'internal', '', 'initialize:ORD-1', '{}', '{}', '', 'r-4'),
       (5, 'internal', '', 'refund:ORD-1:RE-1', '{}', '{}', '', 'r-5');
INSERT INTO payment_logs (reference, client_id, customer_id, provider, account, amount_minor,
    currency, state, captured_minor, refunded_minor, lock_version, head_hash, announced_by)
VALUES ('ORD-1', 'shop', 'ada', 'paystack', '', 1000, 'NGN', 'partially_refunded', 1000, 100, 2,
        '\\x00', 'shop'),
       ('ORD-2', 'operator', 'bob', 'stripe', '', 500, 'USD', 'failed', 0, 0, 1, '\\x00', 'lab');
INSERT INTO payment_transitions (payment_id, version, from_state, event, to_state, event_id, actor,
    reason, captured_minor, refunded_minor, disputed_minor, at, prev_hash, hash)
SELECT p.id, v, f, e, t, i, 'provider:x', 'y', 0, 0, 0, now() + make_interval(secs => v),
       sha256('x'), sha256('y')
FROM payment_logs p JOIN (VALUES
    ('ORD-1', 1, 'pending', 'succeeded', 'completed', 1),
    ('ORD-1', 2, 'completed', 'refunded_in_part', 'partially_refunded', 2),
    ('ORD-2', 1, 'pending', 'failed', 'failed', NULL)) AS s(r, v, f, e, t, i) ON s.r = p.reference;
INSERT INTO payment_facts (payment_id, kind, object_id, status, amount_minor, currency, event_id)
SELECT id, 'succeeded', 'tx-1', 'done', 1000, 'NGN', 1 FROM payment_logs WHERE reference = 'ORD-1';
INSERT INTO ledger_entries (movement_id, leg, payment_id, effect, object_id, account, amount_minor,
    currency, event_id, at)
SELECT m, l, p.id, e, o, a, n, 'NGN', i, now() FROM payment_logs p, (VALUES
    (1, 1, 'capture', 'tx-1', 'provider_clearing:paystack', -1000, 1),
    (1, 2, 'capture', 'tx-1', 'customer_credit:ada', 1000, 1),
    (2, 1, 'fee', 'tx-1', 'provider_clearing:paystack', 15, 1),
    (2, 2, 'fee', 'tx-1', 'fees:paystack', -15, 1),
    (3, 1, 'refund', 're-1', 'provider_clearing:paystack', 100, 2),
    (3, 2, 'refund', 're-1', 'customer_credit:ada', -100, 2)) AS s(m, l, e, o, a, n, i)
WHERE p.reference = 'ORD-1';
INSERT INTO ledger_entries (movement_id, leg, effect, object_id, account, amount_minor,
    currency, at)
VALUES (4, 1, 'sms_debit', 'SMS-1', 'customer_credit:ada', -50, 'NGN', now()),
       (4, 2, 'sms_debit', 'SMS-1', 'sms_revenue', 50, 'NGN', now());
INSERT INTO customer_balances (customer_id, currency, balance_minor, version)
VALUES ('ada', 'NGN', 850, 3);
INSERT INTO sms_transactions (reference, client_id, customer_id, currency, kind, amount_minor,
    balance_after_minor, customer_version, payment_log_id, movement_id, created_at)
SELECT r, 'shop', 'ada', 'NGN', k, n, b, v, CASE WHEN k = 'sms_debit' THEN NULL ELSE p.id END, m,
       now()
FROM payment_logs p, (VALUES ('ORD-1', 'top_up', 1000, 1000, 1, 1),
    ('RE-1', 'refund', -100, 900, 2, 3), ('SMS-1', 'sms_debit', -50, 850, 3, 4))
    AS s(r, k, n, b, v, m) WHERE p.reference = 'ORD-1';
INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency, status, settled_at)
SELECT 'RE-1', id, 'shop', 100, 'NGN', 'succeeded', now() FROM payment_logs
WHERE reference = 'ORD-1';
INSERT INTO attempts (event_id, number, started_at, worker, outcome)
VALUES (3, 1, now(), 'w', 'dead');
INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason, error_class,
    fingerprint, message, attempts)
VALUES (3, now(), 'stripe', '', 'charge', 'unknown_reference', 'UnknownReference', 'f', 'unknown',
        1);
INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
SELECT id, 'died', 'worker', 'unknown' FROM dead_letters;
INSERT INTO idempotency_keys (client_id, method, route, key, fingerprint, status, headers, body,
    expires_at)
VALUES ('shop', 'POST', '/v1/payments', gen_random_uuid(), sha256('x'), 202, '{}', '{}', now());
INSERT INTO provider_calls (debt, fence, event_id, kind, provider, account, worker, ended_at,
    outcome)
VALUES ('payment ORD-1', 1, 4, 'initialize', 'paystack', '', 'w', now(), 'answered'),
       ('refund RE-1', 1, 5, 'refund', 'paystack', '', 'w', now(), 'answered');
"""

HEARD = Heard(answers=Counter({200: 3}), attacks=Compared(1, ()), hasty=Compared(1, ()))
BOOKED = (Booked("paystack", "ORD-1", "NGN", 1000, 100, 0, 15),)


def sound(connection: Connection, folder: Path) -> Evidence:
    """Fill the database, and return evidence in which every invariant holds."""
    connection.execute(WORLD.encode())
    log = folder / "postgres.log"
    log.write_text("LOG:  database system is ready to accept connections\n")
    return Evidence(
        connection=connection,
        acked=(Acked(0, 1), Acked(1, 2), Acked(2, 3)),
        booked=BOOKED,
        asked=Asked(
            client_id="shop",
            payments={"ORD-1": ("ada", 1000, "NGN")},
            refunds={"RE-1": ("ORD-1", 100)},
            debits={"SMS-1": Debit("ada", 50, "NGN")},
            same_bytes=Compared(1, ()),
            other_body_refused=Compared(1, ()),
            unexpected=Compared(1, ()),
        ),
        made=Made({("initialize", "ORD-1"): 1}, (Refund("ORD-1", 100, "succeeded"),)),
        heard=HEARD,
        seen=Seen(
            snapshots=Compared(1, ()),
            bounds=Compared(1, ()),
            processes=Compared(1, ()),
            settled=Compared(1, ()),
            duties=Compared(1, ()),
            logs=folder,
            secrets={"PAYSTACK_SECRET_KEY": SECRET},
        ),
        audit={"ok": True, "checked": 2, "problems": []},
        is_fault_free=True,
    )
