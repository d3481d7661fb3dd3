"""Inbound: what came in, its de-duplication key, and the work it still owes.

Three tables where one would do, because they live differently: an event is evidence and never
changes, a key outlives everything, and a work row exists only while work is unfinished. Deleting
the work row is far cheaper than turning a status column, and the claim of due work stays small.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the inbox, its partitions, and the guards that keep evidence as it was."""
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("CREATE SEQUENCE inbound_event_ids AS bigint")
    op.execute("""
        CREATE TABLE inbound_events (
            id          bigint      NOT NULL,
            received_at timestamptz NOT NULL DEFAULT now(),
            source      text        NOT NULL,
            account     text        NOT NULL,
            event_key   text        NOT NULL,
            reference   text,
            mode        text,
            body        bytea       NOT NULL,
            headers     jsonb       NOT NULL,
            key_id      text        NOT NULL,
            request_id  text        NOT NULL,
            traceparent text,
            CONSTRAINT inbound_events_pkey PRIMARY KEY (id, received_at),
            CONSTRAINT inbound_events_mode_check CHECK (mode IN ('live', 'test')),
            CONSTRAINT inbound_events_event_key_length_check CHECK (length(event_key) <= 500)
        ) PARTITION BY RANGE (received_at)
    """)
    op.execute("ALTER TABLE inbound_events ALTER COLUMN body SET STORAGE EXTERNAL")
    op.execute("""
        CREATE TRIGGER inbound_events_append_only BEFORE UPDATE OR DELETE ON inbound_events
            FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER inbound_events_no_truncate BEFORE TRUNCATE ON inbound_events
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE FUNCTION ensure_inbound_partitions(months_ahead integer) RETURNS integer
        LANGUAGE plpgsql AS $$
        DECLARE
            first date := date_trunc('month', now() AT TIME ZONE 'UTC');
            begins timestamptz;
            ends timestamptz;
            name text;
            made integer := 0;
        BEGIN
            FOR i IN 0..months_ahead LOOP
                begins := (first + make_interval(months => i)) AT TIME ZONE 'UTC';
                ends := (first + make_interval(months => i + 1)) AT TIME ZONE 'UTC';
                name := 'inbound_events_' || to_char(first + make_interval(months => i), 'YYYY_MM');
                IF to_regclass(name) IS NULL THEN
                    EXECUTE format('CREATE TABLE %I PARTITION OF inbound_events '
                                   'FOR VALUES FROM (%L) TO (%L)', name, begins, ends);
                    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
                                   'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                                   name || '_no_truncate', name);
                    made := made + 1;
                END IF;
            END LOOP;
            RETURN made;
        END $$
    """)
    op.execute("SELECT ensure_inbound_partitions(3)")
    _dedup_and_work()


def _dedup_and_work() -> None:
    op.execute("""
        CREATE TABLE inbound_dedup (
            source      text        NOT NULL,
            account     text        NOT NULL,
            event_key   text        NOT NULL,
            body_sha256 bytea       NOT NULL,
            event_id    bigint      NOT NULL,
            received_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT inbound_dedup_pkey PRIMARY KEY (source, account, event_key)
        )
    """)
    op.execute("""
        CREATE TABLE inbound_variants (
            event_id    bigint      NOT NULL,
            body_sha256 bytea       NOT NULL,
            body        bytea       NOT NULL,
            received_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT inbound_variants_pkey PRIMARY KEY (event_id, body_sha256)
        )
    """)
    op.execute("""
        CREATE TABLE inbound_work (
            event_id    bigint      NOT NULL,
            received_at timestamptz NOT NULL,
            lane        text        NOT NULL,
            since       timestamptz NOT NULL DEFAULT now(),
            next_at     timestamptz NOT NULL,
            enqueues    smallint    NOT NULL DEFAULT 0,
            attempts    smallint    NOT NULL DEFAULT 0,
            crashes     smallint    NOT NULL DEFAULT 0,
            replay_id   bigint,
            CONSTRAINT inbound_work_pkey PRIMARY KEY (event_id),
            CONSTRAINT inbound_work_lane_check
                CHECK (lane IN ('events', 'calls', 'replay', 'quarantine'))
        ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01,
                autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0)
    """)
    op.execute("CREATE INDEX inbound_work_due_idx ON inbound_work (lane, next_at)")
    op.execute("""
        CREATE TABLE attempts (
            id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            event_id    bigint      NOT NULL,
            number      smallint    NOT NULL,
            started_at  timestamptz NOT NULL,
            ended_at    timestamptz NOT NULL DEFAULT now(),
            worker      text        NOT NULL,
            outcome     text        NOT NULL,
            error_class text,
            fingerprint text,
            message     text,
            replay_id   bigint,
            CONSTRAINT attempts_pkey PRIMARY KEY (id),
            CONSTRAINT attempts_outcome_check CHECK (outcome IN
                ('no_change', 'ignored', 'retry', 'deferred', 'dead', 'crashed'))
        )
    """)
    op.execute("CREATE INDEX attempts_event_idx ON attempts (event_id)")
    op.execute("""
        CREATE TRIGGER attempts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attempts
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TABLE claims (
            id            bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            worker        text        NOT NULL,
            backend_pid   integer     NOT NULL,
            backend_start timestamptz NOT NULL,
            event_ids     bigint[]    NOT NULL,
            claimed_at    timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT claims_pkey PRIMARY KEY (id)
        )
    """)
    op.execute("""
        CREATE TABLE refused_requests (
            id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            at          timestamptz NOT NULL DEFAULT now(),
            source      text        NOT NULL,
            account     text        NOT NULL,
            address     text        NOT NULL,
            code        text        NOT NULL,
            diagnosis   text        NOT NULL,
            request_id  text        NOT NULL,
            body_bytes  integer     NOT NULL,
            CONSTRAINT refused_requests_pkey PRIMARY KEY (id)
        )
    """)


def downgrade() -> None:
    """Drop everything. Only for development: it destroys evidence."""
    for table in (
        "refused_requests",
        "claims",
        "attempts",
        "inbound_work",
        "inbound_variants",
        "inbound_dedup",
        "inbound_events",
    ):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION ensure_inbound_partitions(integer)")
    op.execute("DROP SEQUENCE inbound_event_ids")
    op.execute("DROP FUNCTION refuse_change()")
