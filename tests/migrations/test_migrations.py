from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic.script import ScriptDirectory

from domain.schema import REVISION
from migrations import generate, run
from tests.local import find

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = ScriptDirectory.from_config(run.config()).get_current_head()
PROCESS_WAIT_S = 60.0

CATALOG = """
    SELECT format('%s %s', relkind, relname), coalesce(reloptions::text, '')
    FROM pg_class c WHERE relnamespace = 'public'::regnamespace
  UNION ALL
    SELECT format('column %s.%s', attrelid::regclass, attname),
           format('%s %s %s %s %s %s', format_type(atttypid, atttypmod), attnotnull, attidentity,
                  attstorage, attnum, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0
  UNION ALL
    SELECT format('constraint %s.%s', conrelid::regclass, conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL
    SELECT format('index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
    WHERE relnamespace = 'public'::regnamespace
  UNION ALL
    SELECT format('trigger %s.%s', tgrelid::regclass, tgname), pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
    SELECT format('function %s', oid::regprocedure), prosrc
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL
    SELECT format('row %s %s %s', from_state, event, to_state), '' FROM legal_transitions
  UNION ALL
    SELECT 'version', version_num FROM alembic_version
"""


def catalog(database_url: str) -> dict[str, str]:
    with psycopg.connect(database_url) as connection:
        return dict(connection.execute(CATALOG).fetchall())


def names(database_url: str) -> list[str]:
    """Return what there is in the database: relations, functions and triggers."""
    query = """
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        ORDER BY 1
    """
    with psycopg.connect(database_url) as connection:
        return [row[0] for row in connection.execute(query)]


def psql(database_url: str) -> subprocess.CompletedProcess[str]:
    """Run the file as its own head comment says."""
    program = find.postgres().folder / "psql"
    file = generate.ROOT / generate.SQL_FILE
    return subprocess.run(
        [program, database_url, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file],
        capture_output=True,
        text=True,
        check=False,
        timeout=PROCESS_WAIT_S,
    )


def upgrade_elsewhere(database_url: str) -> subprocess.Popen[str]:
    """Start another host's migration."""
    code = "import sys; from migrations.run import upgrade; upgrade(sys.argv[1])"
    return subprocess.Popen(
        [sys.executable, "-c", code, database_url],
        stderr=subprocess.PIPE,
        text=True,
        cwd=generate.ROOT,
    )


def test_the_code_says_for_which_revision_it_was_written() -> None:
    assert HEAD == REVISION


def test_psql_makes_the_same_schema_as_alembic(
    database_url: str, empty_database: Callable[[], str]
) -> None:
    by_psql = empty_database()

    done = psql(by_psql)

    assert (done.returncode, done.stderr) == (0, "")
    assert catalog(by_psql) == catalog(database_url)
    assert catalog(by_psql)["version"] == HEAD


def test_alembic_takes_over_after_psql(empty_database: Callable[[], str]) -> None:
    url = empty_database()
    psql(url)
    before = catalog(url)

    run.upgrade(url)

    assert catalog(url) == before


def test_psql_changes_nothing_where_the_tables_are(database_url: str) -> None:
    before = catalog(database_url)

    done = psql(database_url)

    assert done.returncode == 3
    assert 'relation "alembic_version" already exists' in done.stderr
    assert catalog(database_url) == before


def test_up_down_up_leaves_nothing_behind_and_ends_alike(
    empty_database: Callable[[], str],
) -> None:
    url = empty_database()
    run.upgrade(url)
    first = catalog(url)

    run.downgrade(url, "base")
    left = names(url)
    run.upgrade(url)

    assert left == ["alembic_version", "alembic_version_pkc"]
    assert catalog(url) == first


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    before = catalog(database_url)

    run.upgrade(database_url)

    assert catalog(database_url) == before


def test_two_hosts_at_once_both_succeed(
    database_url: str, empty_database: Callable[[], str]
) -> None:
    url = empty_database()

    hosts = [upgrade_elsewhere(url), upgrade_elsewhere(url)]
    ended = [(host.communicate(timeout=PROCESS_WAIT_S)[1], host.returncode) for host in hosts]

    assert ended == [("", 0), ("", 0)]
    assert catalog(url) == catalog(database_url)


def test_a_host_waits_while_another_migrates(empty_database: Callable[[], str]) -> None:
    """The advisory lock itself: without it the second host would not wait, but fail."""
    url = empty_database()
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (0x70617972,))
        late = threading.Thread(target=run.upgrade, args=(url,))
        late.start()
        while not _waits_for_advisory_lock(other):
            assert late.is_alive()
        assert names(url) == []
        other.commit()
        late.join(PROCESS_WAIT_S)

    assert catalog(url)["version"] == HEAD


def _waits_for_advisory_lock(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
    ).fetchone()
    return row is not None and row[0] == 1


def test_a_lock_that_is_not_to_be_had_ends_the_migration_unharmed(database_url: str) -> None:
    before = catalog(database_url)
    with psycopg.connect(database_url) as busy:
        busy.execute("SELECT FROM dead_letters")
        began_s = time.monotonic()

        with pytest.raises(psycopg.errors.LockNotAvailable):
            run.downgrade(database_url, "0003")

        took_s = time.monotonic() - began_s
    assert 3.5 < took_s < 15
    assert catalog(database_url) == before


CORRECTED = """
    ALTER TABLE payment_corrections DROP CONSTRAINT payment_corrections_step_fkey;
    INSERT INTO payment_corrections (payment_id, version, to_state, accepted, given_back,
                                     facts_known, actor, reason)
    VALUES (1, 2, 'completed', '{}', '{}', 1, 'operator:ada', 'the customer is right')
"""


@pytest.mark.parametrize("revision", ["0006", "base"])
def test_corrections_that_the_older_schema_cannot_keep_are_not_given_up(
    database_url: str, revision: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(CORRECTED)
    before = catalog(database_url)

    with pytest.raises(run.DowngradeRefused, match="1 corrections, which the schema before 0007"):
        run.downgrade(database_url, revision)

    assert catalog(database_url) == before


def test_corrections_are_no_reason_to_stay_where_they_are_kept(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(CORRECTED)

    run.downgrade(database_url, "0007")

    assert catalog(database_url)["version"] == "0007"


LEFT_BEHIND = """
    INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason,
                              error_class, fingerprint, message, attempts)
    VALUES (1, now(), 'stripe', 'default', 'x', 'exhausted', 'Broken', 'f1', 'broken', 5);
    INSERT INTO replay_jobs (id, actor, reason, operation_key, filters, matched, amounts_minor,
                             rate_per_s, canary, max_failures, status, ended_at)
    SELECT n, 'operator:ada', 'mended', 'key ' || n, '{}', 1, '{}', 200, 0, 5, 'cancelled', now()
    FROM generate_series(1, 2) AS n;
    INSERT INTO replay_items (replay_id, place, dead_letter_id, event_id, outcome)
    SELECT 1, 1, id, 1, 'begun' FROM dead_letters UNION ALL
    SELECT 2, 1, id, 1, 'waiting' FROM dead_letters
"""


def test_replays_that_were_cancelled_with_letters_in_hand_are_counted_after_the_upgrade(
    database_url: str,
) -> None:
    run.downgrade(database_url, "0007")
    with psycopg.connect(database_url) as connection:
        connection.execute(LEFT_BEHIND)

    run.upgrade(database_url)

    with psycopg.connect(database_url) as connection:
        ended = connection.execute("SELECT id, ended_at IS NULL FROM replay_jobs ORDER BY id")
        assert ended.fetchall() == [(1, True), (2, False)]
