"""Services: who may ask, what was asked and answered, and what providers were asked for us.

A request's key, its answer and its effect are one commit, so a key without an answer is refused at
commit. A refund can never take more than was captured, whoever inserts it; and of the calls about
one debt only the newest is live.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

_KINDS = ("top_up", "refund", "chargeback", "adjustment", "sms_debit", "sms_reversal")
_REASONS = (
    *("permanent", "schema", "mismatch", "mode_mismatch", "unknown_reference", "missing_capture"),
    *("refetch_required", "illegal_transition", "exhausted", "expired", "crash_loop"),
)


def upgrade() -> None:
    """Create the tables, and let statements and dead letters say what is new."""
    _clients()
    _keys()
    _refunds()
    _calls()
    _reconciliation()
    _check("sms_transactions", "kind", (*_KINDS, "refund_hold", "refund_release"))
    _check("dead_letters", "reason", (*_REASONS, "provider_refused", "unheard"))
    # Facts are stored in the order of their time, so a summary of each range of pages is enough.
    op.execute("""
        CREATE INDEX payment_facts_created_idx ON payment_facts USING brin (created_at)
            WITH (autosummarize = on)
    """)
    op.execute("CREATE INDEX payment_logs_client_idx ON payment_logs (client_id, id)")
    op.execute(
        "CREATE INDEX payment_logs_customer_idx ON payment_logs (customer_id, client_id, id)"
    )
    op.execute("CREATE INDEX inbound_events_reference_idx ON inbound_events (reference)")
    op.execute("CREATE INDEX sms_transactions_customer_idx ON sms_transactions (customer_id, id)")


def _clients() -> None:
    op.execute("""
        CREATE TABLE api_clients (
            id               text        NOT NULL,
            name             text        NOT NULL,
            scopes           text[]      NOT NULL,
            initialize_limit text,
            verify_limit     text,
            created_by       text        NOT NULL,
            created_at       timestamptz NOT NULL DEFAULT now(),
            revoked_at       timestamptz,
            CONSTRAINT api_clients_pkey PRIMARY KEY (id),
            CONSTRAINT api_clients_name_once UNIQUE (name),
            CONSTRAINT api_clients_scopes_check CHECK (cardinality(scopes) > 0 AND scopes <@
                ARRAY['payments:read', 'payments:write', 'credit:read', 'credit:write'])
        )
    """)
    op.execute("""
        CREATE TABLE api_keys (
            prefix       text        NOT NULL,
            client_id    text        NOT NULL,
            key_hash     bytea       NOT NULL,
            created_by   text        NOT NULL,
            created_at   timestamptz NOT NULL DEFAULT now(),
            expires_at   timestamptz,
            revoked_at   timestamptz,
            last_used_at timestamptz,
            CONSTRAINT api_keys_pkey PRIMARY KEY (prefix),
            CONSTRAINT api_keys_client_fkey FOREIGN KEY (client_id) REFERENCES api_clients,
            CONSTRAINT api_keys_hash_length_check CHECK (length(key_hash) = 32)
        )
    """)
    op.execute("CREATE INDEX api_keys_client_idx ON api_keys (client_id)")
    op.execute("""
        CREATE TABLE api_client_actions (
            id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            client_id  text        NOT NULL,
            action     text        NOT NULL,
            key_prefix text,
            actor      text        NOT NULL,
            reason     text        NOT NULL,
            at         timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT api_client_actions_pkey PRIMARY KEY (id),
            CONSTRAINT api_client_actions_client_fkey
                FOREIGN KEY (client_id) REFERENCES api_clients,
            CONSTRAINT api_client_actions_action_check CHECK (action IN
                ('created', 'rotated', 'key_ended', 'revoked', 'limited'))
        )
    """)
    op.execute("CREATE INDEX api_client_actions_client_idx ON api_client_actions (client_id)")
    op.execute("""
        CREATE TRIGGER api_client_actions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON api_client_actions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def _keys() -> None:
    op.execute("""
        CREATE TABLE idempotency_keys (
            client_id   text        NOT NULL,
            method      text        NOT NULL,
            route       text        NOT NULL,
            key         uuid        NOT NULL,
            fingerprint bytea       NOT NULL,
            status      smallint,
            headers     jsonb,
            body        bytea,
            created_at  timestamptz NOT NULL DEFAULT now(),
            expires_at  timestamptz NOT NULL,
            CONSTRAINT idempotency_keys_pkey PRIMARY KEY (client_id, method, route, key),
            CONSTRAINT idempotency_keys_fingerprint_length_check CHECK (length(fingerprint) = 32)
        ) WITH (fillfactor = 70)
    """)
    op.execute("CREATE INDEX idempotency_keys_expires_idx ON idempotency_keys (expires_at)")
    op.execute("""
        CREATE FUNCTION check_key_answered() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM idempotency_keys k
            WHERE (k.client_id, k.method, k.route, k.key)
                    = (NEW.client_id, NEW.method, NEW.route, NEW.key)
              AND (k.status IS NULL OR k.headers IS NULL OR k.body IS NULL);
            IF FOUND THEN
                RAISE EXCEPTION 'key % would be kept without its answer', NEW.key
                    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER idempotency_keys_answered
            AFTER INSERT OR UPDATE ON idempotency_keys
            DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION check_key_answered()
    """)


