"""The invariants of a measure: a sentence each, and the query that counts what contradicts it.

Every event of the benchmark pays one announced payment in full, so much more can be demanded than
of a service in general: as many effects as events, and each to the last minor unit.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence, and a query for how many things it was checked on and how many contradict it."""

    name: str
    query: str


INBOX = (
    Invariant(
        "every acknowledged event is kept",
        "SELECT count(*), greatest(0, %(acknowledged)s - count(*)) FROM inbound_events",
    ),
    Invariant(
        "every event has one key",
        "SELECT count(*), count(*) FILTER (WHERE e.id IS NULL OR k.event_id IS NULL)"
        " + count(*) - count(DISTINCT k.event_id)"
        " FROM inbound_events e FULL JOIN inbound_dedup k ON k.event_id = e.id",
    ),
    Invariant(
        "every event has had one effect, or owes it",
        """
        WITH moved AS (
            SELECT event_id, count(*) AS times FROM payment_transitions GROUP BY event_id
        )
        SELECT count(*), count(*) FILTER (
            WHERE e.id IS NULL OR coalesce(m.times, 0) + (w.event_id IS NOT NULL)::int <> 1)
        FROM inbound_events e
        FULL JOIN moved m ON m.event_id = e.id
        LEFT JOIN inbound_work w ON w.event_id = e.id
        """,
    ),
    Invariant(
        "no event is a dead letter",
        "SELECT count(*), (SELECT count(*) FROM dead_letters) FROM inbound_events",
    ),
)
"""What holds at any moment."""

BOOKS = (
    Invariant(
        "nothing is owed",
        """
        SELECT count(*), (SELECT count(*) FROM inbound_work) + (SELECT count(*) FROM claims)
                         + (SELECT count(*) FROM waiting_captures)
        FROM inbound_events
        """,
    ),
    Invariant(
        "every paid payment is credited once and in full, and no other",
        """
        WITH credit AS (
            SELECT payment_log_id, count(*) AS times, sum(amount_minor) AS minor
            FROM sms_transactions GROUP BY payment_log_id
        )
        SELECT count(*) FILTER (WHERE p.state = 'completed'), count(*) FILTER (
            WHERE p.id IS NULL
               OR (p.state, p.captured_minor, coalesce(c.times, 0), coalesce(c.minor, 0))
                  NOT IN (('completed', %(amount)s, 1, %(amount)s), ('pending', 0, 0, 0)))
        FROM payment_logs p FULL JOIN credit c ON c.payment_log_id = p.id
        """,
    ),
    Invariant(
        "all credit is the price of all events",
        """
        SELECT count(*), (coalesce(sum(amount_minor), 0)
                          <> %(amount)s * (SELECT count(*) FROM inbound_events))::int
        FROM sms_transactions WHERE kind = 'top_up'
        """,
    ),
    Invariant(
        "each balance is the sum of the ledger and the end of the statement",
        """
        WITH ledger AS (
            SELECT substr(account, length('customer_credit:') + 1) AS customer_id, currency,
                   sum(amount_minor) AS minor
            FROM ledger_entries WHERE account LIKE 'customer\\_credit:%%' GROUP BY 1, 2
        ), lines AS (
            SELECT customer_id, currency, max(customer_version) AS version
            FROM sms_transactions GROUP BY 1, 2
        ), statement AS (
            SELECT s.customer_id, s.currency, s.balance_after_minor AS minor, l.version
            FROM lines l JOIN sms_transactions s
                ON (s.customer_id, s.currency, s.customer_version)
                   = (l.customer_id, l.currency, l.version)
        )
        SELECT count(*), count(*) FILTER (
            WHERE (b.balance_minor, b.balance_minor, b.version)
                  IS DISTINCT FROM (l.minor, s.minor, s.version))
        FROM customer_balances b
        FULL JOIN ledger l USING (customer_id, currency)
        FULL JOIN statement s USING (customer_id, currency)
        """,
    ),
    Invariant(
        "each statement is one chain without a gap",
        """
        WITH chain AS (
            SELECT customer_version, balance_after_minor, amount_minor,
                   lag(customer_version, 1, 0::bigint) OVER line AS version_before,
                   lag(balance_after_minor, 1, 0::bigint) OVER line AS balance_before
            FROM sms_transactions
            WINDOW line AS (PARTITION BY customer_id, currency ORDER BY customer_version)
        )
        SELECT count(*), count(*) FILTER (
            WHERE (customer_version, balance_after_minor)
                  <> (version_before + 1, balance_before + amount_minor))
        FROM chain
        """,
    ),
    Invariant(
        "every movement sums to zero",
        """
        WITH movements AS (
            SELECT sum(amount_minor) AS minor FROM ledger_entries GROUP BY movement_id, currency
        )
        SELECT count(*), count(*) FILTER (WHERE minor <> 0) FROM movements
        """,
    ),
    Invariant(
        "versions have no gap and end where the payment is",
        """
        WITH steps AS (
            SELECT payment_id, count(*) AS steps, min(version) AS first, max(version) AS last
            FROM payment_transitions GROUP BY payment_id
        )
        SELECT count(s.payment_id), count(*) FILTER (
            WHERE p.id IS NULL OR p.lock_version <> coalesce(s.steps, 0)
               OR (s.first, s.last) <> (1, s.steps)
               OR p.state <> coalesce(t.to_state, 'pending')
               OR p.head_hash <> coalesce(t.hash, p.head_hash))
        FROM payment_logs p
        FULL JOIN steps s ON s.payment_id = p.id
        LEFT JOIN payment_transitions t ON t.payment_id = s.payment_id AND t.version = s.last
        """,
    ),
    Invariant(
        "house accounts are what the provider holds and has kept",
        """
        WITH house AS (
            SELECT split_part(account, ':', 1) AS kind, sum(amount_minor) AS minor
            FROM ledger_entries WHERE account NOT LIKE 'customer\\_credit:%%' GROUP BY 1
        )
        SELECT count(*), count(*) FILTER (
            WHERE minor <> (SELECT count(*) FROM inbound_events) * CASE kind
                WHEN 'provider_clearing' THEN %(fee)s - %(amount)s
                WHEN 'fees' THEN -%(fee)s ELSE 0 END)
        FROM house
        """,
    ),
)
"""What holds once all is applied."""

