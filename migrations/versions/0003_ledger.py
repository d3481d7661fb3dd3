"""The ledger: double entry, customers' credit, and the statement that customers see.

Zero sums are checked once per statement over all its rows, so all legs of a movement must come in
one INSERT; that costs almost nothing, where a check per row would halve the rate.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create entries, balances and the statement. Positive amounts credit an account."""
    op.execute("CREATE SEQUENCE ledger_movement_ids AS bigint")
    op.execute("""
        CREATE TABLE ledger_entries (
            movement_id  bigint      NOT NULL,
            leg          smallint    NOT NULL,
            payment_id   bigint,
            effect       text        NOT NULL,
            object_id    text        NOT NULL,
            account      text        NOT NULL,
            amount_minor bigint      NOT NULL,
            currency     text        NOT NULL,
            event_id     bigint,
            at           timestamptz NOT NULL,
            CONSTRAINT ledger_entries_pkey PRIMARY KEY (movement_id, leg),
            CONSTRAINT ledger_entries_effect_once UNIQUE NULLS NOT DISTINCT
                (payment_id, effect, object_id, leg),
            CONSTRAINT ledger_entries_payment_fkey FOREIGN KEY (payment_id) REFERENCES payment_logs,
            CONSTRAINT ledger_entries_amount_not_zero_check CHECK (amount_minor <> 0),
            CONSTRAINT ledger_entries_currency_check CHECK (currency ~ '^[A-Z]{3}$')
        )
    """)
    op.execute("""
        CREATE FUNCTION check_zero_sum() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            broken bigint;
        BEGIN
            SELECT movement_id INTO broken FROM added
            GROUP BY movement_id, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'movement % does not sum to zero', broken
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER ledger_entries_zero_sum AFTER INSERT ON ledger_entries
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION check_zero_sum()
    """)
    op.execute("""
        CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TABLE customer_balances (
            customer_id   text        NOT NULL,
            currency      text        NOT NULL,
            balance_minor bigint      NOT NULL DEFAULT 0,
            version       bigint      NOT NULL DEFAULT 0,
            updated_at    timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT customer_balances_pkey PRIMARY KEY (customer_id, currency)
        ) WITH (fillfactor = 50)
    """)
    op.execute("""
        CREATE TABLE sms_transactions (
            id                  bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            reference           text        NOT NULL,
            client_id           text        NOT NULL,
            idempotency_key     uuid,
            customer_id         text        NOT NULL,
            currency            text        NOT NULL,
            kind                text        NOT NULL,
            amount_minor        bigint      NOT NULL,
            balance_after_minor bigint      NOT NULL,
            customer_version    bigint      NOT NULL,
            payment_log_id      bigint,
            movement_id         bigint      NOT NULL,
            reverses_id         bigint,
            service             text,
            description         text,
            created_at          timestamptz NOT NULL,
            CONSTRAINT sms_transactions_pkey PRIMARY KEY (id),
            CONSTRAINT sms_transactions_reference_once UNIQUE (reference),
            CONSTRAINT sms_transactions_idempotency_key_once UNIQUE (client_id, idempotency_key),
            CONSTRAINT sms_transactions_in_sequence UNIQUE
                (customer_id, currency, customer_version),
            CONSTRAINT sms_transactions_reversed_once UNIQUE (reverses_id),
            CONSTRAINT sms_transactions_payment_fkey
                FOREIGN KEY (payment_log_id) REFERENCES payment_logs,
            CONSTRAINT sms_transactions_reverses_fkey
                FOREIGN KEY (reverses_id) REFERENCES sms_transactions,
            CONSTRAINT sms_transactions_kind_check CHECK (kind IN
                ('top_up', 'refund', 'chargeback', 'adjustment', 'sms_debit', 'sms_reversal')),
            CONSTRAINT sms_transactions_amount_not_zero_check CHECK (amount_minor <> 0),
            CONSTRAINT sms_transactions_debit_within_credit_check
                CHECK (kind <> 'sms_debit' OR (amount_minor < 0 AND balance_after_minor >= 0))
        )
    """)
    op.execute("""
        CREATE UNIQUE INDEX sms_transactions_one_top_up_per_payment
            ON sms_transactions (payment_log_id) WHERE kind = 'top_up'
    """)
    op.execute("""
        CREATE TRIGGER sms_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON sms_transactions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    """Drop everything. Only for development: it destroys the books."""
    op.execute("DROP TABLE sms_transactions")
    op.execute("DROP TABLE customer_balances")
    op.execute("DROP TABLE ledger_entries")
    op.execute("DROP FUNCTION check_zero_sum()")
    op.execute("DROP SEQUENCE ledger_movement_ids")
