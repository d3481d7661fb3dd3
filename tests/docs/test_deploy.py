"""What docs/deploy.md tells an operator to run does what it says."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from domain.announcement import Announcement
from domain.money import Money
from tests.ingress.serving import serving
from workers import sweeps
from workers.announce import announce
from workers.apply import apply_events
from workers.operations import metrics
from workers.store import claims, housekeeping
from workers.verify import verify

if TYPE_CHECKING:
    from tests.docs.conftest import Deployment
    from workers.database import Database

PATIENCE_S = 15.0
POLL_S = 0.02
COMMAND_S_MAX = 60.0

NEVER_WRITTEN = {"alembic_version", "legal_transitions", "operators", "money_limit"}
"""Tables that only the owner writes: by a migration, or by naming who may act and how much."""

MAY_UPDATE = {
    *("payment_logs", "customer_balances", "dead_letters", "refunds", "provider_calls"),
    *("reconciliation_runs", "api_clients", "api_keys"),
    *("operator_sessions", "approvals", "replay_jobs", "replay_items"),
}
MAY_DELETE = {
    *("inbound_work", "claims", "worker_lives", "waiting_captures", "refused_requests"),
    *("idempotency_keys", "verifications", "reconciliation_items", "operator_sessions"),
    *("sign_in_failures", "overview_samples", "source_keys"),
}

_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    ORDER BY relname
"""
_APPEND_ONLY = """
    SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE t.tgname LIKE '%_append_only' AND NOT c.relispartition ORDER BY 1
"""
CHANGES = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
)
SCHEMA_CHANGES = (
    "CREATE TABLE mine (id int)",
    "DROP TABLE claims",
    "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS ''",
)
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def rows(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query.encode(), values or None).fetchall()


def rights_of(deployment: Deployment, kind: str) -> dict[str, set[str]]:
    """Return what a role may do with each table."""
    query = f"""SELECT t.relname, r.name, has_table_privilege(%s, t.relname, r.name)
        FROM ({_TABLES.replace("%", "%%")}) t, unnest(%s::text[]) AS r(name)"""
    found: dict[str, set[str]] = {}
    for table, right, has in rows(
        deployment.url("owner"), query, deployment.role(kind), list(RIGHTS)
    ):
        found.setdefault(table, set()).update({right} if has else set())
    return found


def event(number: int) -> bytes:
    data = {
        "id": number,
        "domain": "test",
        "status": "success",
        "reference": f"order-{number}",
        "amount": 125_000,
        "currency": "NGN",
    }
    return json.dumps({"event": "charge.success", "data": data}).encode()


def announced(deployment: Deployment, number: int) -> None:
    asked = Announcement(f"order-{number}", "paystack", Money("NGN", 125_000), "ada")
    announce(deployment.database("app"), [asked], actor="operator:test")


def state(deployment: Deployment, number: int) -> str:
    query = "SELECT state FROM payment_logs WHERE reference = %s"
    [(found,)] = rows(deployment.url("reader"), query, f"order-{number}")
    return str(found)


def partitions(deployment: Deployment) -> list[str]:
    query = """SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent = 'inbound_events'::regclass"""
    return [name for (name,) in rows(deployment.url("owner"), query)]


