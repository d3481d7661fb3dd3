"""Operators: who may act, what was asked of a second person, replays, edits and corrections.

All that people do is kept in tables that only grow. A replay freezes what it is about when it is
made, and a second person is never the first: both are constraints, whoever writes.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

_ACTIONS = ("died", "replayed", "died_again", "resolved", "discarded")
_NEW_ACTIONS = ("reopened", "edited", "noted", "assigned", "revealed", "exported", "held")

_ROLES = "('viewer', 'operator', 'approver')"


def upgrade() -> None:
    """Create the tables, and let dead letters have owners, notes and more ends."""
    _operators()
    _approvals()
    _replays()
    _edits()
    _corrections()
    _letters()
    _samples()
    _source_keys()
    op.execute("CREATE INDEX refused_requests_source_idx ON refused_requests (source, id)")


def _operators() -> None:
    op.execute(f"""
        CREATE TABLE operators (
            name          text        NOT NULL,
            role          text        NOT NULL,
            token_hash    bytea       NOT NULL,
            password_hash text        NOT NULL,
            created_by    text        NOT NULL,
            created_at    timestamptz NOT NULL DEFAULT now(),
            revoked_at    timestamptz,
            CONSTRAINT operators_pkey PRIMARY KEY (name),
            CONSTRAINT operators_token_once UNIQUE (token_hash),
            CONSTRAINT operators_role_check CHECK (role IN {_ROLES}),
            CONSTRAINT operators_name_check
                CHECK (name ~ '^[a-z0-9][a-z0-9._-]*$' AND length(name) <= 50),
            CONSTRAINT operators_token_hash_length_check CHECK (length(token_hash) = 32)
        )
    """)
    op.execute("""
        CREATE TABLE operator_actions (
            id      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            actor   text        NOT NULL,
            action  text        NOT NULL,
            subject text        NOT NULL,
            reason  text        NOT NULL,
            details jsonb       NOT NULL DEFAULT '{}',
            at      timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT operator_actions_pkey PRIMARY KEY (id)
        )
    """)
    op.execute("CREATE INDEX operator_actions_subject_idx ON operator_actions (subject, id)")
    op.execute("CREATE INDEX operator_actions_actor_idx ON operator_actions (actor, id)")
    _append_only("operator_actions")
    op.execute("""
        CREATE TABLE operator_sessions (
            token_hash   bytea       NOT NULL,
            operator     text        NOT NULL,
            address      text        NOT NULL,
            created_at   timestamptz NOT NULL DEFAULT now(),
            last_seen_at timestamptz NOT NULL DEFAULT now(),
            expires_at   timestamptz NOT NULL,
            ended_at     timestamptz,
            CONSTRAINT operator_sessions_pkey PRIMARY KEY (token_hash),
            CONSTRAINT operator_sessions_operator_fkey
                FOREIGN KEY (operator) REFERENCES operators,
            CONSTRAINT operator_sessions_token_hash_length_check CHECK (length(token_hash) = 32)
        ) WITH (fillfactor = 70)
    """)
    op.execute("CREATE INDEX operator_sessions_expires_idx ON operator_sessions (expires_at)")
    op.execute("CREATE INDEX operator_sessions_operator_idx ON operator_sessions (operator)")
    op.execute("""
        CREATE TABLE sign_in_failures (
            whose   text        NOT NULL,
            count   integer     NOT NULL,
            since   timestamptz NOT NULL DEFAULT now(),
            last_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT sign_in_failures_pkey PRIMARY KEY (whose)
        ) WITH (fillfactor = 70)
    """)


def _approvals() -> None:
    op.execute("""
        CREATE TABLE approvals (
            id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            kind         text        NOT NULL,
            subject      text        NOT NULL,
            request      jsonb       NOT NULL,
            shown        jsonb       NOT NULL,
            amount_minor bigint,
            currency     text,
            status       text        NOT NULL DEFAULT 'waiting',
            asked_by     text        NOT NULL,
            asked_reason text        NOT NULL,
            asked_at     timestamptz NOT NULL DEFAULT now(),
            expires_at   timestamptz NOT NULL,
            decided_by   text,
            decided_reason text,
            decided_at   timestamptz,
            result       jsonb,
            CONSTRAINT approvals_pkey PRIMARY KEY (id),
            CONSTRAINT approvals_kind_check
                CHECK (kind IN ('replay', 'edit', 'correction', 'write_off', 'refund_failed',
                    'announcement')),
            CONSTRAINT approvals_status_check
                CHECK (status IN ('waiting', 'approved', 'rejected', 'expired')),
            CONSTRAINT approvals_second_person_check CHECK (decided_by <> asked_by),
            CONSTRAINT approvals_decided_check
                CHECK ((status IN ('approved', 'rejected')) = (decided_by IS NOT NULL)
                       AND (status = 'waiting') = (decided_at IS NULL))
        )
    """)
    op.execute("CREATE INDEX approvals_waiting_idx ON approvals (id) WHERE status = 'waiting'")
    op.execute("CREATE INDEX approvals_subject_idx ON approvals (subject, id)")
    op.execute("""
        CREATE FUNCTION keep_approval() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' OR OLD.status <> 'waiting'
               OR (OLD.kind, OLD.subject, OLD.request, OLD.shown, OLD.asked_by, OLD.asked_reason,
                   OLD.asked_at, OLD.amount_minor, OLD.currency) IS DISTINCT FROM
                  (NEW.kind, NEW.subject, NEW.request, NEW.shown, NEW.asked_by, NEW.asked_reason,
                   NEW.asked_at, NEW.amount_minor, NEW.currency) THEN
                RAISE EXCEPTION 'approval % is decided or frozen: % refused', OLD.id, TG_OP
                    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER approvals_frozen BEFORE UPDATE OR DELETE ON approvals
            FOR EACH ROW EXECUTE FUNCTION keep_approval()
    """)


def _replays() -> None:
    op.execute("""
        CREATE TABLE replay_jobs (
            id            bigint      NOT NULL,
            actor         text        NOT NULL,
            reason        text        NOT NULL,
            operation_key text        NOT NULL,
            filters       jsonb       NOT NULL,
            matched       integer     NOT NULL,
            amounts_minor jsonb       NOT NULL,
            rate_per_s    integer     NOT NULL,
            canary        integer     NOT NULL,
            max_failures  integer     NOT NULL,
            status        text        NOT NULL,
            why           text,
            approval_id   bigint,
            succeeded     integer     NOT NULL DEFAULT 0,
            failed        integer     NOT NULL DEFAULT 0,
            skipped       integer     NOT NULL DEFAULT 0,
            ledger_diff   jsonb       NOT NULL DEFAULT '{}',
            created_at    timestamptz NOT NULL DEFAULT now(),
            started_at    timestamptz,
            ended_at      timestamptz,
            heartbeat_at  timestamptz,
            worker        text,
            CONSTRAINT replay_jobs_pkey PRIMARY KEY (id),
            CONSTRAINT replay_jobs_operation_once UNIQUE (operation_key),
            CONSTRAINT replay_jobs_approval_fkey FOREIGN KEY (approval_id) REFERENCES approvals,
            CONSTRAINT replay_jobs_status_check CHECK (status IN ('waiting_approval', 'running',
                'paused', 'aborted', 'cancelled', 'rejected', 'done')),
            CONSTRAINT replay_jobs_limits_check CHECK (rate_per_s > 0 AND canary >= 0
                AND max_failures >= 0 AND matched >= 0)
        ) WITH (fillfactor = 50)
    """)
    op.execute("""
        CREATE INDEX replay_jobs_unended_idx ON replay_jobs (id) WHERE ended_at IS NULL
    """)
    op.execute("""
        CREATE TABLE replay_items (
            replay_id      bigint      NOT NULL,
            place          integer     NOT NULL,
            dead_letter_id bigint      NOT NULL,
            event_id       bigint      NOT NULL,
            amount_minor   bigint,
            currency       text,
            outcome        text        NOT NULL DEFAULT 'waiting',
            message        text,
            begun_at       timestamptz,
            ended_at       timestamptz,
            CONSTRAINT replay_items_pkey PRIMARY KEY (replay_id, place),
            CONSTRAINT replay_items_letter_once UNIQUE (replay_id, dead_letter_id),
            CONSTRAINT replay_items_replay_fkey FOREIGN KEY (replay_id) REFERENCES replay_jobs,
            CONSTRAINT replay_items_letter_fkey
                FOREIGN KEY (dead_letter_id) REFERENCES dead_letters,
            CONSTRAINT replay_items_outcome_check CHECK (outcome IN
                ('waiting', 'begun', 'succeeded', 'failed', 'skipped'))
        ) WITH (fillfactor = 70)
    """)
    op.execute("""
        CREATE INDEX replay_items_unended_idx ON replay_items (replay_id, place)
            WHERE outcome IN ('waiting', 'begun')
    """)
    op.execute("CREATE INDEX replay_items_letter_idx ON replay_items (dead_letter_id)")
    op.execute("""
        CREATE TABLE replay_actions (
            id        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            replay_id bigint      NOT NULL,
            action    text        NOT NULL,
            actor     text        NOT NULL,
            reason    text        NOT NULL,
            at        timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT replay_actions_pkey PRIMARY KEY (id),
            CONSTRAINT replay_actions_replay_fkey FOREIGN KEY (replay_id) REFERENCES replay_jobs,
            CONSTRAINT replay_actions_action_check CHECK (action IN ('made', 'approved', 'rejected',
                'started', 'canary_passed', 'paused', 'resumed', 'aborted', 'cancelled', 'done'))
        )
    """)
    op.execute("CREATE INDEX replay_actions_replay_idx ON replay_actions (replay_id)")
    _append_only("replay_actions")


def _edits() -> None:
    op.execute("""
        CREATE TABLE event_edits (
            child_event_id  bigint      NOT NULL,
            parent_event_id bigint      NOT NULL,
            dead_letter_id  bigint      NOT NULL,
            diff            jsonb       NOT NULL,
            actor           text        NOT NULL,
            approved_by     text,
            reason          text        NOT NULL,
            at              timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT event_edits_pkey PRIMARY KEY (child_event_id),
            CONSTRAINT event_edits_letter_fkey FOREIGN KEY (dead_letter_id) REFERENCES dead_letters,
            CONSTRAINT event_edits_second_person_check CHECK (approved_by <> actor)
        )
    """)
    op.execute("CREATE INDEX event_edits_parent_idx ON event_edits (parent_event_id)")
    _append_only("event_edits")


def _corrections() -> None:
    op.execute("""
        CREATE TABLE payment_corrections (
            payment_id  bigint      NOT NULL,
            version     integer     NOT NULL,
            to_state    text        NOT NULL,
            accepted    jsonb       NOT NULL,
            given_back  jsonb       NOT NULL,
            facts_known integer     NOT NULL,
            actor       text        NOT NULL,
            approved_by text,
            reason      text        NOT NULL,
            at          timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT payment_corrections_pkey PRIMARY KEY (payment_id, version),
            CONSTRAINT payment_corrections_step_fkey FOREIGN KEY (payment_id, version)
                REFERENCES payment_transitions (payment_id, version)
                DEFERRABLE INITIALLY DEFERRED,
            CONSTRAINT payment_corrections_second_person_check CHECK (approved_by <> actor)
        )
    """)
    _append_only("payment_corrections")
    op.execute("ALTER TABLE payment_logs ADD COLUMN corrected boolean NOT NULL DEFAULT false")


def _letters() -> None:
    op.execute("ALTER TABLE dead_letters ADD COLUMN owner text")
    op.execute("CREATE INDEX dead_letters_status_idx ON dead_letters (status, id)")
    op.execute("""
        CREATE INDEX dead_letters_open_by_cause_idx ON dead_letters (fingerprint, id)
            WHERE status = 'open'
    """)
    op.execute("""
        CREATE INDEX dead_letters_open_by_reason_idx ON dead_letters (reason, id)
            WHERE status = 'open'
    """)
    op.execute("""
        CREATE INDEX dead_letters_open_by_source_idx ON dead_letters (source, id)
            WHERE status = 'open'
    """)
    op.execute("CREATE INDEX dead_letters_reference_idx ON dead_letters (reference, id)")
    _check((*_ACTIONS, *_NEW_ACTIONS))


def _samples() -> None:
    op.execute("""
        CREATE TABLE overview_samples (
            minute       timestamptz      NOT NULL,
            accepted     bigint           NOT NULL,
            applied      bigint           NOT NULL,
            refused      bigint           NOT NULL,
            p50_ms       double precision,
            p99_ms       double precision,
            unfinished   bigint           NOT NULL,
            oldest_s     double precision,
            open_letters bigint           NOT NULL,
            owed_minor   jsonb            NOT NULL,
            CONSTRAINT overview_samples_pkey PRIMARY KEY (minute)
        )
    """)


def _source_keys() -> None:
    op.execute("""
        CREATE TABLE source_keys (
            source  text        NOT NULL,
            account text        NOT NULL,
            key_id  text        NOT NULL,
            place   smallint    NOT NULL,
            mode    text,
            seen_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT source_keys_pkey PRIMARY KEY (source, account, key_id),
            CONSTRAINT source_keys_mode_check CHECK (mode IN ('live', 'test'))
        )
    """)


def _append_only(table: str) -> None:
    op.execute(f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def _check(actions: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{action}'" for action in actions)
    op.execute("ALTER TABLE dead_letter_actions DROP CONSTRAINT dead_letter_actions_action_check")
    op.execute(
        "ALTER TABLE dead_letter_actions ADD CONSTRAINT dead_letter_actions_action_check "
        f"CHECK (action IN ({listed}))"
    )


def downgrade() -> None:
    """Drop everything. Only for development: it destroys what people decided.

    The history of dead letters keeps what only the newer schema knows: those rows go first.
    """
    op.execute("ALTER TABLE dead_letter_actions DISABLE TRIGGER dead_letter_actions_append_only")
    listed = ", ".join(f"'{action}'" for action in _NEW_ACTIONS)
    op.execute(f"DELETE FROM dead_letter_actions WHERE action IN ({listed})")
    op.execute("ALTER TABLE dead_letter_actions ENABLE TRIGGER dead_letter_actions_append_only")
    _check(_ACTIONS)
    op.execute("""
        DROP INDEX dead_letters_status_idx, dead_letters_open_by_cause_idx,
            dead_letters_open_by_reason_idx, dead_letters_open_by_source_idx,
            dead_letters_reference_idx, refused_requests_source_idx
    """)
    op.execute("ALTER TABLE dead_letters DROP COLUMN owner")
    op.execute("ALTER TABLE payment_logs DROP COLUMN corrected")
    for table in ("payment_corrections", "event_edits", "replay_actions", "replay_items"):
        op.execute(f"DROP TABLE {table}")
    for table in ("replay_jobs", "approvals", "sign_in_failures", "operator_sessions"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP TABLE operator_actions, operators, overview_samples, source_keys")
    op.execute("DROP FUNCTION keep_approval()")
