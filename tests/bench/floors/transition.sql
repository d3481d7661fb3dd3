\set i :i + 1
\set n :base + :i * :clients + :client_id
BEGIN;
SELECT e.source, e.account, e.event_key, e.body
    FROM inbound_work w JOIN inbound_events e ON e.id = w.event_id AND e.received_at = w.received_at
    WHERE w.event_id = :n FOR UPDATE OF w SKIP LOCKED;
SELECT id AS payment_id, lock_version AS version, encode(head_hash, 'hex') AS head, customer_id
    FROM payment_logs WHERE reference = concat('BENCH-', lpad(:n::text, 10, '0'))
    FOR NO KEY UPDATE \gset
INSERT INTO payment_facts (payment_id, kind, object_id, status, amount_minor, currency,
                           provider_at, event_id)
    VALUES (:payment_id, 'succeeded', :n::text, 'succeeded', 125000, 'NGN', now(), :n),
           (:payment_id, 'fee', :n::text, 'known', 1875, 'NGN', now(), :n);
INSERT INTO payment_transitions (payment_id, version, from_state, event, to_state, event_id, actor,
        reason, captured_minor, refunded_minor, disputed_minor, at, prev_hash, hash)
    VALUES (:payment_id, :version + 1, 'pending', 'succeeded', 'completed', :n, :actor,
        'charge.success', 125000, 0, 0, now(), decode(:head, 'hex'),
        sha256(decode(:head, 'hex') || convert_to(concat(
            :payment_id::text, :version::text, 'pending', 'succeeded', 'completed', :n::text,
            :actor::text, 'charge.success', '125000', '0', '0', now()::text), 'UTF8')))
    RETURNING encode(hash, 'hex') AS next_head \gset
UPDATE payment_logs SET state = 'completed', captured_minor = 125000, lock_version = :version + 1,
        head_hash = decode(:next_head, 'hex'), provider_reference = :n::text, updated_at = now()
    WHERE id = :payment_id AND lock_version = :version;
INSERT INTO provider_references (provider, account, provider_reference, payment_id)
    VALUES ('paystack', 'default', :n::text, :payment_id) ON CONFLICT DO NOTHING;
INSERT INTO ledger_entries (movement_id, leg, payment_id, effect, object_id, account, amount_minor,
                            currency, event_id, at)
    VALUES (nextval('ledger_movement_ids'), 1, :payment_id, 'capture', :n::text, :clearing, -125000,
            'NGN', :n, now()),
           (currval('ledger_movement_ids'), 2, :payment_id, 'capture', :n::text, concat('customer_credit:', :customer_id::text),
            125000, 'NGN', :n, now()),
           (nextval('ledger_movement_ids'), 1, :payment_id, 'fee', :n::text, :clearing, 1875, 'NGN', :n, now()),
           (currval('ledger_movement_ids'), 2, :payment_id, 'fee', :n::text, :fees, -1875, 'NGN', :n, now());
INSERT INTO customer_balances AS b (customer_id, currency, balance_minor, version)
    VALUES (:customer_id, 'NGN', 125000, 1)
    ON CONFLICT (customer_id, currency) DO UPDATE
    SET balance_minor = b.balance_minor + 125000, version = b.version + 1, updated_at = now()
    RETURNING balance_minor AS balance, b.version AS line \gset
INSERT INTO sms_transactions (reference, client_id, customer_id, currency, kind, amount_minor,
        balance_after_minor, customer_version, payment_log_id, movement_id, created_at)
    VALUES (concat('BENCH-', lpad(:n::text, 10, '0'), ':', 'capture'), 'payratchet', :customer_id, 'NGN',
        'top_up', 125000, :balance, :line, :payment_id, currval('ledger_movement_ids') - 1, now());
DELETE FROM inbound_work WHERE event_id = :n;
COMMIT;
