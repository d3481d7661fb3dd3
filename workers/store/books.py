"""What must hold of the books and of what belongs to them, as queries that find exceptions."""

from __future__ import annotations

CALL_ENDS_WITHIN_S = 3_600
"""Age of a call that nobody has ended above which something is wrong: half a minute is presumed
dead, and the next one about the same payment ends it."""

BOOKS = {
    "payment is missing": """
        SELECT DISTINCT format('payment %s, which %s names', named.id, named.in_table)
        FROM (SELECT payment_id AS id, 'payment_transitions' AS in_table FROM payment_transitions
              UNION ALL SELECT payment_id, 'payment_facts' FROM payment_facts
              UNION ALL SELECT payment_id, 'provider_references' FROM provider_references
              UNION ALL SELECT payment_id, 'ledger_entries' FROM ledger_entries
              UNION ALL SELECT payment_log_id, 'sms_transactions' FROM sms_transactions) AS named
        WHERE named.id IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM payment_logs p WHERE p.id = named.id) LIMIT 100""",
    "movement does not sum to zero": """
        SELECT format('movement %s in %s', movement_id, currency) FROM ledger_entries
        GROUP BY movement_id, currency HAVING sum(amount_minor) <> 0 LIMIT 100""",
    "balance differs from the ledger": """
        SELECT format('customer %s in %s: balance %s, ledger %s', customer_id, currency,
                      b.balance_minor, coalesce(l.sum_minor, 0))
        FROM customer_balances b
        FULL JOIN (SELECT substr(account, length('customer_credit:') + 1) AS customer_id, currency,
                          sum(amount_minor) AS sum_minor
                   FROM ledger_entries WHERE starts_with(account, 'customer_credit:')
                   GROUP BY 1, 2) l USING (customer_id, currency)
        WHERE coalesce(b.balance_minor, 0) <> coalesce(l.sum_minor, 0) LIMIT 100""",
    "statement is broken": """
        SELECT format('customer %s in %s at %s', customer_id, currency, customer_version)
        FROM (SELECT customer_id, currency, customer_version, amount_minor, balance_after_minor,
                     lag(balance_after_minor, 1, 0) OVER each AS before_minor,
                     lag(customer_version, 1, 0) OVER each AS before_version
              FROM sms_transactions
              WINDOW each AS (PARTITION BY customer_id, currency ORDER BY customer_version)) s
        WHERE balance_after_minor <> before_minor + amount_minor
           OR customer_version <> before_version + 1 LIMIT 100""",
    "statement differs from the balance": """
        SELECT format('customer %s in %s', b.customer_id, b.currency)
        FROM customer_balances b
        LEFT JOIN sms_transactions s ON s.customer_id = b.customer_id AND s.currency = b.currency
             AND s.customer_version = b.version
        WHERE b.version > 0 AND s.balance_after_minor IS DISTINCT FROM b.balance_minor LIMIT 100""",
    "more than one credit": """
        SELECT format('payment %s', payment_log_id) FROM sms_transactions WHERE kind = 'top_up'
        GROUP BY payment_log_id HAVING count(*) > 1 LIMIT 100""",
    "fact is missing": """
        SELECT format('payment %s version %s', payment_id, version) FROM payment_transitions t
        WHERE starts_with(actor, 'provider:')
          AND NOT EXISTS (SELECT 1 FROM payment_facts f WHERE f.payment_id = t.payment_id
                          AND f.event_id = t.event_id) LIMIT 100""",
    "illegal step": """
        SELECT format('payment %s version %s', payment_id, version) FROM payment_transitions t
        WHERE NOT EXISTS (SELECT 1 FROM legal_transitions l WHERE l.from_state = t.from_state
                          AND l.event = t.event AND l.to_state = t.to_state) LIMIT 100""",
    "held credit differs from open refunds": """
        SELECT format('%s: held %s, open refunds %s', currency, coalesce(l.held_minor, 0),
                      coalesce(r.open_minor, 0))
        FROM (SELECT currency, sum(amount_minor) AS held_minor FROM ledger_entries
              WHERE account = 'refunds_held' GROUP BY 1) l
        FULL JOIN (SELECT currency, sum(amount_minor) AS open_minor FROM refunds
                   WHERE settled_at IS NULL GROUP BY 1) r USING (currency)
        WHERE coalesce(l.held_minor, 0) <> coalesce(r.open_minor, 0) LIMIT 100""",
    "refund is held or released wrongly": """
        SELECT format('refund %s, %s: held %s times, released %s times', reference, r.status,
                      coalesce(l.holds, 0), coalesce(l.releases, 0))
        FROM refunds r
        FULL JOIN (SELECT object_id AS reference,
                          count(*) FILTER (WHERE effect = 'refund_hold') AS holds,
                          count(*) FILTER (WHERE effect = 'refund_release') AS releases,
                          array_agg(DISTINCT abs(amount_minor)) AS amounts_minor,
                          count(DISTINCT currency) AS currencies, min(currency) AS currency
                   FROM ledger_entries
                   WHERE payment_id IS NULL AND account = 'refunds_held'
                     AND effect IN ('refund_hold', 'refund_release')
                   GROUP BY 1) l USING (reference)
        WHERE (r.id, l.holds, l.releases, l.amounts_minor, l.currencies, l.currency)
              IS DISTINCT FROM
              (r.id, 1, (r.settled_at IS NOT NULL)::int, ARRAY[r.amount_minor], 1, r.currency)
           OR r.id IS NULL LIMIT 100""",
    "write-off is more than was lost": """
        SELECT format('payment %s', w.object_id)
        FROM ledger_entries w
        LEFT JOIN payment_logs p ON p.reference = w.object_id
        LEFT JOIN LATERAL (
            SELECT -sum(l.amount_minor) AS taken_minor FROM ledger_entries l
            WHERE l.payment_id = p.id AND l.effect LIKE 'chargeback%' AND l.currency = w.currency
              AND starts_with(l.account, 'customer_credit:')) t ON true
        WHERE w.payment_id IS NULL AND w.effect = 'write_off' AND w.account = 'chargeback_loss'
          AND -w.amount_minor > coalesce(t.taken_minor, 0) LIMIT 100""",
    "call never ended": f"""
        SELECT format('call %s about %s, begun %s', id, debt, started_at) FROM provider_calls
        WHERE ended_at IS NULL AND started_at < now() - interval '{CALL_ENDS_WITHIN_S} s'
        LIMIT 100""",
}
"""What must hold of the books: each query names the rows for which it does not."""
