"""Indexes for what operators look at, and for what a replay has in hand.

Causes of dead letters, payments in review and failed refunds are found without reading the rest.
None of them is on the way of money: a payment that is in order writes into none.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Let letters be counted by cause from an index alone, and what needs a person be found."""
    op.execute("DROP INDEX dead_letters_open_by_cause_idx")
    op.execute("""
        CREATE INDEX dead_letters_by_cause_idx ON dead_letters (status, fingerprint, id)
            INCLUDE (currency, amount_minor, dead_at)
    """)
    # Not on the state of payments: an index there would make each of their steps dearer.
    op.execute("""
        CREATE INDEX payment_transitions_review_idx ON payment_transitions (at, payment_id)
            WHERE to_state = 'review'
    """)
    op.execute("CREATE INDEX refunds_failed_idx ON refunds (id) WHERE status = 'failed'")
    # Each step of a replay looks for these, who are few among the many whose turn has not come.
    op.execute("""
        CREATE INDEX replay_items_begun_idx ON replay_items (replay_id, place)
            WHERE outcome = 'begun'
    """)
    # By letter first: a plan by `replay_id` alone would read every letter of the replay each time.
    op.execute("DROP INDEX replay_items_letter_idx")
    op.execute("""
        ALTER TABLE replay_items DROP CONSTRAINT replay_items_letter_once,
            ADD CONSTRAINT replay_items_letter_once UNIQUE (dead_letter_id, replay_id)
    """)


def downgrade() -> None:
    """Have the lists look at more rows again."""
    op.execute("""
        ALTER TABLE replay_items DROP CONSTRAINT replay_items_letter_once,
            ADD CONSTRAINT replay_items_letter_once UNIQUE (replay_id, dead_letter_id)
    """)
    op.execute("CREATE INDEX replay_items_letter_idx ON replay_items (dead_letter_id)")
    op.execute("""
        DROP INDEX dead_letters_by_cause_idx, payment_transitions_review_idx, refunds_failed_idx,
            replay_items_begun_idx
    """)
    op.execute("""
        CREATE INDEX dead_letters_open_by_cause_idx ON dead_letters (fingerprint, id)
            WHERE status = 'open'
    """)
