-- The whole schema of Payratchet, for an empty database. Generated; do not edit:
--
--     python -m migrations.generate
--
-- Use it where `payratchet migrate` cannot reach the database but psql can:
--
--     psql $DATABASE_URL -v ON_ERROR_STOP=1 -f migrations/create_payment_tables.sql
--
-- One transaction: everything is there afterwards, or nothing. It leaves the same schema and the
-- same alembic_version as `payratchet migrate`, which takes over from there when the next version
-- comes. On a database that has the tables already it stops at once and changes nothing.

BEGIN;

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 0001

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$;

CREATE SEQUENCE inbound_event_ids AS bigint;

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
        ) PARTITION BY RANGE (received_at);

ALTER TABLE inbound_events ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TRIGGER inbound_events_append_only BEFORE UPDATE OR DELETE ON inbound_events
            FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER inbound_events_no_truncate BEFORE TRUNCATE ON inbound_events
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

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
        END $$;

SELECT ensure_inbound_partitions(3);

CREATE TABLE inbound_dedup (
            source      text        NOT NULL,
            account     text        NOT NULL,
            event_key   text        NOT NULL,
            body_sha256 bytea       NOT NULL,
            event_id    bigint      NOT NULL,
            received_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT inbound_dedup_pkey PRIMARY KEY (source, account, event_key)
        );

CREATE TABLE inbound_variants (
            event_id    bigint      NOT NULL,
            body_sha256 bytea       NOT NULL,
            body        bytea       NOT NULL,
            received_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT inbound_variants_pkey PRIMARY KEY (event_id, body_sha256)
        );

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
                autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX inbound_work_due_idx ON inbound_work (lane, next_at);

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
        );

CREATE INDEX attempts_event_idx ON attempts (event_id);

CREATE TRIGGER attempts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attempts
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE claims (
            id            bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            worker        text        NOT NULL,
            backend_pid   integer     NOT NULL,
            backend_start timestamptz NOT NULL,
            event_ids     bigint[]    NOT NULL,
            claimed_at    timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT claims_pkey PRIMARY KEY (id)
        );

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
        );

INSERT INTO alembic_version (version_num) VALUES ('0001') RETURNING alembic_version.version_num;

-- Running upgrade 0001 -> 0002

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
            metadata           jsonb       NOT NULL DEFAULT '{}',
            announced_by       text        NOT NULL,
            created_at         timestamptz NOT NULL DEFAULT now(),
            updated_at         timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT payment_logs_pkey PRIMARY KEY (id),
            CONSTRAINT payment_logs_reference_once UNIQUE (reference),
            CONSTRAINT payment_logs_idempotency_key_once UNIQUE (client_id, idempotency_key),
            CONSTRAINT payment_logs_reference_check CHECK (reference ~ '^[A-Za-z0-9._=-]{1,100}$'),
            CONSTRAINT payment_logs_amount_positive_check CHECK (amount_minor > 0),
            CONSTRAINT payment_logs_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
            CONSTRAINT payment_logs_state_check CHECK (state IN ('pending', 'processing', 'completed', 'failed', 'partially_refunded', 'refunded',
                'disputed', 'charged_back', 'cancelled', 'review')),
            CONSTRAINT payment_logs_sums_not_negative_check
                CHECK (captured_minor >= 0 AND refunded_minor >= 0 AND disputed_minor >= 0)
        ) WITH (fillfactor = 70);

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
        );

CREATE TRIGGER payment_facts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON payment_facts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE legal_transitions (
            from_state text NOT NULL,
            event      text NOT NULL,
            to_state   text NOT NULL,
            CONSTRAINT legal_transitions_pkey PRIMARY KEY (from_state, event, to_state)
        );

