"""Every table of the schema, as SQLAlchemy Core knows tables.

The migrations make the tables; this says what they are meant to come to, so that a check can hold
one against the other. Nothing that runs reads it: `workers/store/` writes its own SQL.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

METADATA = MetaData()

_Type = TypeEngine[Any] | type[TypeEngine[Any]]
_Time = DateTime(timezone=True)


def _required(name: str, type_: _Type) -> Column[Any]:
    return Column(name, type_, nullable=False)


def _optional(name: str, type_: _Type) -> Column[Any]:
    return Column(name, type_, nullable=True)


inbound_events = Table(
    "inbound_events",
    METADATA,
    _required("id", BigInteger),
    _required("received_at", _Time),
    _required("source", Text),
    _required("account", Text),
    _required("event_key", Text),
    _optional("reference", Text),
    _optional("mode", Text),
    _required("body", LargeBinary),
    _required("headers", JSONB),
    _required("key_id", Text),
    _required("request_id", Text),
    _optional("traceparent", Text),
    PrimaryKeyConstraint("id", "received_at", name="inbound_events_pkey"),
    Index("inbound_events_reference_idx", "reference"),
)

inbound_dedup = Table(
    "inbound_dedup",
    METADATA,
    _required("source", Text),
    _required("account", Text),
    _required("event_key", Text),
    _required("body_sha256", LargeBinary),
    _required("event_id", BigInteger),
    _required("received_at", _Time),
    PrimaryKeyConstraint("source", "account", "event_key", name="inbound_dedup_pkey"),
)

inbound_variants = Table(
    "inbound_variants",
    METADATA,
    _required("event_id", BigInteger),
    _required("body_sha256", LargeBinary),
    _required("body", LargeBinary),
    _required("received_at", _Time),
    PrimaryKeyConstraint("event_id", "body_sha256", name="inbound_variants_pkey"),
)

inbound_work = Table(
    "inbound_work",
    METADATA,
    _required("event_id", BigInteger),
    _required("received_at", _Time),
    _required("lane", Text),
    _required("since", _Time),
    _required("next_at", _Time),
    _required("enqueues", SmallInteger),
    _required("attempts", SmallInteger),
    _required("crashes", SmallInteger),
    _optional("replay_id", BigInteger),
    PrimaryKeyConstraint("event_id", name="inbound_work_pkey"),
    Index("inbound_work_due_idx", "lane", "next_at"),
)

attempts = Table(
    "attempts",
    METADATA,
    _required("id", BigInteger),
    _required("event_id", BigInteger),
    _required("number", SmallInteger),
    _required("started_at", _Time),
    _required("ended_at", _Time),
    _required("worker", Text),
    _required("outcome", Text),
    _optional("error_class", Text),
    _optional("fingerprint", Text),
    _optional("message", Text),
    _optional("replay_id", BigInteger),
    PrimaryKeyConstraint("id", name="attempts_pkey"),
    Index("attempts_event_idx", "event_id"),
)

claims = Table(
    "claims",
    METADATA,
    _required("id", BigInteger),
    _required("worker", Text),
    _required("backend_pid", Integer),
    _required("backend_start", _Time),
    _required("event_ids", ARRAY(BigInteger)),
    _required("claimed_at", _Time),
    PrimaryKeyConstraint("id", name="claims_pkey"),
)

worker_lives = Table(
    "worker_lives",
    METADATA,
    _required("worker", Text),
    _required("backend_pid", Integer),
    _required("backend_start", _Time),
    _optional("gone_at", _Time),
    _optional("dead_at", _Time),
    PrimaryKeyConstraint("worker", name="worker_lives_pkey"),
)

refused_requests = Table(
    "refused_requests",
    METADATA,
    _required("id", BigInteger),
    _required("at", _Time),
    _required("source", Text),
    _required("account", Text),
    _required("address", Text),
    _required("code", Text),
    _required("diagnosis", Text),
    _required("request_id", Text),
    _required("body_bytes", Integer),
    PrimaryKeyConstraint("id", name="refused_requests_pkey"),
    Index("refused_requests_source_idx", "source", "id"),
)

payment_logs = Table(
    "payment_logs",
    METADATA,
    _required("id", BigInteger),
    _required("reference", Text),
    _required("client_id", Text),
    _required("customer_id", Text),
    _required("provider", Text),
    _required("account", Text),
    _optional("provider_reference", Text),
    _required("amount_minor", BigInteger),
    _required("currency", Text),
    _required("state", Text),
    _required("captured_minor", BigInteger),
    _required("refunded_minor", BigInteger),
    _required("disputed_minor", BigInteger),
    _required("cancelled", Boolean),
    _required("lock_version", Integer),
    _required("head_hash", LargeBinary),
    _optional("idempotency_key", Uuid),
    _optional("authorization_url", Text),
    _required("metadata", JSONB),
    _required("announced_by", Text),
    _required("created_at", _Time),
    _required("updated_at", _Time),
    _required("corrected", Boolean),
    PrimaryKeyConstraint("id", name="payment_logs_pkey"),
    UniqueConstraint("client_id", "idempotency_key", name="payment_logs_idempotency_key_once"),
    UniqueConstraint("reference", name="payment_logs_reference_once"),
    Index("payment_logs_client_idx", "client_id", "id"),
    Index("payment_logs_customer_idx", "customer_id", "client_id", "id"),
)

payment_facts = Table(
    "payment_facts",
    METADATA,
    _required("id", BigInteger),
    _required("payment_id", BigInteger),
    _required("kind", Text),
    _required("object_id", Text),
    _required("status", Text),
    _optional("amount_minor", BigInteger),
    _optional("currency", Text),
    _optional("capture_id", Text),
    _optional("provider_at", _Time),
    _required("event_id", BigInteger),
    _required("created_at", _Time),
    PrimaryKeyConstraint("id", name="payment_facts_pkey"),
    UniqueConstraint(
        "payment_id",
        "kind",
        "object_id",
        "status",
        "amount_minor",
        "currency",
        "capture_id",
        name="payment_facts_once",
        postgresql_nulls_not_distinct=True,
    ),
    Index("payment_facts_created_idx", "created_at", postgresql_using="brin"),
)

legal_transitions = Table(
    "legal_transitions",
    METADATA,
    _required("from_state", Text),
    _required("event", Text),
    _required("to_state", Text),
    PrimaryKeyConstraint("from_state", "event", "to_state", name="legal_transitions_pkey"),
)

payment_transitions = Table(
    "payment_transitions",
    METADATA,
    _required("payment_id", BigInteger),
    _required("version", Integer),
    _required("from_state", Text),
    _required("event", Text),
    _required("to_state", Text),
    _optional("event_id", BigInteger),
    _required("actor", Text),
    _required("reason", Text),
    _required("captured_minor", BigInteger),
    _required("refunded_minor", BigInteger),
    _required("disputed_minor", BigInteger),
    _required("at", _Time),
    _required("prev_hash", LargeBinary),
    _required("hash", LargeBinary),
    PrimaryKeyConstraint("payment_id", "version", name="payment_transitions_pkey"),
    ForeignKeyConstraint(
        ["from_state", "event", "to_state"],
        ["legal_transitions.from_state", "legal_transitions.event", "legal_transitions.to_state"],
        name="payment_transitions_legal_fkey",
    ),
    Index(
        "payment_transitions_review_idx",
        "at",
        "payment_id",
        postgresql_where=text("to_state = 'review'"),
    ),
)

provider_references = Table(
    "provider_references",
    METADATA,
    _required("provider", Text),
    _required("account", Text),
    _required("provider_reference", Text),
    _required("payment_id", BigInteger),
    PrimaryKeyConstraint(
        "provider", "account", "provider_reference", name="provider_references_pkey"
    ),
)

waiting_captures = Table(
    "waiting_captures",
    METADATA,
    _required("payment_id", BigInteger),
    _required("object_id", Text),
    _required("event_id", BigInteger),
    _required("received_at", _Time),
    _required("since", _Time),
    PrimaryKeyConstraint("payment_id", "object_id", "event_id", name="waiting_captures_pkey"),
)

source_modes = Table(
    "source_modes",
    METADATA,
    _required("source", Text),
    _required("account", Text),
    _required("mode", Text),
    _required("event_id", BigInteger),
    _required("pinned_at", _Time),
    PrimaryKeyConstraint("source", "account", name="source_modes_pkey"),
)

ledger_entries = Table(
    "ledger_entries",
    METADATA,
    _required("movement_id", BigInteger),
    _required("leg", SmallInteger),
    _optional("payment_id", BigInteger),
    _required("effect", Text),
    _required("object_id", Text),
    _required("account", Text),
    _required("amount_minor", BigInteger),
    _required("currency", Text),
    _optional("event_id", BigInteger),
    _required("at", _Time),
    PrimaryKeyConstraint("movement_id", "leg", name="ledger_entries_pkey"),
    UniqueConstraint(
        "payment_id",
        "effect",
        "object_id",
        "leg",
        name="ledger_entries_effect_once",
        postgresql_nulls_not_distinct=True,
    ),
)

customer_balances = Table(
    "customer_balances",
    METADATA,
    _required("customer_id", Text),
    _required("currency", Text),
    _required("balance_minor", BigInteger),
    _required("version", BigInteger),
    _required("updated_at", _Time),
    PrimaryKeyConstraint("customer_id", "currency", name="customer_balances_pkey"),
)

sms_transactions = Table(
    "sms_transactions",
    METADATA,
    _required("id", BigInteger),
    _required("reference", Text),
    _required("client_id", Text),
    _optional("idempotency_key", Uuid),
    _required("customer_id", Text),
    _required("currency", Text),
    _required("kind", Text),
    _required("amount_minor", BigInteger),
    _required("balance_after_minor", BigInteger),
    _required("customer_version", BigInteger),
    _optional("payment_log_id", BigInteger),
    _required("movement_id", BigInteger),
    _optional("reverses_id", BigInteger),
    _optional("service", Text),
    _optional("description", Text),
    _required("created_at", _Time),
    PrimaryKeyConstraint("id", name="sms_transactions_pkey"),
    UniqueConstraint(
        "customer_id", "currency", "customer_version", name="sms_transactions_in_sequence"
    ),
    UniqueConstraint("reference", name="sms_transactions_reference_once"),
    Index("sms_transactions_customer_idx", "customer_id", "id"),
    ForeignKeyConstraint(
        ["reverses_id"], ["sms_transactions.id"], name="sms_transactions_reverses_fkey"
    ),
    Index(
        "sms_transactions_idempotency_key_once",
        "client_id",
        "idempotency_key",
        unique=True,
        postgresql_where=text("idempotency_key IS NOT NULL"),
    ),
    Index(
        "sms_transactions_reversed_once",
        "reverses_id",
        unique=True,
        postgresql_where=text("reverses_id IS NOT NULL"),
    ),
    Index(
        "sms_transactions_one_top_up_per_payment",
        "payment_log_id",
        unique=True,
        postgresql_where=text("kind = 'top_up'"),
    ),
)

dead_letters = Table(
    "dead_letters",
    METADATA,
    _required("id", BigInteger),
    _required("event_id", BigInteger),
    _required("received_at", _Time),
    _required("source", Text),
    _required("account", Text),
    _required("event_type", Text),
    _optional("reference", Text),
    _optional("provider_reference", Text),
    _required("reason", Text),
    _required("error_class", Text),
    _required("fingerprint", Text),
    _required("message", Text),
    _optional("amount_minor", BigInteger),
    _optional("currency", Text),
    _required("attempts", Integer),
    _required("status", Text),
    _required("dead_at", _Time),
    _optional("resolved_at", _Time),
    _optional("owner", Text),
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
    _required("id", BigInteger),
    _required("dead_letter_id", BigInteger),
    _required("action", Text),
    _required("actor", Text),
    _required("reason", Text),
    _optional("replay_id", BigInteger),
    _required("at", _Time),
    PrimaryKeyConstraint("id", name="dead_letter_actions_pkey"),
    ForeignKeyConstraint(
        ["dead_letter_id"], ["dead_letters.id"], name="dead_letter_actions_dead_letter_fkey"
    ),
    Index("dead_letter_actions_dead_letter_idx", "dead_letter_id"),
)

api_clients = Table(
    "api_clients",
    METADATA,
    _required("id", Text),
    _required("name", Text),
    _required("scopes", ARRAY(Text)),
    _optional("initialize_limit", Text),
    _optional("verify_limit", Text),
    _required("created_by", Text),
    _required("created_at", _Time),
    _optional("revoked_at", _Time),
    PrimaryKeyConstraint("id", name="api_clients_pkey"),
    UniqueConstraint("name", name="api_clients_name_once"),
)

api_keys = Table(
    "api_keys",
    METADATA,
    _required("prefix", Text),
    _required("client_id", Text),
    _required("key_hash", LargeBinary),
    _required("created_by", Text),
    _required("created_at", _Time),
    _optional("expires_at", _Time),
    _optional("revoked_at", _Time),
    _optional("last_used_at", _Time),
    PrimaryKeyConstraint("prefix", name="api_keys_pkey"),
    ForeignKeyConstraint(["client_id"], ["api_clients.id"], name="api_keys_client_fkey"),
    Index("api_keys_client_idx", "client_id"),
)

api_client_actions = Table(
    "api_client_actions",
    METADATA,
    _required("id", BigInteger),
    _required("client_id", Text),
    _required("action", Text),
    _optional("key_prefix", Text),
    _required("actor", Text),
    _required("reason", Text),
    _required("at", _Time),
    PrimaryKeyConstraint("id", name="api_client_actions_pkey"),
    ForeignKeyConstraint(["client_id"], ["api_clients.id"], name="api_client_actions_client_fkey"),
    Index("api_client_actions_client_idx", "client_id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    _required("client_id", Text),
    _required("method", Text),
    _required("route", Text),
    _required("key", Uuid),
    _required("fingerprint", LargeBinary),
    _optional("status", SmallInteger),
    _optional("headers", JSONB),
    _optional("body", LargeBinary),
    _required("created_at", _Time),
    _required("expires_at", _Time),
    PrimaryKeyConstraint("client_id", "method", "route", "key", name="idempotency_keys_pkey"),
    Index("idempotency_keys_expires_idx", "expires_at"),
)

refunds = Table(
    "refunds",
    METADATA,
    _required("id", BigInteger),
    _required("reference", Text),
    _required("payment_id", BigInteger),
    _required("client_id", Text),
    _required("amount_minor", BigInteger),
    _required("currency", Text),
    _optional("reason", Text),
    _required("status", Text),
    _optional("provider_refund_id", Text),
    _optional("object_id", Text),
    _optional("facts_before", Integer),
    _required("created_at", _Time),
    _optional("settled_at", _Time),
    PrimaryKeyConstraint("id", name="refunds_pkey"),
    UniqueConstraint("reference", name="refunds_reference_once"),
    ForeignKeyConstraint(["payment_id"], ["payment_logs.id"], name="refunds_payment_fkey"),
    Index("refunds_payment_idx", "payment_id"),
    Index("refunds_open_idx", "id", postgresql_where=text("settled_at IS NULL")),
    Index("refunds_failed_idx", "id", postgresql_where=text("status = 'failed'")),
    Index(
        "refunds_object_once",
        "payment_id",
        "object_id",
        unique=True,
        postgresql_where=text("object_id IS NOT NULL"),
    ),
)

provider_calls = Table(
    "provider_calls",
    METADATA,
    _required("id", BigInteger),
    _required("debt", Text),
    _required("fence", Integer),
    _required("event_id", BigInteger),
    _optional("payment_id", BigInteger),
    _required("kind", Text),
    _required("provider", Text),
    _required("account", Text),
    _optional("provider_key", Text),
    _required("worker", Text),
    _required("started_at", _Time),
    _optional("ended_at", _Time),
    _optional("outcome", Text),
    _optional("http_status", Integer),
    _optional("error_class", Text),
    _optional("message", Text),
    _optional("answer", LargeBinary),
    PrimaryKeyConstraint("id", name="provider_calls_pkey"),
    UniqueConstraint("debt", "fence", name="provider_calls_fence_once"),
    Index(
        "provider_calls_one_live",
        "debt",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("provider_calls_payment_idx", "payment_id"),
    Index("provider_calls_event_idx", "event_id"),
)

verifications = Table(
    "verifications",
    METADATA,
    _required("payment_id", BigInteger),
    _required("step", SmallInteger),
    _required("since", _Time),
    _required("next_at", _Time),
    PrimaryKeyConstraint("payment_id", name="verifications_pkey"),
    ForeignKeyConstraint(["payment_id"], ["payment_logs.id"], name="verifications_payment_fkey"),
    Index("verifications_due_idx", "next_at"),
)

reconciliation_runs = Table(
    "reconciliation_runs",
    METADATA,
    _required("id", BigInteger),
    _required("provider", Text),
    _required("account", Text),
    _required("since", _Time),
    _required("until", _Time),
    _required("requested_by", Text),
    _required("reason", Text),
    _required("status", Text),
    _optional("cursor", Text),
    _optional("covered_through", _Time),
    _required("examined", BigInteger),
    _required("missing_here", BigInteger),
    _required("missing_there", BigInteger),
    _required("mismatched", BigInteger),
    _required("mended", BigInteger),
    _optional("problem", Text),
    _required("started_at", _Time),
    _required("heartbeat_at", _Time),
    _optional("finished_at", _Time),
    PrimaryKeyConstraint("id", name="reconciliation_runs_pkey"),
    Index(
        "reconciliation_runs_one_at_a_time",
        "provider",
        "account",
        unique=True,
        postgresql_where=text("finished_at IS NULL"),
    ),
)

reconciliation_items = Table(
    "reconciliation_items",
    METADATA,
    _required("run_id", BigInteger),
    _required("object_id", Text),
    _optional("reference", Text),
    _required("status", Text),
    _optional("amount_minor", BigInteger),
    _optional("currency", Text),
    _optional("refunded_minor", BigInteger),
    _optional("here_minor", BigInteger),
    _optional("here_refunded_minor", BigInteger),
    _required("verdict", Text),
    _required("note", Text),
    _optional("event_id", BigInteger),
    _required("mended", Boolean),
    PrimaryKeyConstraint("run_id", "object_id", name="reconciliation_items_pkey"),
    ForeignKeyConstraint(
        ["run_id"], ["reconciliation_runs.id"], name="reconciliation_items_run_fkey"
    ),
)

operators = Table(
    "operators",
    METADATA,
    _required("name", Text),
    _required("role", Text),
    _required("token_hash", LargeBinary),
    _required("password_hash", Text),
    _required("created_by", Text),
    _required("created_at", _Time),
    _optional("revoked_at", _Time),
    PrimaryKeyConstraint("name", name="operators_pkey"),
    UniqueConstraint("token_hash", name="operators_token_once"),
)

operator_actions = Table(
    "operator_actions",
    METADATA,
    _required("id", BigInteger),
    _required("actor", Text),
    _required("action", Text),
    _required("subject", Text),
    _required("reason", Text),
    _required("details", JSONB),
    _required("at", _Time),
    PrimaryKeyConstraint("id", name="operator_actions_pkey"),
    Index("operator_actions_subject_idx", "subject", "id"),
    Index("operator_actions_actor_idx", "actor", "id"),
)

operator_sessions = Table(
    "operator_sessions",
    METADATA,
    _required("token_hash", LargeBinary),
    _required("operator", Text),
    _required("address", Text),
    _required("created_at", _Time),
    _required("last_seen_at", _Time),
    _required("expires_at", _Time),
    _optional("ended_at", _Time),
    PrimaryKeyConstraint("token_hash", name="operator_sessions_pkey"),
    ForeignKeyConstraint(["operator"], ["operators.name"], name="operator_sessions_operator_fkey"),
    Index("operator_sessions_expires_idx", "expires_at"),
    Index("operator_sessions_operator_idx", "operator"),
)

sign_in_failures = Table(
    "sign_in_failures",
    METADATA,
    _required("whose", Text),
    _required("count", Integer),
    _required("since", _Time),
    _required("last_at", _Time),
    PrimaryKeyConstraint("whose", name="sign_in_failures_pkey"),
)

approvals = Table(
    "approvals",
    METADATA,
    _required("id", BigInteger),
    _required("kind", Text),
    _required("subject", Text),
    _required("request", JSONB),
    _required("shown", JSONB),
    _optional("amount_minor", BigInteger),
    _optional("currency", Text),
    _required("status", Text),
    _required("asked_by", Text),
    _required("asked_reason", Text),
    _required("asked_at", _Time),
    _required("expires_at", _Time),
    _optional("decided_by", Text),
    _optional("decided_reason", Text),
    _optional("decided_at", _Time),
    _optional("result", JSONB),
    _optional("why", Text),
    PrimaryKeyConstraint("id", name="approvals_pkey"),
    Index("approvals_waiting_idx", "id", postgresql_where=text("status = 'waiting'")),
    Index("approvals_subject_idx", "subject", "id"),
)

replay_jobs = Table(
    "replay_jobs",
    METADATA,
    _required("id", BigInteger),
    _required("actor", Text),
    _required("reason", Text),
    _required("operation_key", Text),
    _required("filters", JSONB),
    _required("matched", Integer),
    _required("amounts_minor", JSONB),
    _required("rate_per_s", Integer),
    _required("canary", Integer),
    _required("max_failures", Integer),
    _required("status", Text),
    _optional("why", Text),
    _optional("approval_id", BigInteger),
    _required("succeeded", Integer),
    _required("failed", Integer),
    _required("skipped", Integer),
    _required("ledger_diff", JSONB),
    _required("created_at", _Time),
    _optional("started_at", _Time),
    _optional("ended_at", _Time),
    _optional("heartbeat_at", _Time),
    _optional("worker", Text),
    PrimaryKeyConstraint("id", name="replay_jobs_pkey"),
    UniqueConstraint("operation_key", name="replay_jobs_operation_once"),
    ForeignKeyConstraint(["approval_id"], ["approvals.id"], name="replay_jobs_approval_fkey"),
    Index("replay_jobs_unended_idx", "id", postgresql_where=text("ended_at IS NULL")),
)

replay_items = Table(
    "replay_items",
    METADATA,
    _required("replay_id", BigInteger),
    _required("place", Integer),
    _required("dead_letter_id", BigInteger),
    _required("event_id", BigInteger),
    _optional("amount_minor", BigInteger),
    _optional("currency", Text),
    _required("outcome", Text),
    _optional("message", Text),
    _optional("begun_at", _Time),
    _optional("ended_at", _Time),
    PrimaryKeyConstraint("replay_id", "place", name="replay_items_pkey"),
    UniqueConstraint("dead_letter_id", "replay_id", name="replay_items_letter_once"),
    ForeignKeyConstraint(["replay_id"], ["replay_jobs.id"], name="replay_items_replay_fkey"),
    ForeignKeyConstraint(["dead_letter_id"], ["dead_letters.id"], name="replay_items_letter_fkey"),
    Index(
        "replay_items_unended_idx",
        "replay_id",
        "place",
        postgresql_where=text("outcome IN ('waiting', 'begun')"),
    ),
    Index(
        "replay_items_begun_idx",
        "replay_id",
        "place",
        postgresql_where=text("outcome = 'begun'"),
    ),
)

replay_actions = Table(
    "replay_actions",
    METADATA,
    _required("id", BigInteger),
    _required("replay_id", BigInteger),
    _required("action", Text),
    _required("actor", Text),
    _required("reason", Text),
    _required("at", _Time),
    PrimaryKeyConstraint("id", name="replay_actions_pkey"),
    ForeignKeyConstraint(["replay_id"], ["replay_jobs.id"], name="replay_actions_replay_fkey"),
    Index("replay_actions_replay_idx", "replay_id"),
)

event_edits = Table(
    "event_edits",
    METADATA,
    _required("child_event_id", BigInteger),
    _required("parent_event_id", BigInteger),
    _required("dead_letter_id", BigInteger),
    _required("diff", JSONB),
    _required("actor", Text),
    _optional("approved_by", Text),
    _required("reason", Text),
    _required("at", _Time),
    _required("weighed_minor", JSONB),
    PrimaryKeyConstraint("child_event_id", name="event_edits_pkey"),
    ForeignKeyConstraint(["dead_letter_id"], ["dead_letters.id"], name="event_edits_letter_fkey"),
    Index("event_edits_parent_idx", "parent_event_id"),
)

payment_corrections = Table(
    "payment_corrections",
    METADATA,
    _required("payment_id", BigInteger),
    _required("version", Integer),
    _required("to_state", Text),
    _required("accepted", JSONB),
    _required("given_back", JSONB),
    _required("facts_known", Integer),
    _required("actor", Text),
    _optional("approved_by", Text),
    _required("reason", Text),
    _required("at", _Time),
    PrimaryKeyConstraint("payment_id", "version", name="payment_corrections_pkey"),
    ForeignKeyConstraint(
        ["payment_id", "version"],
        ["payment_transitions.payment_id", "payment_transitions.version"],
        name="payment_corrections_step_fkey",
        deferrable=True,
        initially="DEFERRED",
    ),
)

overview_samples = Table(
    "overview_samples",
    METADATA,
    _required("minute", _Time),
    _required("accepted", BigInteger),
    _required("applied", BigInteger),
    _required("refused", BigInteger),
    _optional("p50_ms", Double),
    _optional("p99_ms", Double),
    _required("unfinished", BigInteger),
    _optional("oldest_s", Double),
    _required("open_letters", BigInteger),
    _required("owed_minor", JSONB),
    PrimaryKeyConstraint("minute", name="overview_samples_pkey"),
)

source_keys = Table(
    "source_keys",
    METADATA,
    _required("source", Text),
    _required("account", Text),
    _required("key_id", Text),
    _required("place", SmallInteger),
    _optional("mode", Text),
    _required("seen_at", _Time),
    PrimaryKeyConstraint("source", "account", "key_id", name="source_keys_pkey"),
)

money_limit = Table(
    "money_limit",
    METADATA,
    _required("only_one", Boolean),
    _required("written", Text),
    _required("set_by", Text),
    _required("set_at", _Time),
    PrimaryKeyConstraint("only_one", name="money_limit_pkey"),
)

operator_moves = Table(
    "operator_moves",
    METADATA,
    _required("id", BigInteger),
    _required("actor", Text),
    _required("kind", Text),
    _required("subject", Text),
    _required("currency", Text),
    _required("amount_minor", BigInteger),
    _required("at", _Time),
    PrimaryKeyConstraint("id", name="operator_moves_pkey"),
    Index("operator_moves_actor_idx", "actor", "at"),
)
