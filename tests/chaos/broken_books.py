"""What must not be in any book, as the statements that put it there, and what tells of each."""

from __future__ import annotations

_DROP = "ALTER TABLE {} DROP CONSTRAINT {} CASCADE;"
PLANTED_IN_THE_DATABASE = {
    "an acknowledged event is gone": (
        "DELETE FROM inbound_events WHERE id = 1",
        {"no acknowledged event is lost"},
    ),
    "an event is unfinished": (
        (
            "INSERT INTO inbound_work (event_id, received_at, lane, next_at)"
            " VALUES (1, now(), 'events', now())"
        ),
        {"every event comes to rest in one place"},
    ),
    "an event is neither applied nor set aside": (
        "DELETE FROM dead_letters",
        {"every event comes to rest in one place", "every dead letter says why it died"},
    ),
    "an event is ignored and applied": (
        (
            "INSERT INTO attempts (event_id, number, started_at, worker, outcome)"
            " VALUES (1, 1, now(), 'w', 'ignored')"
        ),
        {"every event comes to rest in one place"},
    ),
    "a dead letter has no reason": (
        "UPDATE dead_letters SET message = ''",
        {"every dead letter says why it died"},
    ),
    "a dead letter has never died": (
        "DELETE FROM dead_letter_actions",
        {"every dead letter says why it died"},
    ),
    "a dead letter is left in mid-replay": (
        "UPDATE dead_letters SET status = 'replaying'",
        {"every dead letter says why it died"},
    ),
    "an event was applied in two transactions": (
        "UPDATE payment_transitions SET event_id = 1 WHERE event_id = 2",
        {"nothing is applied twice", "every event comes to rest in one place"},
    ),
    "an effect is in the ledger twice, on both sides": (
        _DROP.format("ledger_entries", "ledger_entries_effect_once")
        + "INSERT INTO ledger_entries SELECT 9, leg, payment_id, effect, object_id, account,"
        " amount_minor, currency, event_id, at FROM ledger_entries WHERE movement_id = 1;"
        " UPDATE customer_balances SET balance_minor = 1850",
        {
            "nothing is applied twice",
            "each payment's money is what its provider booked",
            "the sums by provider and currency are what the providers' books say",
            "each payment has raised its customer's credit by what is theirs",
        },
    ),
    "a fact is known twice": (
        _DROP.format("payment_facts", "payment_facts_once")
        + "INSERT INTO payment_facts (payment_id, kind, object_id, status, amount_minor, currency,"
        " event_id) SELECT payment_id, kind, object_id, status, amount_minor, currency, event_id"
        " FROM payment_facts",
        {"nothing is applied twice"},
    ),
    "a payment was topped up twice": (
        (
            "DROP INDEX sms_transactions_one_top_up_per_payment;"
            "UPDATE sms_transactions SET kind = 'top_up' WHERE kind = 'refund'"
        ),
        {"nothing is applied twice"},
    ),
    "an event moved two payments": (
        "UPDATE payment_transitions SET event_id = 1 WHERE from_state = 'pending'",
        {"nothing is applied twice"},
    ),
    "an illegal step was taken, and put right again": (
        "UPDATE payment_transitions SET event = 'refunded_in_full' WHERE event_id = 1",
        {"no illegal transition was ever persisted"},
    ),
    "a version is missing": (
        (
            "UPDATE payment_transitions SET version = 3 WHERE event_id = 2;"
            "UPDATE payment_logs SET lock_version = 3 WHERE reference = 'ORD-1'"
        ),
        {"versions have no gap, and each step begins where the last one ended"},
    ),
    "a step begins elsewhere": (
        (
            "UPDATE payment_transitions SET from_state = 'disputed', event = 'dispute_won',"
            " to_state = 'partially_refunded' WHERE event_id = 2"
        ),
        {
            "versions have no gap, and each step begins where the last one ended",
            "no illegal transition was ever persisted",
        },
    ),
    "a payment stands apart from its history": (
        "UPDATE payment_logs SET state = 'refunded' WHERE reference = 'ORD-1'",
        {"versions have no gap, and each step begins where the last one ended"},
    ),
    "a movement does not sum to zero": (
        "UPDATE ledger_entries SET amount_minor = 999 WHERE movement_id = 1 AND leg = 2",
        {
            "the legs of every movement sum to zero",
            "balances are the sum of the ledger, also in 1 snapshots",
            "each payment has raised its customer's credit by what is theirs",
        },
    ),
    "a balance is not the ledger": (
        "UPDATE customer_balances SET balance_minor = 851",
        {"balances are the sum of the ledger, also in 1 snapshots"},
    ),
    "a payment's own row shows something else": (
        "UPDATE payment_logs SET captured_minor = 999 WHERE reference = 'ORD-1'",
        {"captured and refunded on each payment are as booked"},
    ),
    "a payment is completed, and nobody has paid": (
        (
            "UPDATE payment_logs SET state = 'completed' WHERE reference = 'ORD-2';"
            "UPDATE payment_transitions SET event = 'succeeded', to_state = 'completed'"
            " WHERE event = 'failed'"
        ),
        {"no payment is final otherwise than its provider's books say"},
    ),
    "more is refunded than was captured": (
        "UPDATE refunds SET amount_minor = 1001",
        {
            "no refund goes beyond its capture",
            "what services were told is kept as they asked",
            "an intent has one effect at its provider",
            "no refund ends here otherwise than at its provider",
        },
    ),
    "a refund succeeded here and not there": (
        "UPDATE refunds SET status = 'succeeded', amount_minor = 99",
        {
            "what services were told is kept as they asked",
            "an intent has one effect at its provider",
            "no refund ends here otherwise than at its provider",
        },
    ),
    "a refund was accepted beyond the capture, and failed later": (
        (
            "INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency, status,"
            " settled_at) SELECT 'RE-2', id, 'another', 950, 'NGN', 'failed', now()"
            " FROM payment_logs WHERE reference = 'ORD-1'"
        ),
        {"no refund goes beyond its capture"},
    ),
    "a refund failed here and succeeded there": (
        "UPDATE refunds SET status = 'failed'",
        {"no refund ends here otherwise than at its provider"},
    ),
    "what was opened there was taken for refused": (
        (
            "UPDATE provider_calls SET outcome = 'refused', error_class = 'ProviderRefused',"
            " payment_id = (SELECT id FROM payment_logs WHERE reference = 'ORD-1')"
        ),
        {"no call is taken for refused that had its effect"},
    ),
    "a debit was never kept": (
        "UPDATE sms_transactions SET reference = 'SMS-2' WHERE reference = 'SMS-1'",
        {
            "what services were told is kept as they asked",
            "nothing is kept for a service that it was not told of",
        },
    ),
    "a 5xx is kept under a key": (
        "UPDATE idempotency_keys SET status = 500",
        {"the same key gives the same answer, byte for byte"},
    ),
    "a debit was given back, and nobody asked": (
        (
            "INSERT INTO sms_transactions (reference, client_id, customer_id, currency, kind,"
            " amount_minor, balance_after_minor, customer_version, movement_id, reverses_id,"
            " created_at) SELECT 'REV-1', client_id, customer_id, currency, 'sms_reversal', 50,"
            " 900, 4, 5, id, now() FROM sms_transactions WHERE reference = 'SMS-1'"
        ),
        {"nothing is kept for a service that it was not told of"},
    ),
    "a capture became somebody else's credit": (
        (
            "UPDATE ledger_entries SET account = 'customer_credit:bob'"
            " WHERE movement_id = 1 AND leg = 2;"
            "INSERT INTO customer_balances (customer_id, currency, balance_minor, version)"
            " VALUES ('bob', 'NGN', 1000, 1);"
            "UPDATE customer_balances SET balance_minor = -150 WHERE customer_id = 'ada'"
        ),
        {"each payment has raised its customer's credit by what is theirs"},
    ),
    "a capture is in suspense, and belongs to its customer": (
        (
            "UPDATE ledger_entries SET account = 'suspense' WHERE movement_id = 1 AND leg = 2;"
            "UPDATE customer_balances SET balance_minor = -150"
        ),
        {"each payment has raised its customer's credit by what is theirs"},
    ),
    "a payment waits for a person, and nothing is wrong with it": (
        (
            "UPDATE payment_logs SET state = 'review' WHERE reference = 'ORD-1';"
            "UPDATE payment_transitions SET event = 'contradicted', to_state = 'review'"
            " WHERE event_id = 2"
        ),
        {"each payment has raised its customer's credit by what is theirs"},
    ),
    "a command has vanished": (
        "DELETE FROM inbound_events WHERE event_key = 'initialize:ORD-1'",
        {"every command comes to its end, and none without a trace"},
    ),
    "a command is over, and its refund is open": (
        (
            "DELETE FROM provider_calls WHERE event_id = 5;"
            "UPDATE refunds SET status = 'requested', settled_at = NULL"
        ),
        {
            "every command comes to its end, and none without a trace",
            "no refund ends here otherwise than at its provider",
            "each payment has raised its customer's credit by what is theirs",
        },
    ),
    "a question is over, and its payment still waits": (
        (
            "INSERT INTO inbound_events (id, source, account, event_key, body, headers, key_id,"
            " request_id) VALUES (6, 'internal', '', 'verify:ORD-2:1', '{}', '{}', '', 'r-6');"
            "UPDATE payment_logs SET state = 'processing' WHERE reference = 'ORD-2';"
            "UPDATE payment_transitions SET event = 'initialized', to_state = 'processing'"
            " WHERE event = 'failed'"
        ),
        {"every command comes to its end, and none without a trace"},
    ),
    "a call has no number": (
        "UPDATE provider_calls SET fence = 2",
        {"calls about one debt are made one at a time"},
    ),
    "a claim is left behind": (
        (
            "INSERT INTO claims (worker, backend_pid, backend_start, event_ids)"
            " VALUES ('w', 1, now(), '{1}')"
        ),
        {"no claim of a worker is left behind"},
    ),
    "events are applied late": (
        "UPDATE payment_transitions SET at = at + interval '1 minute'",
        {"without faults, an event is applied before anybody rings again"},
    ),
    "an event was signed by nobody": (
        "UPDATE inbound_events SET key_id = '' WHERE id = 1",
        {"what nobody authenticated has changed nothing"},
    ),
}
"""By what is planted: the statements, and the invariants that must not hold then."""