-- Generated from domain.transitions when this migration was written; later changes of the
-- grid come as migrations of their own. A test holds the table and the grid together.
INSERT INTO legal_transitions (from_state, event, to_state) VALUES
    ('cancelled', 'contradicted', 'review'),
    ('cancelled', 'corrected', 'charged_back'),
    ('cancelled', 'corrected', 'completed'),
    ('cancelled', 'corrected', 'disputed'),
    ('cancelled', 'corrected', 'failed'),
    ('cancelled', 'corrected', 'partially_refunded'),
    ('cancelled', 'corrected', 'pending'),
    ('cancelled', 'corrected', 'processing'),
    ('cancelled', 'corrected', 'refunded'),
    ('cancelled', 'corrected', 'review'),
    ('cancelled', 'dispute_lost', 'cancelled'),
    ('cancelled', 'dispute_opened', 'cancelled'),
    ('cancelled', 'dispute_won', 'cancelled'),
    ('cancelled', 'failed', 'cancelled'),
    ('cancelled', 'fee_recorded', 'cancelled'),
    ('cancelled', 'initialized', 'cancelled'),
    ('cancelled', 'refund_failed', 'cancelled'),
    ('cancelled', 'refund_pending', 'cancelled'),
    ('cancelled', 'refunded_in_full', 'cancelled'),
    ('cancelled', 'refunded_in_part', 'cancelled'),
    ('cancelled', 'succeeded', 'review'),
    ('cancelled', 'unheard', 'cancelled'),
    ('charged_back', 'contradicted', 'review'),
    ('charged_back', 'corrected', 'cancelled'),
    ('charged_back', 'corrected', 'completed'),
    ('charged_back', 'corrected', 'disputed'),
    ('charged_back', 'corrected', 'failed'),
    ('charged_back', 'corrected', 'partially_refunded'),
    ('charged_back', 'corrected', 'pending'),
    ('charged_back', 'corrected', 'processing'),
    ('charged_back', 'corrected', 'refunded'),
    ('charged_back', 'corrected', 'review'),
    ('charged_back', 'dispute_lost', 'charged_back'),
    ('charged_back', 'dispute_opened', 'charged_back'),
    ('charged_back', 'dispute_opened', 'disputed'),
    ('charged_back', 'dispute_won', 'charged_back'),
    ('charged_back', 'failed', 'charged_back'),
    ('charged_back', 'fee_recorded', 'charged_back'),
    ('charged_back', 'initialized', 'charged_back'),
    ('charged_back', 'refund_failed', 'charged_back'),
    ('charged_back', 'refund_pending', 'charged_back'),
    ('charged_back', 'refunded_in_full', 'charged_back'),
    ('charged_back', 'refunded_in_part', 'charged_back'),
    ('charged_back', 'succeeded', 'charged_back'),
    ('charged_back', 'unheard', 'charged_back'),
    ('completed', 'contradicted', 'review'),
    ('completed', 'corrected', 'cancelled'),
    ('completed', 'corrected', 'charged_back'),
    ('completed', 'corrected', 'disputed'),
    ('completed', 'corrected', 'failed'),
    ('completed', 'corrected', 'partially_refunded'),
    ('completed', 'corrected', 'pending'),
    ('completed', 'corrected', 'processing'),
    ('completed', 'corrected', 'refunded'),
    ('completed', 'corrected', 'review'),
    ('completed', 'dispute_lost', 'charged_back'),
    ('completed', 'dispute_lost', 'completed'),
    ('completed', 'dispute_opened', 'completed'),
    ('completed', 'dispute_opened', 'disputed'),
    ('completed', 'dispute_won', 'completed'),
    ('completed', 'failed', 'completed'),
    ('completed', 'fee_recorded', 'completed'),
    ('completed', 'initialized', 'completed'),
    ('completed', 'refund_failed', 'completed'),
    ('completed', 'refund_pending', 'completed'),
    ('completed', 'refunded_in_full', 'completed'),
    ('completed', 'refunded_in_full', 'refunded'),
    ('completed', 'refunded_in_part', 'completed'),
    ('completed', 'refunded_in_part', 'partially_refunded'),
    ('completed', 'succeeded', 'completed'),
    ('completed', 'unheard', 'completed'),
    ('disputed', 'contradicted', 'review'),
    ('disputed', 'corrected', 'cancelled'),
    ('disputed', 'corrected', 'charged_back'),
    ('disputed', 'corrected', 'completed'),
    ('disputed', 'corrected', 'failed'),
    ('disputed', 'corrected', 'partially_refunded'),
    ('disputed', 'corrected', 'pending'),
    ('disputed', 'corrected', 'processing'),
    ('disputed', 'corrected', 'refunded'),
    ('disputed', 'corrected', 'review'),
    ('disputed', 'dispute_lost', 'charged_back'),
    ('disputed', 'dispute_lost', 'disputed'),
    ('disputed', 'dispute_opened', 'disputed'),
    ('disputed', 'dispute_won', 'completed'),
    ('disputed', 'dispute_won', 'disputed'),
    ('disputed', 'failed', 'disputed'),
    ('disputed', 'fee_recorded', 'disputed'),
    ('disputed', 'initialized', 'disputed'),
    ('disputed', 'refund_failed', 'disputed'),
    ('disputed', 'refund_pending', 'disputed'),
    ('disputed', 'refunded_in_full', 'disputed'),
    ('disputed', 'refunded_in_part', 'disputed'),
    ('disputed', 'succeeded', 'disputed'),
    ('disputed', 'unheard', 'disputed'),
    ('failed', 'contradicted', 'review'),
    ('failed', 'corrected', 'cancelled'),
    ('failed', 'corrected', 'charged_back'),
    ('failed', 'corrected', 'completed'),
    ('failed', 'corrected', 'disputed'),
    ('failed', 'corrected', 'partially_refunded'),
    ('failed', 'corrected', 'pending'),
    ('failed', 'corrected', 'processing'),
    ('failed', 'corrected', 'refunded'),
    ('failed', 'corrected', 'review'),
    ('failed', 'dispute_lost', 'failed'),
    ('failed', 'dispute_opened', 'failed'),
    ('failed', 'dispute_won', 'failed'),
    ('failed', 'failed', 'failed'),
    ('failed', 'fee_recorded', 'failed'),
    ('failed', 'initialized', 'failed'),
    ('failed', 'refund_failed', 'failed'),
    ('failed', 'refund_pending', 'failed'),
    ('failed', 'refunded_in_full', 'failed'),
    ('failed', 'refunded_in_part', 'failed'),
    ('failed', 'succeeded', 'completed'),
    ('failed', 'unheard', 'failed'),
    ('partially_refunded', 'contradicted', 'review'),
    ('partially_refunded', 'corrected', 'cancelled'),
    ('partially_refunded', 'corrected', 'charged_back'),
    ('partially_refunded', 'corrected', 'completed'),
    ('partially_refunded', 'corrected', 'disputed'),
    ('partially_refunded', 'corrected', 'failed'),
    ('partially_refunded', 'corrected', 'pending'),
    ('partially_refunded', 'corrected', 'processing'),
    ('partially_refunded', 'corrected', 'refunded'),
    ('partially_refunded', 'corrected', 'review'),
    ('partially_refunded', 'dispute_lost', 'charged_back'),
    ('partially_refunded', 'dispute_lost', 'partially_refunded'),
    ('partially_refunded', 'dispute_opened', 'disputed'),
    ('partially_refunded', 'dispute_opened', 'partially_refunded'),
    ('partially_refunded', 'dispute_won', 'partially_refunded'),
    ('partially_refunded', 'failed', 'partially_refunded'),
    ('partially_refunded', 'fee_recorded', 'partially_refunded'),
    ('partially_refunded', 'initialized', 'partially_refunded'),
    ('partially_refunded', 'refund_failed', 'completed'),
    ('partially_refunded', 'refund_failed', 'partially_refunded'),
    ('partially_refunded', 'refund_pending', 'partially_refunded'),
    ('partially_refunded', 'refunded_in_full', 'partially_refunded'),
    ('partially_refunded', 'refunded_in_full', 'refunded'),
    ('partially_refunded', 'refunded_in_part', 'partially_refunded'),
    ('partially_refunded', 'succeeded', 'partially_refunded'),
    ('partially_refunded', 'unheard', 'partially_refunded'),
    ('pending', 'cancelled', 'cancelled'),
    ('pending', 'contradicted', 'review'),
    ('pending', 'corrected', 'cancelled'),
    ('pending', 'corrected', 'charged_back'),
    ('pending', 'corrected', 'completed'),
    ('pending', 'corrected', 'disputed'),
    ('pending', 'corrected', 'failed'),
    ('pending', 'corrected', 'partially_refunded'),
    ('pending', 'corrected', 'processing'),
    ('pending', 'corrected', 'refunded'),
    ('pending', 'corrected', 'review'),
    ('pending', 'dispute_lost', 'pending'),
    ('pending', 'dispute_opened', 'pending'),
    ('pending', 'dispute_won', 'pending'),
    ('pending', 'failed', 'failed'),
    ('pending', 'fee_recorded', 'pending'),
    ('pending', 'initialized', 'processing'),
    ('pending', 'refund_failed', 'pending'),
    ('pending', 'refund_pending', 'pending'),
    ('pending', 'refunded_in_full', 'pending'),
    ('pending', 'refunded_in_part', 'pending'),
    ('pending', 'succeeded', 'completed'),
    ('pending', 'unheard', 'review'),
    ('processing', 'cancelled', 'cancelled'),
    ('processing', 'contradicted', 'review'),
    ('processing', 'corrected', 'cancelled'),
    ('processing', 'corrected', 'charged_back'),
    ('processing', 'corrected', 'completed'),
    ('processing', 'corrected', 'disputed'),
    ('processing', 'corrected', 'failed'),
    ('processing', 'corrected', 'partially_refunded'),
    ('processing', 'corrected', 'pending'),
    ('processing', 'corrected', 'refunded'),
    ('processing', 'corrected', 'review'),
    ('processing', 'dispute_lost', 'processing'),
    ('processing', 'dispute_opened', 'processing'),
    ('processing', 'dispute_won', 'processing'),
    ('processing', 'failed', 'failed'),
    ('processing', 'fee_recorded', 'processing'),
    ('processing', 'initialized', 'processing'),
    ('processing', 'refund_failed', 'processing'),
    ('processing', 'refund_pending', 'processing'),
    ('processing', 'refunded_in_full', 'processing'),
    ('processing', 'refunded_in_part', 'processing'),
    ('processing', 'succeeded', 'completed'),
    ('processing', 'unheard', 'review'),
    ('refunded', 'contradicted', 'review'),
    ('refunded', 'corrected', 'cancelled'),
    ('refunded', 'corrected', 'charged_back'),
    ('refunded', 'corrected', 'completed'),
    ('refunded', 'corrected', 'disputed'),
    ('refunded', 'corrected', 'failed'),
    ('refunded', 'corrected', 'partially_refunded'),
    ('refunded', 'corrected', 'pending'),
    ('refunded', 'corrected', 'processing'),
    ('refunded', 'corrected', 'review'),
    ('refunded', 'dispute_lost', 'charged_back'),
    ('refunded', 'dispute_lost', 'refunded'),
    ('refunded', 'dispute_opened', 'disputed'),
    ('refunded', 'dispute_opened', 'refunded'),
    ('refunded', 'dispute_won', 'refunded'),
    ('refunded', 'failed', 'refunded'),
    ('refunded', 'fee_recorded', 'refunded'),
    ('refunded', 'initialized', 'refunded'),
    ('refunded', 'refund_failed', 'partially_refunded'),
    ('refunded', 'refund_failed', 'refunded'),
    ('refunded', 'refund_pending', 'refunded'),
    ('refunded', 'refunded_in_full', 'refunded'),
    ('refunded', 'refunded_in_part', 'refunded'),
    ('refunded', 'succeeded', 'refunded'),
    ('refunded', 'unheard', 'refunded'),
    ('review', 'contradicted', 'review'),
    ('review', 'corrected', 'cancelled'),
    ('review', 'corrected', 'charged_back'),
    ('review', 'corrected', 'completed'),
    ('review', 'corrected', 'disputed'),
    ('review', 'corrected', 'failed'),
    ('review', 'corrected', 'partially_refunded'),
    ('review', 'corrected', 'pending'),
    ('review', 'corrected', 'processing'),
    ('review', 'corrected', 'refunded'),
    ('review', 'dispute_lost', 'charged_back'),
    ('review', 'dispute_lost', 'review'),
    ('review', 'dispute_opened', 'disputed'),
    ('review', 'dispute_opened', 'review'),
    ('review', 'dispute_won', 'completed'),
    ('review', 'dispute_won', 'review'),
    ('review', 'failed', 'failed'),
    ('review', 'failed', 'review'),
    ('review', 'fee_recorded', 'review'),
    ('review', 'initialized', 'review'),
    ('review', 'refund_failed', 'review'),
    ('review', 'refund_pending', 'review'),
    ('review', 'refunded_in_full', 'refunded'),
    ('review', 'refunded_in_full', 'review'),
    ('review', 'refunded_in_part', 'partially_refunded'),
    ('review', 'refunded_in_part', 'review'),
    ('review', 'resolved', 'completed'),
    ('review', 'succeeded', 'completed'),
    ('review', 'succeeded', 'review'),
    ('review', 'unheard', 'review');;