def revived(relay: Database) -> bool:
    """Say whether the relay finds a dead worker, in the time that a session needs to end."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        if sweeps.revive_crashed(relay):
            return True
        time.sleep(POLL_S)
    return False


def test_a_webhook_is_taken_and_applied_by_the_roles_of_the_page(
    deployment: Deployment, redis_url: str
) -> None:
    announced(deployment, 1)
    with serving(deployment.url("app"), redis_url) as door:
        accepted, repeated = door.post(event(1)), door.post(event(1))
        forged = door.post(event(2), secret="sk_test_of_somebody_else_0123456789abcdef")
    assert [accepted.status, repeated.status, forged.status] == [200, 200, 401]

    database = deployment.database("app")
    tally = apply_events(database, [int(accepted.json["event_id"])], worker="test")

    assert tally == {"applied": 1}
    assert state(deployment, 1) == "completed"
    assert verify(database).ok
    assert rows(deployment.url("reader"), "SELECT code FROM refused_requests") == [
        ("signature_invalid",)
    ]


def test_an_event_that_came_before_its_payment_is_set_aside_and_taken_up_when_it_is_announced(
    deployment: Deployment, redis_url: str
) -> None:
    with serving(deployment.url("app"), redis_url) as door:
        event_id = int(door.post(event(3)).json["event_id"])
    database = deployment.database("app")
    apply_events(database, [event_id], worker="test")
    announced(deployment, 3)
    assert sweeps.take_up_announced(deployment.database("relay")) == 0
    apply_events(database, [event_id], worker="test")
    assert state(deployment, 3) == "completed"


def test_the_app_role_has_the_rights_of_the_page_on_every_table_and_no_more(
    deployment: Deployment,
) -> None:
    found = rights_of(deployment, "app")
    expected = {
        table: {"SELECT"}
        | (set() if table in NEVER_WRITTEN else {"INSERT"})
        | ({"UPDATE"} if table in MAY_UPDATE | MAY_DELETE else set())
        | ({"DELETE"} if table in MAY_DELETE else set())
        for table in found
    }
    assert found == expected


def test_who_may_act_is_said_by_the_owner_and_believed_by_the_app(deployment: Deployment) -> None:
    create = ("operators", "create", "ada", "--role", "operator", "--json")

    refused = payratchet(deployment.url("app"), *create)
    made = payratchet(deployment.url("owner"), *create)
    token = json.loads(made.stdout)["token"]
    renewed = payratchet(deployment.url("app"), "operators", "renew", "ada")
    words = ("clients", "create", "shop", "--scope", "payments:read")
    acted = payratchet(deployment.url("app"), *words, PAYRATCHET_OPERATOR_TOKEN=token)

    assert (refused.returncode, refused.stderr.partition(":")[0]) == (1, "not_permitted")
    assert (renewed.returncode, renewed.stderr.partition(":")[0]) == (1, "not_permitted")
    assert acted.returncode == 0, acted.stderr
    [(by,)] = rows(deployment.url("reader"), "SELECT created_by FROM api_clients")
    assert by == "operator:ada"


def test_how_much_one_person_may_move_is_said_by_the_owner_and_believed_by_the_app(
    deployment: Deployment,
) -> None:
    refused = payratchet(deployment.url("app"), "migrate", MONEY_LIMIT_MINOR="99999999")
    untouched = payratchet(deployment.url("app"), "migrate", "--json")
    written = payratchet(deployment.url("owner"), "migrate", MONEY_LIMIT_MINOR="NGN=700")
    believed = payratchet(deployment.url("app"), "migrate", "--json")

    assert (refused.returncode, refused.stderr.partition(":")[0]) == (1, "not_permitted")
    assert json.loads(untouched.stdout)["money_limit_minor"] == "50000000"
    assert "One person may move NGN=700 (minor units)." in written.stdout
    assert json.loads(believed.stdout)["money_limit_minor"] == "NGN=700"


def payratchet(
    database_url: str, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run an operator's command in a process of its own, as a role of the page."""
    known = {"DATABASE_URL": database_url, "API_KEY_PEPPER": "p" * 32, **environment}
    return subprocess.run(
        [Path(sys.executable).parent / "payratchet", *words],
        env=known,
        capture_output=True,
        text=True,
        timeout=COMMAND_S_MAX,
        check=False,
    )


def test_the_app_role_changes_nothing_that_is_append_only(deployment: Deployment) -> None:
    tables = [table for (table,) in rows(deployment.url("owner"), _APPEND_ONLY)]
    assert {"inbound_events", "payment_transitions", "ledger_entries"} <= set(tables)
    with psycopg.connect(deployment.url("app"), autocommit=True) as connection:
        for table, change in itertools.product(tables, CHANGES):
            name = sql.Identifier(table)
            cursor = connection.execute(sql.SQL("SELECT * FROM {}").format(name))
            assert cursor.description is not None
            column = sql.Identifier(cursor.description[-1].name)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL(change).format(table=name, column=column))