PAYMENTS = (
    Invariant(
        "every payment of the measure has had its one effect",
        """
        SELECT count(*), %(count)s - count(*) FILTER (
            WHERE (p.state, p.lock_version, t.times, s.times, s.minor, l.times, l.minor)
                  IS NOT DISTINCT FROM ('completed', 1, 1::bigint, 1::bigint, %(amount)s::numeric,
                                        4::bigint, 0::numeric))
        FROM payment_logs p
        CROSS JOIN LATERAL (SELECT count(*) AS times FROM payment_transitions
                            WHERE payment_id = p.id) t
        CROSS JOIN LATERAL (SELECT count(*) AS times, sum(amount_minor) AS minor
                            FROM sms_transactions
                            WHERE payment_log_id = p.id AND kind = 'top_up') s
        CROSS JOIN LATERAL (SELECT count(*) AS times, sum(amount_minor) AS minor
                            FROM ledger_entries WHERE payment_id = p.id) l
        WHERE p.reference BETWEEN %(first)s AND %(last)s
        """,
    ),
    Invariant(
        "nothing is owed and nothing is dead",
        """
        SELECT %(count)s::bigint, (SELECT count(*) FROM inbound_work)
            + (SELECT count(*) FROM claims)
            + (SELECT count(*) FROM dead_letters WHERE reference BETWEEN %(first)s AND %(last)s)
        """,
    ),
)
"""What holds of some payments of a database that has many others."""

INTENTS = (
    Invariant(
        "every acknowledged request is a payment",
        "SELECT count(*), greatest(0, %(acknowledged)s - count(*)) FROM payment_logs",
    ),
    Invariant(
        "every payment has one key, and the key its answer",
        """
        SELECT count(*), count(*) FILTER (WHERE p.id IS NULL OR k.status IS DISTINCT FROM 202)
                         + count(*) - count(DISTINCT k.key)
        FROM payment_logs p
        FULL JOIN idempotency_keys k
            ON convert_from(k.body, 'UTF8')::jsonb ->> 'reference' = p.reference
        """,
    ),
    Invariant(
        "every payment has one command, done or owed",
        """
        WITH commands AS (
            SELECT e.reference, count(*) AS times, count(w.event_id) AS owed,
                   count(DISTINCT c.event_id) AS done
            FROM inbound_events e
            LEFT JOIN inbound_work w ON w.event_id = e.id
            LEFT JOIN provider_calls c ON c.event_id = e.id AND c.outcome = 'answered'
            WHERE e.source = 'internal' AND e.event_key LIKE 'initialize:%%' GROUP BY e.reference
        )
        SELECT count(*), count(*) FILTER (
            WHERE p.id IS NULL OR c.times IS DISTINCT FROM 1 OR c.owed + c.done <> 1)
        FROM payment_logs p FULL JOIN commands c USING (reference)
        """,
    ),
    INBOX[3],
)
"""What holds at any moment of payments that were asked for over the API."""

STARTED = (
    Invariant(
        "no command is owed and no call is live",
        """
        SELECT count(*), (SELECT count(*) FROM inbound_work) + (SELECT count(*) FROM claims)
                         + (SELECT count(*) FROM provider_calls WHERE ended_at IS NULL)
        FROM payment_logs
        """,
    ),
    Invariant(
        "every payment was started once and has a page to pay at",
        """
        WITH calls AS (
            SELECT payment_id, count(*) AS times, bool_and(outcome = 'answered') AS answered
            FROM provider_calls WHERE kind = 'initialize' GROUP BY payment_id
        )
        SELECT count(*), count(*) FILTER (
            WHERE p.authorization_url IS NULL
               OR (p.state, c.times, c.answered) IS DISTINCT FROM ('processing', 1::bigint, true))
        FROM payment_logs p FULL JOIN calls c ON c.payment_id = p.id
        """,
    ),
)
"""What holds of them once the worker has started them all at the provider."""