CREATE TRIGGER legal_transitions_append_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
            ON legal_transitions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

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
        );

CREATE TRIGGER payment_transitions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON payment_transitions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

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
        END $$;

CREATE TRIGGER payment_logs_steps_exist AFTER UPDATE ON payment_logs
            REFERENCING OLD TABLE AS before NEW TABLE AS after
            FOR EACH STATEMENT EXECUTE FUNCTION check_payment_steps();

CREATE FUNCTION check_payment_asked() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' AND (NEW.state, NEW.lock_version) <> ('pending', 0) THEN
                RAISE EXCEPTION 'payment % must begin as pending', NEW.reference
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$;

CREATE TRIGGER payment_logs_begin_pending BEFORE INSERT ON payment_logs
            FOR EACH ROW EXECUTE FUNCTION check_payment_asked();

CREATE TRIGGER payment_logs_asked_is_final
            BEFORE UPDATE OF reference, client_id, customer_id, provider, account, amount_minor,
                currency, announced_by, created_at ON payment_logs
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER payment_logs_no_delete BEFORE DELETE OR TRUNCATE ON payment_logs
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE provider_references (
            provider           text   NOT NULL,
            account            text   NOT NULL,
            provider_reference text   NOT NULL,
            payment_id         bigint NOT NULL,
            CONSTRAINT provider_references_pkey
                PRIMARY KEY (provider, account, provider_reference),
            CONSTRAINT provider_references_payment_fkey
                FOREIGN KEY (payment_id) REFERENCES payment_logs
        );

