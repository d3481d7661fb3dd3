"""Dead letters: work that a person must decide about, and everything ever done with it."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the dead letters and their history."""
    op.execute("CREATE SEQUENCE replay_ids AS bigint")
    op.execute("""
        CREATE TABLE dead_letters (
            id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            event_id     bigint      NOT NULL,
            received_at  timestamptz NOT NULL,
            source       text        NOT NULL,
            account      text        NOT NULL,
            event_type   text        NOT NULL,
            reference    text,
            provider_reference text,
            reason       text        NOT NULL,
            error_class  text        NOT NULL,
            fingerprint  text        NOT NULL,
            message      text        NOT NULL,
            amount_minor bigint,
            currency     text,
            attempts     integer     NOT NULL,
            status       text        NOT NULL DEFAULT 'open',
            dead_at      timestamptz NOT NULL DEFAULT now(),
            resolved_at  timestamptz,
            CONSTRAINT dead_letters_pkey PRIMARY KEY (id),
            CONSTRAINT dead_letters_event_once UNIQUE (event_id),
            CONSTRAINT dead_letters_status_check
                CHECK (status IN ('open', 'replaying', 'resolved', 'discarded')),
            CONSTRAINT dead_letters_reason_check CHECK (reason IN
                ('permanent', 'schema', 'mismatch', 'mode_mismatch', 'unknown_reference',
                 'missing_capture', 'refetch_required', 'illegal_transition', 'exhausted',
                 'expired', 'crash_loop'))
        )
    """)
    op.execute("""
        CREATE INDEX dead_letters_open_idx ON dead_letters (reason, reference)
            WHERE status = 'open'
    """)
    op.execute("""
        CREATE INDEX dead_letters_open_by_provider_idx
            ON dead_letters (reason, provider_reference) WHERE status = 'open'
    """)
    op.execute("""
        CREATE TABLE dead_letter_actions (
            id             bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            dead_letter_id bigint      NOT NULL,
            action         text        NOT NULL,
            actor          text        NOT NULL,
            reason         text        NOT NULL,
            replay_id      bigint,
            at             timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT dead_letter_actions_pkey PRIMARY KEY (id),
            CONSTRAINT dead_letter_actions_dead_letter_fkey
                FOREIGN KEY (dead_letter_id) REFERENCES dead_letters,
            CONSTRAINT dead_letter_actions_action_check CHECK (action IN
                ('died', 'replayed', 'died_again', 'resolved', 'discarded'))
        )
    """)
    op.execute("""
        CREATE INDEX dead_letter_actions_dead_letter_idx ON dead_letter_actions (dead_letter_id)
    """)
    op.execute("""
        CREATE TRIGGER dead_letter_actions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON dead_letter_actions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    """Drop everything. Only for development: it destroys what people decided."""
    op.execute("DROP TABLE dead_letter_actions")
    op.execute("DROP TABLE dead_letters")
    op.execute("DROP SEQUENCE replay_ids")