@pytest.mark.parametrize("kind", ["app", "reader"])
def test_nobody_but_the_owner_changes_the_schema(deployment: Deployment, kind: str) -> None:
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
    with psycopg.connect(deployment.url(kind), autocommit=True) as connection:
        for statement in SCHEMA_CHANGES:
            with pytest.raises(refused):
                connection.execute(statement.encode())


def test_the_relay_owns_the_inbox_and_nothing_else(deployment: Deployment) -> None:
    query = f"""SELECT relname FROM pg_class WHERE relowner = '{deployment.role("relay")}'::regrole
        AND relkind IN ('r', 'p', 'S', 'v')"""
    owned = [name for (name,) in rows(deployment.url("relay"), query)]
    assert len(owned) > 1
    assert all(name.startswith("inbound_events") for name in owned)


def test_the_relay_makes_the_months_to_come_and_drops_those_past_their_time(
    deployment: Deployment,
) -> None:
    past = "inbound_events_2020_01"
    with psycopg.connect(deployment.url("relay"), autocommit=True) as connection:
        newest = max(partitions(deployment))
        connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(newest)))
        connection.execute(
            f"CREATE TABLE {past} PARTITION OF inbound_events"
            " FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')".encode()
        )

    sweeps.keep_house(deployment.database("relay"), retention_days=400)

    assert newest in partitions(deployment)
    assert past not in partitions(deployment)
    query = "SELECT tableowner FROM pg_tables WHERE tablename = %s"
    assert rows(deployment.url("relay"), query, newest) == [(deployment.role("relay"),)]


def test_the_app_role_cannot_keep_house(deployment: Deployment) -> None:
    with psycopg.connect(deployment.url("relay"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP TABLE {}").format(sql.Identifier(max(partitions(deployment))))
        )
    database = deployment.database("app")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction() as tx:
        housekeeping.ensure_partitions(tx, sweeps.MONTHS_AHEAD)


def test_the_relay_sees_that_a_worker_of_the_app_role_lives_and_that_one_died(
    deployment: Deployment,
) -> None:
    worker, relay = deployment.database("app"), deployment.database("relay")
    with worker.transaction() as tx:
        claims.take(tx, [1], worker="test", backend=worker.backend())

    assert sweeps.revive_crashed(relay) == 0
    worker.close()
    assert revived(relay)


def test_the_reader_shows_the_figures_but_no_raw_body(deployment: Deployment) -> None:
    assert b"payratchet_work_unfinished 0.0" in metrics.scrape(deployment.database("reader"))
    secret = ["inbound_variants", "api_keys", "idempotency_keys"]
    secret += ["operator_sessions", "sign_in_failures"]
    for table in ["inbound_events", *secret, *partitions(deployment)]:
        refused_to_the_reader(deployment, sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(table)))
    columns = {
        "provider_calls": ("answer",),
        "operators": ("token_hash", "password_hash"),
        "approvals": ("request", "shown", "result"),
        "event_edits": ("diff",),
    }
    for table, names in columns.items():
        for name in names:
            column = sql.SQL("SELECT {} FROM {}").format(*map(sql.Identifier, (name, table)))
            refused_to_the_reader(deployment, column)


def refused_to_the_reader(deployment: Deployment, query: sql.SQL | sql.Composed) -> None:
    with (
        psycopg.connect(deployment.url("reader")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(query)


def test_giving_the_rights_again_changes_nothing(deployment: Deployment) -> None:
    before = [rights_of(deployment, kind) for kind in ("app", "relay", "reader")]
    deployment.give_rights()
    assert [rights_of(deployment, kind) for kind in ("app", "relay", "reader")] == before