CREATE TABLE waiting_captures (
            payment_id  bigint      NOT NULL,
            object_id   text        NOT NULL,
            event_id    bigint      NOT NULL,
            received_at timestamptz NOT NULL,
            since       timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT waiting_captures_pkey PRIMARY KEY (payment_id, object_id, event_id)
        );

CREATE TABLE source_modes (
            source    text        NOT NULL,
            account   text        NOT NULL,
            mode      text        NOT NULL,
            event_id  bigint      NOT NULL,
            pinned_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT source_modes_pkey PRIMARY KEY (source, account),
            CONSTRAINT source_modes_mode_check CHECK (mode IN ('live', 'test'))
        );

UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001';

-- Running upgrade 0002 -> 0003

CREATE SEQUENCE ledger_movement_ids AS bigint;

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
        );

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
        END $$;

CREATE TRIGGER ledger_entries_zero_sum AFTER INSERT ON ledger_entries
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION check_zero_sum();

CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE customer_balances (
            customer_id   text        NOT NULL,
            currency      text        NOT NULL,
            balance_minor bigint      NOT NULL DEFAULT 0,
            version       bigint      NOT NULL DEFAULT 0,
            updated_at    timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT customer_balances_pkey PRIMARY KEY (customer_id, currency)
        ) WITH (fillfactor = 50);

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
        );

CREATE UNIQUE INDEX sms_transactions_one_top_up_per_payment
            ON sms_transactions (payment_log_id) WHERE kind = 'top_up';

CREATE TRIGGER sms_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON sms_transactions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

UPDATE alembic_version SET version_num='0003' WHERE alembic_version.version_num = '0002';

-- Running upgrade 0003 -> 0004

CREATE SEQUENCE replay_ids AS bigint;

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
        );

CREATE INDEX dead_letters_open_idx ON dead_letters (reason, reference)
            WHERE status = 'open';

CREATE INDEX dead_letters_open_by_provider_idx
            ON dead_letters (reason, provider_reference) WHERE status = 'open';

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
        );

CREATE INDEX dead_letter_actions_dead_letter_idx ON dead_letter_actions (dead_letter_id);

CREATE TRIGGER dead_letter_actions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON dead_letter_actions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

UPDATE alembic_version SET version_num='0004' WHERE alembic_version.version_num = '0003';

-- Running upgrade 0004 -> 0005

CREATE FUNCTION check_payment_id_known() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            missing bigint;
        BEGIN
            SELECT named.id INTO missing
            FROM (SELECT DISTINCT payment_id AS id FROM added WHERE payment_id IS NOT NULL) AS named
            WHERE (SELECT p.id FROM payment_logs p WHERE p.id = named.id) IS NULL
            LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION '% names payment %, which does not exist', TG_TABLE_NAME, missing
                    USING ERRCODE = 'foreign_key_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NULL;
        END $$;

CREATE FUNCTION check_payment_log_id_known() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            missing bigint;
        BEGIN
            SELECT named.id INTO missing
            FROM (SELECT DISTINCT payment_log_id AS id FROM added WHERE payment_log_id IS NOT NULL) AS named
            WHERE (SELECT p.id FROM payment_logs p WHERE p.id = named.id) IS NULL
            LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION '% names payment %, which does not exist', TG_TABLE_NAME, missing
                    USING ERRCODE = 'foreign_key_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NULL;
        END $$;

ALTER TABLE payment_facts DROP CONSTRAINT payment_facts_payment_fkey;

CREATE TRIGGER payment_facts_payment_known AFTER INSERT ON payment_facts
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION check_payment_id_known();

ALTER TABLE payment_transitions DROP CONSTRAINT payment_transitions_payment_fkey;

CREATE TRIGGER payment_transitions_payment_known AFTER INSERT ON payment_transitions
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION check_payment_id_known();

