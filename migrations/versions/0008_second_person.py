"""Second person: one limit for everybody, what each has moved alone, and why another was asked.

The limit is a row that only the owner writes, so that no process has one of its own. What people
move without a second person is a record that only grows: many small acts are one large one.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

_FROZEN = ("kind", "subject", "request", "shown", "asked_by", "asked_reason", "asked_at")
_FROZEN_MONEY = ("amount_minor", "currency")


def upgrade() -> None:
    """Create the tables, and let questions and edits say what was weighed."""
    op.execute("""
        CREATE TABLE money_limit (
            only_one boolean     NOT NULL DEFAULT true,
            written  text        NOT NULL,
            set_by   text        NOT NULL,
            set_at   timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT money_limit_pkey PRIMARY KEY (only_one),
            CONSTRAINT money_limit_one_check CHECK (only_one)
        )
    """)
    op.execute("INSERT INTO money_limit (written, set_by) VALUES ('50000000', 'payratchet')")
    op.execute("""
        CREATE TABLE operator_moves (
            id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            actor        text        NOT NULL,
            kind         text        NOT NULL,
            subject      text        NOT NULL,
            currency     text        NOT NULL,
            amount_minor bigint      NOT NULL,
            at           timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT operator_moves_pkey PRIMARY KEY (id),
            CONSTRAINT operator_moves_amount_check CHECK (amount_minor > 0)
        )
    """)
    op.execute("CREATE INDEX operator_moves_actor_idx ON operator_moves (actor, at)")
    op.execute("""
        CREATE TRIGGER operator_moves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON operator_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("ALTER TABLE approvals ADD COLUMN why text")
    _keep_approval((*_FROZEN, *_FROZEN_MONEY, "why"))
    op.execute("ALTER TABLE event_edits ADD COLUMN weighed_minor jsonb NOT NULL DEFAULT '{}'")
    # Cancelled with letters in hand and then left by its driver: somebody is to count them.
    op.execute("""
        UPDATE replay_jobs SET ended_at = NULL
        WHERE status = 'cancelled' AND id IN (
            SELECT replay_id FROM replay_items WHERE outcome = 'begun')
    """)


def _keep_approval(columns: tuple[str, ...]) -> None:
    old, new = (", ".join(f"{row}.{name}" for name in columns) for row in ("OLD", "NEW"))
    op.execute(f"""
        CREATE OR REPLACE FUNCTION keep_approval() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' OR OLD.status <> 'waiting'
               OR ({old})
                  IS DISTINCT FROM
                  ({new}) THEN
                RAISE EXCEPTION 'approval % is decided or frozen: % refused', OLD.id, TG_OP
                    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NEW;
        END $$
    """)


def downgrade() -> None:
    """Drop what is new. Only for development: what one person moved alone is forgotten."""
    op.execute("ALTER TABLE event_edits DROP COLUMN weighed_minor")
    _keep_approval((*_FROZEN, *_FROZEN_MONEY))
    op.execute("ALTER TABLE approvals DROP COLUMN why")
    op.execute("DROP TABLE operator_moves, money_limit")
