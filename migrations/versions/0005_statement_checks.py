"""Checks by statement where they were by row, and room for updates beside the rows they replace.

A foreign key looks its row up once for every row that is added, which was a third of all that a
batch cost Postgres. A payment can never be deleted and never changes its id, so it is enough to
look once, when a statement has added its rows, whether their payments are there.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_PAYMENT_OF = {
    "payment_facts": "payment_id",
    "payment_transitions": "payment_id",
    "provider_references": "payment_id",
    "ledger_entries": "payment_id",
    "sms_transactions": "payment_log_id",
}
"""Which column of each table names the payment."""


def upgrade() -> None:
    """Swap the foreign keys for triggers, shrink two unique keys, and leave room in the pages."""
    for column in dict.fromkeys(_PAYMENT_OF.values()):
        op.execute(_check_function(column))
    for table, column in _PAYMENT_OF.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_payment_fkey")
        op.execute(f"""
        CREATE TRIGGER {table}_payment_known AFTER INSERT ON {table}
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION check_{column}_known()
        """)
    _keep_what_names_a_payment()
    _index_only_what_is_there()
    # A payment is updated soon after it was made, often with all its neighbours on the page: with
    # room for a second version of each, no update has to touch an index.
    op.execute("ALTER TABLE payment_logs SET (fillfactor = 45)")
    op.execute("ALTER SEQUENCE ledger_movement_ids CACHE 100")
    # Checks run at every update. The bound {1,100} alone took Postgres 8 us each time.
    op.execute(_reference_check("reference ~ '^[A-Za-z0-9._=-]+$' AND length(reference) <= 100"))


def downgrade() -> None:
    """Bring the foreign keys and the wide unique keys back."""
    op.execute(_reference_check("reference ~ '^[A-Za-z0-9._=-]{1,100}$'"))
    op.execute("ALTER SEQUENCE ledger_movement_ids CACHE 1")
    op.execute("ALTER TABLE payment_logs SET (fillfactor = 70)")
    op.execute("DROP INDEX sms_transactions_idempotency_key_once, sms_transactions_reversed_once")
    op.execute("""
        ALTER TABLE sms_transactions
            ADD CONSTRAINT sms_transactions_idempotency_key_once
                UNIQUE (client_id, idempotency_key),
            ADD CONSTRAINT sms_transactions_reversed_once UNIQUE (reverses_id)
    """)
    op.execute("DROP TRIGGER provider_references_append_only ON provider_references")
    op.execute("DROP TRIGGER payment_logs_asked_is_final ON payment_logs")
    op.execute(_asked_is_final("reference"))
    for table, column in _PAYMENT_OF.items():
        op.execute(f"DROP TRIGGER {table}_payment_known ON {table}")
        op.execute(f"""
        ALTER TABLE {table} ADD CONSTRAINT {table}_payment_fkey
            FOREIGN KEY ({column}) REFERENCES payment_logs
        """)
    for column in dict.fromkeys(_PAYMENT_OF.values()):
        op.execute(f"DROP FUNCTION check_{column}_known()")


def _check_function(column: str) -> str:
    """Return the check, which finds each payment by its key.

    Written as a join, its plan could be made while the tables are small and stay when they are not.
    """
    return f"""
        CREATE FUNCTION check_{column}_known() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            missing bigint;
        BEGIN
            SELECT named.id INTO missing
            FROM (SELECT DISTINCT {column} AS id FROM added WHERE {column} IS NOT NULL) AS named
            WHERE (SELECT p.id FROM payment_logs p WHERE p.id = named.id) IS NULL
            LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION '% names payment %, which does not exist', TG_TABLE_NAME, missing
                    USING ERRCODE = 'foreign_key_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NULL;
        END $$
        """


def _keep_what_names_a_payment() -> None:
    """Refuse what the foreign keys would have refused: another id, another payment."""
    op.execute("DROP TRIGGER payment_logs_asked_is_final ON payment_logs")
    op.execute(_asked_is_final("id, reference"))
    op.execute("""
        CREATE TRIGGER provider_references_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON provider_references FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def _asked_is_final(names: str) -> str:
    """Return the trigger that keeps a payment's names, and all that was asked, as they are."""
    return f"""
        CREATE TRIGGER payment_logs_asked_is_final
            BEFORE UPDATE OF {names}, client_id, customer_id, provider, account,
                amount_minor, currency, announced_by, created_at ON payment_logs
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """


def _reference_check(rule: str) -> str:
    return f"""
        ALTER TABLE payment_logs
            DROP CONSTRAINT payment_logs_reference_check,
            ADD CONSTRAINT payment_logs_reference_check CHECK ({rule})
    """


def _index_only_what_is_there() -> None:
    """Keep the lines that have no key of a client, or reverse nothing, out of two unique indexes."""
    op.execute("""
        ALTER TABLE sms_transactions
            DROP CONSTRAINT sms_transactions_idempotency_key_once,
            DROP CONSTRAINT sms_transactions_reversed_once
    """)
    op.execute("""
        CREATE UNIQUE INDEX sms_transactions_idempotency_key_once
            ON sms_transactions (client_id, idempotency_key) WHERE idempotency_key IS NOT NULL
    """)
    op.execute("""
        CREATE UNIQUE INDEX sms_transactions_reversed_once
            ON sms_transactions (reverses_id) WHERE reverses_id IS NOT NULL
    """)