ALTER TABLE provider_references DROP CONSTRAINT provider_references_payment_fkey;

CREATE TRIGGER provider_references_payment_known AFTER INSERT ON provider_references
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION check_payment_id_known();

ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_payment_fkey;

CREATE TRIGGER ledger_entries_payment_known AFTER INSERT ON ledger_entries
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION check_payment_id_known();

ALTER TABLE sms_transactions DROP CONSTRAINT sms_transactions_payment_fkey;

CREATE TRIGGER sms_transactions_payment_known AFTER INSERT ON sms_transactions
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION check_payment_log_id_known();

DROP TRIGGER payment_logs_asked_is_final ON payment_logs;

CREATE TRIGGER payment_logs_asked_is_final
            BEFORE UPDATE OF id, reference, client_id, customer_id, provider, account,
                amount_minor, currency, announced_by, created_at ON payment_logs
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER provider_references_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON provider_references FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE sms_transactions
            DROP CONSTRAINT sms_transactions_idempotency_key_once,
            DROP CONSTRAINT sms_transactions_reversed_once;

CREATE UNIQUE INDEX sms_transactions_idempotency_key_once
            ON sms_transactions (client_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE UNIQUE INDEX sms_transactions_reversed_once
            ON sms_transactions (reverses_id) WHERE reverses_id IS NOT NULL;

ALTER TABLE payment_logs SET (fillfactor = 45);

ALTER SEQUENCE ledger_movement_ids CACHE 100;

ALTER TABLE payment_logs
            DROP CONSTRAINT payment_logs_reference_check,
            ADD CONSTRAINT payment_logs_reference_check CHECK (reference ~ '^[A-Za-z0-9._=-]+$' AND length(reference) <= 100);

UPDATE alembic_version SET version_num='0005' WHERE alembic_version.version_num = '0004';

-- Running upgrade 0005 -> 0006

CREATE TABLE api_clients (
            id               text        NOT NULL,
            name             text        NOT NULL,
            scopes           text[]      NOT NULL,
            initialize_limit text,
            verify_limit     text,
            created_by       text        NOT NULL,
            created_at       timestamptz NOT NULL DEFAULT now(),
            revoked_at       timestamptz,
            CONSTRAINT api_clients_pkey PRIMARY KEY (id),
            CONSTRAINT api_clients_name_once UNIQUE (name),
            CONSTRAINT api_clients_scopes_check CHECK (cardinality(scopes) > 0 AND scopes <@
                ARRAY['payments:read', 'payments:write', 'credit:read', 'credit:write'])
        );

CREATE TABLE api_keys (
            prefix       text        NOT NULL,
            client_id    text        NOT NULL,
            key_hash     bytea       NOT NULL,
            created_by   text        NOT NULL,
            created_at   timestamptz NOT NULL DEFAULT now(),
            expires_at   timestamptz,
            revoked_at   timestamptz,
            last_used_at timestamptz,
            CONSTRAINT api_keys_pkey PRIMARY KEY (prefix),
            CONSTRAINT api_keys_client_fkey FOREIGN KEY (client_id) REFERENCES api_clients,
            CONSTRAINT api_keys_hash_length_check CHECK (length(key_hash) = 32)
        );

CREATE INDEX api_keys_client_idx ON api_keys (client_id);

CREATE TABLE api_client_actions (
            id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            client_id  text        NOT NULL,
            action     text        NOT NULL,
            key_prefix text,
            actor      text        NOT NULL,
            reason     text        NOT NULL,
            at         timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT api_client_actions_pkey PRIMARY KEY (id),
            CONSTRAINT api_client_actions_client_fkey
                FOREIGN KEY (client_id) REFERENCES api_clients,
            CONSTRAINT api_client_actions_action_check CHECK (action IN
                ('created', 'rotated', 'key_ended', 'revoked', 'limited'))
        );

CREATE INDEX api_client_actions_client_idx ON api_client_actions (client_id);

CREATE TRIGGER api_client_actions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON api_client_actions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE idempotency_keys (
            client_id   text        NOT NULL,
            method      text        NOT NULL,
            route       text        NOT NULL,
            key         uuid        NOT NULL,
            fingerprint bytea       NOT NULL,
            status      smallint,
            headers     jsonb,
            body        bytea,
            created_at  timestamptz NOT NULL DEFAULT now(),
            expires_at  timestamptz NOT NULL,
            CONSTRAINT idempotency_keys_pkey PRIMARY KEY (client_id, method, route, key),
            CONSTRAINT idempotency_keys_fingerprint_length_check CHECK (length(fingerprint) = 32)
        ) WITH (fillfactor = 70);

CREATE INDEX idempotency_keys_expires_idx ON idempotency_keys (expires_at);

CREATE FUNCTION check_key_answered() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM idempotency_keys k
            WHERE (k.client_id, k.method, k.route, k.key)
                    = (NEW.client_id, NEW.method, NEW.route, NEW.key)
              AND (k.status IS NULL OR k.headers IS NULL OR k.body IS NULL);
            IF FOUND THEN
                RAISE EXCEPTION 'key % would be kept without its answer', NEW.key
                    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NULL;
        END $$;

CREATE CONSTRAINT TRIGGER idempotency_keys_answered
            AFTER INSERT OR UPDATE ON idempotency_keys
            DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION check_key_answered();

CREATE TABLE refunds (
            id                 bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            reference          text        NOT NULL,
            payment_id         bigint      NOT NULL,
            client_id          text        NOT NULL,
            amount_minor       bigint      NOT NULL,
            currency           text        NOT NULL,
            reason             text,
            status             text        NOT NULL DEFAULT 'requested',
            provider_refund_id text,
            object_id          text,
            facts_before       integer,
            created_at         timestamptz NOT NULL DEFAULT now(),
            settled_at         timestamptz,
            CONSTRAINT refunds_pkey PRIMARY KEY (id),
            CONSTRAINT refunds_reference_once UNIQUE (reference),
            CONSTRAINT refunds_payment_fkey FOREIGN KEY (payment_id) REFERENCES payment_logs,
            CONSTRAINT refunds_amount_positive_check CHECK (amount_minor > 0),
            CONSTRAINT refunds_facts_before_check CHECK (facts_before >= 0),
            CONSTRAINT refunds_status_check
                CHECK (status IN ('requested', 'sent', 'succeeded', 'failed')),
            CONSTRAINT refunds_settled_check
                CHECK ((settled_at IS NOT NULL) = (status IN ('succeeded', 'failed')))
        );

CREATE INDEX refunds_payment_idx ON refunds (payment_id);

CREATE INDEX refunds_open_idx ON refunds (id) WHERE settled_at IS NULL;

CREATE UNIQUE INDEX refunds_object_once ON refunds (payment_id, object_id)
            WHERE object_id IS NOT NULL;

CREATE FUNCTION check_refund_within_capture() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            payment record;
            ours record;
        BEGIN
            SELECT reference, currency, captured_minor, refunded_minor INTO payment
            FROM payment_logs WHERE id = NEW.payment_id FOR NO KEY UPDATE;
            SELECT coalesce(sum(amount_minor) FILTER (WHERE status <> 'failed'), 0) AS live_minor,
                   coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded'), 0) AS done_minor
            INTO ours FROM refunds WHERE payment_id = NEW.payment_id;
            IF NEW.currency <> payment.currency
               OR ours.live_minor + greatest(0, payment.refunded_minor - ours.done_minor)
                    + NEW.amount_minor > payment.captured_minor THEN
                RAISE EXCEPTION 'a refund of % exceeds what is left of %',
                    NEW.amount_minor, payment.reference
                    USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NEW;
        END $$;

CREATE TRIGGER refunds_within_capture BEFORE INSERT ON refunds
            FOR EACH ROW EXECUTE FUNCTION check_refund_within_capture();

CREATE FUNCTION check_refund_settled_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.settled_at IS NOT NULL OR (NEW.reference, NEW.payment_id, NEW.client_id,
                NEW.amount_minor, NEW.currency, NEW.created_at) IS DISTINCT FROM (OLD.reference,
                OLD.payment_id, OLD.client_id, OLD.amount_minor, OLD.currency, OLD.created_at) THEN
                RAISE EXCEPTION 'refund % is settled, or what was asked would change',
                    OLD.reference USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$;

CREATE TRIGGER refunds_settled_once BEFORE UPDATE ON refunds
            FOR EACH ROW EXECUTE FUNCTION check_refund_settled_once();

CREATE TRIGGER refunds_no_delete BEFORE DELETE OR TRUNCATE ON refunds
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE provider_calls (
            id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            debt         text        NOT NULL,
            fence        integer     NOT NULL,
            event_id     bigint      NOT NULL,
            payment_id   bigint,
            kind         text        NOT NULL,
            provider     text        NOT NULL,
            account      text        NOT NULL,
            provider_key text,
            worker       text        NOT NULL,
            started_at   timestamptz NOT NULL DEFAULT now(),
            ended_at     timestamptz,
            outcome      text,
            http_status  integer,
            error_class  text,
            message      text,
            answer       bytea,
            CONSTRAINT provider_calls_pkey PRIMARY KEY (id),
            CONSTRAINT provider_calls_fence_once UNIQUE (debt, fence),
            CONSTRAINT provider_calls_kind_check CHECK (kind IN
                ('initialize', 'verify', 'refund', 'cancel')),
            CONSTRAINT provider_calls_outcome_check CHECK (outcome IN
                ('answered', 'refused', 'not_sent', 'unknown')),
            CONSTRAINT provider_calls_ended_check
                CHECK ((ended_at IS NULL) = (outcome IS NULL))
        );

CREATE UNIQUE INDEX provider_calls_one_live ON provider_calls (debt)
            WHERE ended_at IS NULL;

CREATE INDEX provider_calls_payment_idx ON provider_calls (payment_id);

CREATE INDEX provider_calls_event_idx ON provider_calls (event_id);

CREATE FUNCTION check_call_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.ended_at IS NOT NULL OR (NEW.debt, NEW.fence, NEW.event_id, NEW.payment_id,
                NEW.kind, NEW.provider_key, NEW.started_at) IS DISTINCT FROM (OLD.debt, OLD.fence,
                OLD.event_id, OLD.payment_id, OLD.kind, OLD.provider_key, OLD.started_at) THEN
                RAISE EXCEPTION 'call % has ended, or what was asked would change', OLD.id
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$;

CREATE TRIGGER provider_calls_end_once BEFORE UPDATE ON provider_calls
            FOR EACH ROW EXECUTE FUNCTION check_call_ends_once();

CREATE TRIGGER provider_calls_no_delete BEFORE DELETE OR TRUNCATE ON provider_calls
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE verifications (
            payment_id bigint      NOT NULL,
            step       smallint    NOT NULL DEFAULT 0,
            since      timestamptz NOT NULL,
            next_at    timestamptz NOT NULL,
            CONSTRAINT verifications_pkey PRIMARY KEY (payment_id),
            CONSTRAINT verifications_payment_fkey FOREIGN KEY (payment_id) REFERENCES payment_logs
        );

CREATE INDEX verifications_due_idx ON verifications (next_at);

CREATE TABLE reconciliation_runs (
            id              bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            provider        text        NOT NULL,
            account         text        NOT NULL,
            since           timestamptz NOT NULL,
            until           timestamptz NOT NULL,
            requested_by    text        NOT NULL,
            reason          text        NOT NULL,
            status          text        NOT NULL DEFAULT 'running',
            cursor          text,
            covered_through timestamptz,
            examined        bigint      NOT NULL DEFAULT 0,
            missing_here    bigint      NOT NULL DEFAULT 0,
            missing_there   bigint      NOT NULL DEFAULT 0,
            mismatched      bigint      NOT NULL DEFAULT 0,
            mended          bigint      NOT NULL DEFAULT 0,
            problem         text,
            started_at      timestamptz NOT NULL DEFAULT now(),
            heartbeat_at    timestamptz NOT NULL DEFAULT now(),
            finished_at     timestamptz,
            CONSTRAINT reconciliation_runs_pkey PRIMARY KEY (id),
            CONSTRAINT reconciliation_runs_status_check
                CHECK (status IN ('running', 'settling', 'finished', 'failed')),
            CONSTRAINT reconciliation_runs_finished_check
                CHECK ((finished_at IS NOT NULL) = (status IN ('finished', 'failed')))
        );

CREATE UNIQUE INDEX reconciliation_runs_one_at_a_time
            ON reconciliation_runs (provider, account) WHERE finished_at IS NULL;

CREATE TABLE reconciliation_items (
            run_id           bigint NOT NULL,
            object_id        text   NOT NULL,
            reference        text,
            status           text   NOT NULL,
            amount_minor     bigint,
            currency         text,
            refunded_minor   bigint,
            here_minor       bigint,
            here_refunded_minor bigint,
            verdict          text   NOT NULL,
            note             text   NOT NULL,
            event_id         bigint,
            mended           boolean NOT NULL DEFAULT false,
            CONSTRAINT reconciliation_items_pkey PRIMARY KEY (run_id, object_id),
            CONSTRAINT reconciliation_items_run_fkey
                FOREIGN KEY (run_id) REFERENCES reconciliation_runs,
            CONSTRAINT reconciliation_items_verdict_check CHECK (verdict IN
                ('equal', 'missing_here', 'missing_there', 'mismatched'))
        );

ALTER TABLE sms_transactions DROP CONSTRAINT sms_transactions_kind_check,
            ADD CONSTRAINT sms_transactions_kind_check CHECK (kind IN ('top_up', 'refund', 'chargeback', 'adjustment', 'sms_debit', 'sms_reversal', 'refund_hold', 'refund_release')) NOT VALID;

ALTER TABLE sms_transactions VALIDATE CONSTRAINT sms_transactions_kind_check;

ALTER TABLE dead_letters DROP CONSTRAINT dead_letters_reason_check,
            ADD CONSTRAINT dead_letters_reason_check CHECK (reason IN ('permanent', 'schema', 'mismatch', 'mode_mismatch', 'unknown_reference', 'missing_capture', 'refetch_required', 'illegal_transition', 'exhausted', 'expired', 'crash_loop', 'provider_refused', 'unheard')) NOT VALID;

ALTER TABLE dead_letters VALIDATE CONSTRAINT dead_letters_reason_check;

CREATE INDEX payment_facts_created_idx ON payment_facts USING brin (created_at)
            WITH (autosummarize = on);

CREATE INDEX payment_logs_client_idx ON payment_logs (client_id, id);

CREATE INDEX payment_logs_customer_idx ON payment_logs (customer_id, client_id, id);

CREATE INDEX inbound_events_reference_idx ON inbound_events (reference);

CREATE INDEX sms_transactions_customer_idx ON sms_transactions (customer_id, id);

UPDATE alembic_version SET version_num='0006' WHERE alembic_version.version_num = '0005';

-- Running upgrade 0006 -> 0007

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
            CONSTRAINT operators_role_check CHECK (role IN ('viewer', 'operator', 'approver')),
            CONSTRAINT operators_name_check
                CHECK (name ~ '^[a-z0-9][a-z0-9._-]*$' AND length(name) <= 50),
            CONSTRAINT operators_token_hash_length_check CHECK (length(token_hash) = 32)
        );

