"""Payments: what was asked, what providers told of it, and every step it took.

The database repeats what `domain.transitions` decides. A step that is not in `legal_transitions`
cannot be written, and a payment cannot come to a state or version without the steps that led
there. So a bug in one of the two cannot persist an illegal transition.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"

STATES = """('pending', 'processing', 'completed', 'failed', 'partially_refunded', 'refunded',
                'disputed', 'charged_back', 'cancelled', 'review')"""


def upgrade() -> None:
    """Create payments, their facts and their history. Amounts are minor units."""
    op.execute(f"""
        CREATE TABLE payment_logs (
            id                 bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            reference          text        NOT NULL,
            client_id          text        NOT NULL,
            customer_id        text        NOT NULL,
            provider           text        NOT NULL,
            account            text        NOT NULL,
            provider_reference text,
            amount_minor       bigint      NOT NULL,
            currency           text        NOT NULL,
            state              text        NOT NULL DEFAULT 'pending',
            captured_minor     bigint      NOT NULL DEFAULT 0,
            refunded_minor     bigint      NOT NULL DEFAULT 0,
            disputed_minor     bigint      NOT NULL DEFAULT 0,
            cancelled          boolean     NOT NULL DEFAULT false,
            lock_version       integer     NOT NULL DEFAULT 0,
            head_hash          bytea       NOT NULL,
            idempotency_key    uuid,
            authorization_url  text,
            metadata           jsonb       NOT NULL DEFAULT '{{}}',
            announced_by       text        NOT NULL,
            created_at         timestamptz NOT NULL DEFAULT now(),
            updated_at         timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT payment_logs_pkey PRIMARY KEY (id),
            CONSTRAINT payment_logs_reference_once UNIQUE (reference),
            CONSTRAINT payment_logs_idempotency_key_once UNIQUE (client_id, idempotency_key),
            CONSTRAINT payment_logs_reference_check CHECK (reference ~ '^[A-Za-z0-9._=-]{{1,100}}$'),
            CONSTRAINT payment_logs_amount_positive_check CHECK (amount_minor > 0),
            CONSTRAINT payment_logs_currency_check CHECK (currency ~ '^[A-Z]{{3}}$'),
            CONSTRAINT payment_logs_state_check CHECK (state IN {STATES}),
            CONSTRAINT payment_logs_sums_not_negative_check
                CHECK (captured_minor >= 0 AND refunded_minor >= 0 AND disputed_minor >= 0)
        ) WITH (fillfactor = 70)
    """)
    op.execute("""
        CREATE TABLE payment_facts (
            id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            payment_id   bigint      NOT NULL,
            kind         text        NOT NULL,
            object_id    text        NOT NULL,
            status       text        NOT NULL,
            amount_minor bigint,
            currency     text,
            capture_id   text,
            provider_at  timestamptz,
            event_id     bigint      NOT NULL,
            created_at   timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT payment_facts_pkey PRIMARY KEY (id),
            CONSTRAINT payment_facts_once UNIQUE NULLS NOT DISTINCT
                (payment_id, kind, object_id, status, amount_minor, currency, capture_id),
            CONSTRAINT payment_facts_payment_fkey FOREIGN KEY (payment_id) REFERENCES payment_logs,
            CONSTRAINT payment_facts_amount_check
                CHECK ((amount_minor IS NULL) = (currency IS NULL) AND amount_minor >= 0)
        )
    """)
    op.execute("""
        CREATE TRIGGER payment_facts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON payment_facts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    _history()
    _waiting()


