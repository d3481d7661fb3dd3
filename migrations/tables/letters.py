"""Dead letters: what could not be applied, and what people did about it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables.columns import METADATA, Time, optional, required

dead_letters = Table(
    "dead_letters",
    METADATA,
    required("id", BigInteger),
    required("event_id", BigInteger),
    required("received_at", Time),
    required("source", Text),
    required("account", Text),
    required("event_type", Text),
    optional("reference", Text),
    optional("provider_reference", Text),
    required("reason", Text),
    required("error_class", Text),
    required("fingerprint", Text),
    required("message", Text),
    optional("amount_minor", BigInteger),
    optional("currency", Text),
    required("attempts", Integer),
    required("status", Text),
    required("dead_at", Time),
    optional("resolved_at", Time),
    optional("owner", Text),
    PrimaryKeyConstraint("id", name="dead_letters_pkey"),
    UniqueConstraint("event_id", name="dead_letters_event_once"),
    Index("dead_letters_status_idx", "status", "id"),
    Index("dead_letters_reference_idx", "reference", "id"),
    Index(
        "dead_letters_by_cause_idx",
        "status",
        "fingerprint",
        "id",
        postgresql_include=["currency", "amount_minor", "dead_at"],
    ),
    Index(
        "dead_letters_open_by_reason_idx",
        "reason",
        "id",
        postgresql_where=text("status = 'open'"),
    ),
    Index(
        "dead_letters_open_by_source_idx",
        "source",
        "id",
        postgresql_where=text("status = 'open'"),
    ),
    Index(
        "dead_letters_open_by_provider_idx",
        "reason",
        "provider_reference",
        postgresql_where=text("status = 'open'"),
    ),
    Index("dead_letters_open_idx", "reason", "reference", postgresql_where=text("status = 'open'")),
)

dead_letter_actions = Table(
    "dead_letter_actions",
    METADATA,
    required("id", BigInteger),
    required("dead_letter_id", BigInteger),
    required("action", Text),
    required("actor", Text),
    required("reason", Text),
    optional("replay_id", BigInteger),
    required("at", Time),
    PrimaryKeyConstraint("id", name="dead_letter_actions_pkey"),
    ForeignKeyConstraint(
        ["dead_letter_id"], ["dead_letters.id"], name="dead_letter_actions_dead_letter_fkey"
    ),
    Index("dead_letter_actions_dead_letter_idx", "dead_letter_id"),
)

event_edits = Table(
    "event_edits",
    METADATA,
    required("child_event_id", BigInteger),
    required("parent_event_id", BigInteger),
    required("dead_letter_id", BigInteger),
    required("diff", JSONB),
    required("actor", Text),
    optional("approved_by", Text),
    required("reason", Text),
    required("at", Time),
    required("weighed_minor", JSONB),
    PrimaryKeyConstraint("child_event_id", name="event_edits_pkey"),
    ForeignKeyConstraint(["dead_letter_id"], ["dead_letters.id"], name="event_edits_letter_fkey"),
    Index("event_edits_parent_idx", "parent_event_id"),
)