CREATE TABLE operator_actions (
            id      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
            actor   text        NOT NULL,
            action  text        NOT NULL,
            subject text        NOT NULL,
            reason  text        NOT NULL,
            details jsonb       NOT NULL DEFAULT '{}',
            at      timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT operator_actions_pkey PRIMARY KEY (id)
        );

CREATE INDEX operator_actions_subject_idx ON operator_actions (subject, id);

CREATE INDEX operator_actions_actor_idx ON operator_actions (actor, id);

CREATE TRIGGER operator_actions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON operator_actions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

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
        ) WITH (fillfactor = 70);

CREATE INDEX operator_sessions_expires_idx ON operator_sessions (expires_at);

CREATE INDEX operator_sessions_operator_idx ON operator_sessions (operator);

CREATE TABLE sign_in_failures (
            whose   text        NOT NULL,
            count   integer     NOT NULL,
            since   timestamptz NOT NULL DEFAULT now(),
            last_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT sign_in_failures_pkey PRIMARY KEY (whose)
        ) WITH (fillfactor = 70);

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
        );

CREATE INDEX approvals_waiting_idx ON approvals (id) WHERE status = 'waiting';

CREATE INDEX approvals_subject_idx ON approvals (subject, id);

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
        END $$;

CREATE TRIGGER approvals_frozen BEFORE UPDATE OR DELETE ON approvals
            FOR EACH ROW EXECUTE FUNCTION keep_approval();

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
        ) WITH (fillfactor = 50);