def _history() -> None:
    op.execute("""
        CREATE TABLE legal_transitions (
            from_state text NOT NULL,
            event      text NOT NULL,
            to_state   text NOT NULL,
            CONSTRAINT legal_transitions_pkey PRIMARY KEY (from_state, event, to_state)
        )
    """)
    op.execute(Path(__file__).with_name("0002_legal_transitions.sql").read_text())
    op.execute("""
        CREATE TRIGGER legal_transitions_append_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
            ON legal_transitions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TABLE payment_transitions (
            payment_id     bigint      NOT NULL,
            version        integer     NOT NULL,
            from_state     text        NOT NULL,
            event          text        NOT NULL,
            to_state       text        NOT NULL,
            event_id       bigint,
            actor          text        NOT NULL,
            reason         text        NOT NULL,
            captured_minor bigint      NOT NULL,
            refunded_minor bigint      NOT NULL,
            disputed_minor bigint      NOT NULL,
            at             timestamptz NOT NULL,
            prev_hash      bytea       NOT NULL,
            hash           bytea       NOT NULL,
            CONSTRAINT payment_transitions_pkey PRIMARY KEY (payment_id, version),
            CONSTRAINT payment_transitions_payment_fkey
                FOREIGN KEY (payment_id) REFERENCES payment_logs,
            CONSTRAINT payment_transitions_legal_fkey FOREIGN KEY (from_state, event, to_state)
                REFERENCES legal_transitions (from_state, event, to_state),
            CONSTRAINT payment_transitions_hash_length_check
                CHECK (length(prev_hash) = 32 AND length(hash) = 32)
        )
    """)
    op.execute("""
        CREATE TRIGGER payment_transitions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON payment_transitions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE FUNCTION check_payment_steps() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            broken text;
        BEGIN
            SELECT after.reference INTO broken
            FROM after
            JOIN before USING (id)
            LEFT JOIN payment_transitions first
                ON first.payment_id = after.id AND first.version = before.lock_version + 1
            LEFT JOIN payment_transitions last
                ON last.payment_id = after.id AND last.version = after.lock_version
            WHERE (after.state, after.lock_version, after.head_hash, after.cancelled,
                   after.captured_minor, after.refunded_minor, after.disputed_minor)
                    IS DISTINCT FROM
                  (before.state, before.lock_version, before.head_hash, before.cancelled,
                   before.captured_minor, before.refunded_minor, before.disputed_minor)
              AND (first.from_state IS DISTINCT FROM before.state
                   OR first.prev_hash IS DISTINCT FROM before.head_hash
                   OR last.to_state IS DISTINCT FROM after.state
                   OR last.hash IS DISTINCT FROM after.head_hash
                   OR (last.captured_minor, last.refunded_minor, last.disputed_minor)
                        IS DISTINCT FROM
                      (after.captured_minor, after.refunded_minor, after.disputed_minor))
            LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'payment % changed without the steps that lead there', broken
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER payment_logs_steps_exist AFTER UPDATE ON payment_logs
            REFERENCING OLD TABLE AS before NEW TABLE AS after
            FOR EACH STATEMENT EXECUTE FUNCTION check_payment_steps()
    """)
    op.execute("""
        CREATE FUNCTION check_payment_asked() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' AND (NEW.state, NEW.lock_version) <> ('pending', 0) THEN
                RAISE EXCEPTION 'payment % must begin as pending', NEW.reference
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER payment_logs_begin_pending BEFORE INSERT ON payment_logs
            FOR EACH ROW EXECUTE FUNCTION check_payment_asked()
    """)
    op.execute("""
        CREATE TRIGGER payment_logs_asked_is_final
            BEFORE UPDATE OF reference, client_id, customer_id, provider, account, amount_minor,
                currency, announced_by, created_at ON payment_logs
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER payment_logs_no_delete BEFORE DELETE OR TRUNCATE ON payment_logs
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def _waiting() -> None:
    op.execute("""
        CREATE TABLE provider_references (
            provider           text   NOT NULL,
            account            text   NOT NULL,
            provider_reference text   NOT NULL,
            payment_id         bigint NOT NULL,
            CONSTRAINT provider_references_pkey
                PRIMARY KEY (provider, account, provider_reference),
            CONSTRAINT provider_references_payment_fkey
                FOREIGN KEY (payment_id) REFERENCES payment_logs
        )
    """)
    op.execute("""
        CREATE TABLE waiting_captures (
            payment_id  bigint      NOT NULL,
            object_id   text        NOT NULL,
            event_id    bigint      NOT NULL,
            received_at timestamptz NOT NULL,
            since       timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT waiting_captures_pkey PRIMARY KEY (payment_id, object_id, event_id)
        )
    """)
    op.execute("""
        CREATE TABLE source_modes (
            source    text        NOT NULL,
            account   text        NOT NULL,
            mode      text        NOT NULL,
            event_id  bigint      NOT NULL,
            pinned_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT source_modes_pkey PRIMARY KEY (source, account),
            CONSTRAINT source_modes_mode_check CHECK (mode IN ('live', 'test'))
        )
    """)


def downgrade() -> None:
    """Drop everything. Only for development: it destroys history."""
    for table in (
        "source_modes",
        "waiting_captures",
        "provider_references",
        "payment_transitions",
        "legal_transitions",
        "payment_facts",
        "payment_logs",
    ):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION check_payment_asked()")
    op.execute("DROP FUNCTION check_payment_steps()")