def _refunds() -> None:
    op.execute("""
        CREATE TABLE refunds (
            id                 bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            reference          text        NOT NULL,
            payment_id         bigint      NOT NULL,
            client_id          text        NOT NULL,
            amount_minor       bigint      NOT NULL,
            currency           text        NOT NULL,
            reason             text,
            status             text        NOT NULL DEFAULT 'requested',
            provider_refund_id text,
            object_id          text,
            facts_before       integer,
            created_at         timestamptz NOT NULL DEFAULT now(),
            settled_at         timestamptz,
            CONSTRAINT refunds_pkey PRIMARY KEY (id),
            CONSTRAINT refunds_reference_once UNIQUE (reference),
            CONSTRAINT refunds_payment_fkey FOREIGN KEY (payment_id) REFERENCES payment_logs,
            CONSTRAINT refunds_amount_positive_check CHECK (amount_minor > 0),
            CONSTRAINT refunds_facts_before_check CHECK (facts_before >= 0),
            CONSTRAINT refunds_status_check
                CHECK (status IN ('requested', 'sent', 'succeeded', 'failed')),
            CONSTRAINT refunds_settled_check
                CHECK ((settled_at IS NOT NULL) = (status IN ('succeeded', 'failed')))
        )
    """)
    op.execute("CREATE INDEX refunds_payment_idx ON refunds (payment_id)")
    op.execute("CREATE INDEX refunds_open_idx ON refunds (id) WHERE settled_at IS NULL")
    op.execute("""
        CREATE UNIQUE INDEX refunds_object_once ON refunds (payment_id, object_id)
            WHERE object_id IS NOT NULL
    """)
    op.execute("""
        CREATE FUNCTION check_refund_within_capture() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            payment record;
            ours record;
        BEGIN
            SELECT reference, currency, captured_minor, refunded_minor INTO payment
            FROM payment_logs WHERE id = NEW.payment_id FOR NO KEY UPDATE;
            SELECT coalesce(sum(amount_minor) FILTER (WHERE status <> 'failed'), 0) AS live_minor,
                   coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded'), 0) AS done_minor
            INTO ours FROM refunds WHERE payment_id = NEW.payment_id;
            IF NEW.currency <> payment.currency
               OR ours.live_minor + greatest(0, payment.refunded_minor - ours.done_minor)
                    + NEW.amount_minor > payment.captured_minor THEN
                RAISE EXCEPTION 'a refund of % exceeds what is left of %',
                    NEW.amount_minor, payment.reference
                    USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER refunds_within_capture BEFORE INSERT ON refunds
            FOR EACH ROW EXECUTE FUNCTION check_refund_within_capture()
    """)
    op.execute("""
        CREATE FUNCTION check_refund_settled_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.settled_at IS NOT NULL OR (NEW.reference, NEW.payment_id, NEW.client_id,
                NEW.amount_minor, NEW.currency, NEW.created_at) IS DISTINCT FROM (OLD.reference,
                OLD.payment_id, OLD.client_id, OLD.amount_minor, OLD.currency, OLD.created_at) THEN
                RAISE EXCEPTION 'refund % is settled, or what was asked would change',
                    OLD.reference USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER refunds_settled_once BEFORE UPDATE ON refunds
            FOR EACH ROW EXECUTE FUNCTION check_refund_settled_once()
    """)
    op.execute("""
        CREATE TRIGGER refunds_no_delete BEFORE DELETE OR TRUNCATE ON refunds
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def _calls() -> None:
    op.execute("""
        CREATE TABLE provider_calls (
            id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            debt         text        NOT NULL,
            fence        integer     NOT NULL,
            event_id     bigint      NOT NULL,
            payment_id   bigint,
            kind         text        NOT NULL,
            provider     text        NOT NULL,
            account      text        NOT NULL,
            provider_key text,
            worker       text        NOT NULL,
            started_at   timestamptz NOT NULL DEFAULT now(),
            ended_at     timestamptz,
            outcome      text,
            http_status  integer,
            error_class  text,
            message      text,
            answer       bytea,
            CONSTRAINT provider_calls_pkey PRIMARY KEY (id),
            CONSTRAINT provider_calls_fence_once UNIQUE (debt, fence),
            CONSTRAINT provider_calls_kind_check CHECK (kind IN
                ('initialize', 'verify', 'refund', 'cancel')),
            CONSTRAINT provider_calls_outcome_check CHECK (outcome IN
                ('answered', 'refused', 'not_sent', 'unknown')),
            CONSTRAINT provider_calls_ended_check
                CHECK ((ended_at IS NULL) = (outcome IS NULL))
        )
    """)
    op.execute("""
        CREATE UNIQUE INDEX provider_calls_one_live ON provider_calls (debt)
            WHERE ended_at IS NULL
    """)
    op.execute("CREATE INDEX provider_calls_payment_idx ON provider_calls (payment_id)")
    op.execute("CREATE INDEX provider_calls_event_idx ON provider_calls (event_id)")
    op.execute("""
        CREATE FUNCTION check_call_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.ended_at IS NOT NULL OR (NEW.debt, NEW.fence, NEW.event_id, NEW.payment_id,
                NEW.kind, NEW.provider_key, NEW.started_at) IS DISTINCT FROM (OLD.debt, OLD.fence,
                OLD.event_id, OLD.payment_id, OLD.kind, OLD.provider_key, OLD.started_at) THEN
                RAISE EXCEPTION 'call % has ended, or what was asked would change', OLD.id
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER provider_calls_end_once BEFORE UPDATE ON provider_calls
            FOR EACH ROW EXECUTE FUNCTION check_call_ends_once()
    """)
    op.execute("""
        CREATE TRIGGER provider_calls_no_delete BEFORE DELETE OR TRUNCATE ON provider_calls
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TABLE verifications (
            payment_id bigint      NOT NULL,
            step       smallint    NOT NULL DEFAULT 0,
            since      timestamptz NOT NULL,
            next_at    timestamptz NOT NULL,
            CONSTRAINT verifications_pkey PRIMARY KEY (payment_id),
            CONSTRAINT verifications_payment_fkey FOREIGN KEY (payment_id) REFERENCES payment_logs
        )
    """)
    op.execute("CREATE INDEX verifications_due_idx ON verifications (next_at)")


def _reconciliation() -> None:
    op.execute("""
        CREATE TABLE reconciliation_runs (
            id              bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            provider        text        NOT NULL,
            account         text        NOT NULL,
            since           timestamptz NOT NULL,
            until           timestamptz NOT NULL,
            requested_by    text        NOT NULL,
            reason          text        NOT NULL,
            status          text        NOT NULL DEFAULT 'running',
            cursor          text,
            covered_through timestamptz,
            examined        bigint      NOT NULL DEFAULT 0,
            missing_here    bigint      NOT NULL DEFAULT 0,
            missing_there   bigint      NOT NULL DEFAULT 0,
            mismatched      bigint      NOT NULL DEFAULT 0,
            mended          bigint      NOT NULL DEFAULT 0,
            problem         text,
            started_at      timestamptz NOT NULL DEFAULT now(),
            heartbeat_at    timestamptz NOT NULL DEFAULT now(),
            finished_at     timestamptz,
            CONSTRAINT reconciliation_runs_pkey PRIMARY KEY (id),
            CONSTRAINT reconciliation_runs_status_check
                CHECK (status IN ('running', 'settling', 'finished', 'failed')),
            CONSTRAINT reconciliation_runs_finished_check
                CHECK ((finished_at IS NOT NULL) = (status IN ('finished', 'failed')))
        )
    """)
    op.execute("""
        CREATE UNIQUE INDEX reconciliation_runs_one_at_a_time
            ON reconciliation_runs (provider, account) WHERE finished_at IS NULL
    """)
    op.execute("""
        CREATE TABLE reconciliation_items (
            run_id           bigint NOT NULL,
            object_id        text   NOT NULL,
            reference        text,
            status           text   NOT NULL,
            amount_minor     bigint,
            currency         text,
            refunded_minor   bigint,
            here_minor       bigint,
            here_refunded_minor bigint,
            verdict          text   NOT NULL,
            note             text   NOT NULL,
            event_id         bigint,
            mended           boolean NOT NULL DEFAULT false,
            CONSTRAINT reconciliation_items_pkey PRIMARY KEY (run_id, object_id),
            CONSTRAINT reconciliation_items_run_fkey
                FOREIGN KEY (run_id) REFERENCES reconciliation_runs,
            CONSTRAINT reconciliation_items_verdict_check CHECK (verdict IN
                ('equal', 'missing_here', 'missing_there', 'mismatched'))
        )
    """)


def _check(table: str, column: str, values: tuple[str, ...]) -> None:
    """Swap the list of words that a column may hold, without a long lock."""
    listed = ", ".join(f"'{value}'" for value in values)
    name = f"{table}_{column}_check"
    op.execute(f"""
        ALTER TABLE {table} DROP CONSTRAINT {name},
            ADD CONSTRAINT {name} CHECK ({column} IN ({listed})) NOT VALID
    """)
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    """Drop everything. Only for development: it destroys history."""
    op.execute("DROP INDEX sms_transactions_customer_idx, payment_logs_client_idx")
    op.execute("DROP INDEX payment_logs_customer_idx, inbound_events_reference_idx")
    op.execute("DROP INDEX payment_facts_created_idx")
    _check("dead_letters", "reason", _REASONS)
    _check("sms_transactions", "kind", _KINDS)
    for table in (
        *("reconciliation_items", "reconciliation_runs", "verifications", "provider_calls"),
        *("refunds", "idempotency_keys", "api_client_actions", "api_keys", "api_clients"),
    ):
        op.execute(f"DROP TABLE {table}")
    for function in (
        *("check_call_ends_once", "check_refund_settled_once", "check_refund_within_capture"),
        "check_key_answered",
    ):
        op.execute(f"DROP FUNCTION {function}()")