CREATE INDEX replay_jobs_unended_idx ON replay_jobs (id) WHERE ended_at IS NULL;

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
        ) WITH (fillfactor = 70);

CREATE INDEX replay_items_unended_idx ON replay_items (replay_id, place)
            WHERE outcome IN ('waiting', 'begun');

CREATE INDEX replay_items_letter_idx ON replay_items (dead_letter_id);

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
        );

CREATE INDEX replay_actions_replay_idx ON replay_actions (replay_id);

CREATE TRIGGER replay_actions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON replay_actions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

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
        );

CREATE INDEX event_edits_parent_idx ON event_edits (parent_event_id);

CREATE TRIGGER event_edits_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON event_edits FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

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
        );

CREATE TRIGGER payment_corrections_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON payment_corrections FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE payment_logs ADD COLUMN corrected boolean NOT NULL DEFAULT false;

ALTER TABLE dead_letters ADD COLUMN owner text;

CREATE INDEX dead_letters_status_idx ON dead_letters (status, id);

CREATE INDEX dead_letters_open_by_cause_idx ON dead_letters (fingerprint, id)
            WHERE status = 'open';

CREATE INDEX dead_letters_open_by_reason_idx ON dead_letters (reason, id)
            WHERE status = 'open';

CREATE INDEX dead_letters_open_by_source_idx ON dead_letters (source, id)
            WHERE status = 'open';

