\set i :i + 1
\set n :base + :i * :clients + :client_id
WITH key AS (
    INSERT INTO inbound_dedup (source, account, event_key, body_sha256, event_id, received_at)
    VALUES ('paystack', 'default', concat(:key::text, :n::bigint),
            sha256(convert_to(:body, 'UTF8')), :n, now())
    ON CONFLICT DO NOTHING RETURNING event_id
)
INSERT INTO inbound_events (id, received_at, source, account, event_key, reference, mode, body,
                            headers, key_id, request_id)
SELECT event_id, now(), 'paystack', 'default', concat(:key::text, :n::bigint),
       concat('BENCH-', lpad(:n::text, 10, '0')), 'test', convert_to(:body, 'UTF8'),
       '{"content-type": "application/json"}', 'a1b2c3d4e5f6', concat('a1b2c3d4e5f6-', :n::bigint)
FROM key;