CREATE INDEX dead_letters_reference_idx ON dead_letters (reference, id);

ALTER TABLE dead_letter_actions DROP CONSTRAINT dead_letter_actions_action_check;

ALTER TABLE dead_letter_actions ADD CONSTRAINT dead_letter_actions_action_check CHECK (action IN ('died', 'replayed', 'died_again', 'resolved', 'discarded', 'reopened', 'edited', 'noted', 'assigned', 'revealed', 'exported', 'held'));

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
        );

CREATE TABLE source_keys (
            source  text        NOT NULL,
            account text        NOT NULL,
            key_id  text        NOT NULL,
            place   smallint    NOT NULL,
            mode    text,
            seen_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT source_keys_pkey PRIMARY KEY (source, account, key_id),
            CONSTRAINT source_keys_mode_check CHECK (mode IN ('live', 'test'))
        );

CREATE INDEX refused_requests_source_idx ON refused_requests (source, id);

UPDATE alembic_version SET version_num='0007' WHERE alembic_version.version_num = '0006';

-- Running upgrade 0007 -> 0008

CREATE TABLE money_limit (
            only_one boolean     NOT NULL DEFAULT true,
            written  text        NOT NULL,
            set_by   text        NOT NULL,
            set_at   timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT money_limit_pkey PRIMARY KEY (only_one),
            CONSTRAINT money_limit_one_check CHECK (only_one)
        );

INSERT INTO money_limit (written, set_by) VALUES ('50000000', 'payratchet');

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
        );

CREATE INDEX operator_moves_actor_idx ON operator_moves (actor, at);

CREATE TRIGGER operator_moves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
            ON operator_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE approvals ADD COLUMN why text;

CREATE OR REPLACE FUNCTION keep_approval() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' OR OLD.status <> 'waiting'
               OR (OLD.kind, OLD.subject, OLD.request, OLD.shown, OLD.asked_by, OLD.asked_reason, OLD.asked_at, OLD.amount_minor, OLD.currency, OLD.why)
                  IS DISTINCT FROM
                  (NEW.kind, NEW.subject, NEW.request, NEW.shown, NEW.asked_by, NEW.asked_reason, NEW.asked_at, NEW.amount_minor, NEW.currency, NEW.why) THEN
                RAISE EXCEPTION 'approval % is decided or frozen: % refused', OLD.id, TG_OP
                    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NEW;
        END $$;

ALTER TABLE event_edits ADD COLUMN weighed_minor jsonb NOT NULL DEFAULT '{}';

UPDATE replay_jobs SET ended_at = NULL
        WHERE status = 'cancelled' AND id IN (
            SELECT replay_id FROM replay_items WHERE outcome = 'begun');

UPDATE alembic_version SET version_num='0008' WHERE alembic_version.version_num = '0007';

-- Running upgrade 0008 -> 0009

DROP INDEX dead_letters_open_by_cause_idx;

CREATE INDEX dead_letters_by_cause_idx ON dead_letters (status, fingerprint, id)
            INCLUDE (currency, amount_minor, dead_at);

CREATE INDEX payment_transitions_review_idx ON payment_transitions (at, payment_id)
            WHERE to_state = 'review';

CREATE INDEX refunds_failed_idx ON refunds (id) WHERE status = 'failed';

CREATE INDEX replay_items_begun_idx ON replay_items (replay_id, place)
            WHERE outcome = 'begun';

DROP INDEX replay_items_letter_idx;

ALTER TABLE replay_items DROP CONSTRAINT replay_items_letter_once,
            ADD CONSTRAINT replay_items_letter_once UNIQUE (dead_letter_id, replay_id);

UPDATE alembic_version SET version_num='0009' WHERE alembic_version.version_num = '0008';

-- Running upgrade 0009 -> 0010

CREATE TABLE worker_lives (
            worker        text        NOT NULL,
            backend_pid   integer     NOT NULL,
            backend_start timestamptz NOT NULL,
            gone_at       timestamptz,
            dead_at       timestamptz,
            CONSTRAINT worker_lives_pkey PRIMARY KEY (worker),
            CONSTRAINT worker_lives_gone_check CHECK (dead_at IS NULL OR gone_at IS NOT NULL)
        );

UPDATE alembic_version SET version_num='0010' WHERE alembic_version.version_num = '0009';

COMMIT;
