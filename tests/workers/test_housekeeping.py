"""What the relay keeps in bounds: partitions ahead and behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.workers.scene import body, capture, refund
from workers import sweeps
from workers.store import letter_acts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.workers.scene import Scene


def test_partitions_are_made_ahead_of_time(scene: Scene) -> None:
    months = scene.rows(
        "SELECT 'inbound_events_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC')"
        " + make_interval(months => i), 'YYYY_MM') FROM generate_series(0, 3) i"
    )
    scene.execute(f"DROP TABLE {months[2][0]}")

    sweeps.keep_house(scene.database, retention_days=400)

    assert partitions(scene) == [row[0] for row in months]
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        scene.execute(f"TRUNCATE {months[2][0]}")


def partitions(scene: Scene) -> list[str]:
    rows = scene.rows(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = 'inbound_events'::regclass ORDER BY 1"
    )
    return [row[0] for row in rows]


def age_all(scene: Scene) -> str:
    """Move every event there is two years back, into a partition of that month."""
    moved: str = scene.value(
        "SELECT 'inbound_events_' || to_char(now() - interval '2 years', 'YYYY_MM')"
    )
    scene.execute(f"""
        CREATE TABLE {moved} PARTITION OF inbound_events
            FOR VALUES FROM ('2001-01-01') TO (date_trunc('month', now()) - interval '1 year');
        SET session_replication_role = replica;
        UPDATE inbound_events SET received_at = received_at - interval '2 years';
        UPDATE inbound_work SET received_at = received_at - interval '2 years';
        UPDATE dead_letters SET received_at = received_at - interval '2 years';
        UPDATE waiting_captures SET received_at = received_at - interval '2 years';
        SET session_replication_role = origin;
    """)
    return moved


def finish_work(scene: Scene) -> None:
    scene.drain()


def discard_letters(scene: Scene) -> None:
    with scene.database.transaction() as tx:
        events = [event_id for event_id, _, _ in scene.letters()]
        letter_acts.discard(tx, events, actor="operator:test", reason="old")


def send_capture(scene: Scene) -> None:
    scene.hear(capture("p1"))


@pytest.mark.parametrize(
    ("open_something", "close_it"),
    [
        (lambda scene: scene.receive(body("x", None)), finish_work),
        (lambda scene: scene.hear(b"{}"), discard_letters),
        (lambda scene: scene.hear(refund("p1", 100)), send_capture),
    ],
    ids=["work", "an open dead letter", "a refund that waits"],
)
def test_an_old_partition_is_dropped_only_when_nothing_open_needs_it(
    scene: Scene, open_something: Callable[[Scene], object], close_it: Callable[[Scene], None]
) -> None:
    scene.announce("p1")
    open_something(scene)
    old = age_all(scene)

    sweeps.keep_house(scene.database, retention_days=400)
    needed = old in partitions(scene)
    close_it(scene)
    sweeps.keep_house(scene.database, retention_days=400)

    assert needed
    assert old not in partitions(scene)
    assert len(partitions(scene)) == 4


def test_a_partition_that_cannot_be_dropped_now_keeps_no_new_one_from_being_made(
    scene: Scene,
) -> None:
    old = age_all(scene)
    made = partitions(scene)[-1]
    scene.execute(f"DROP TABLE {made}")
    with psycopg.connect(scene.url) as reader:
        reader.execute(f"SELECT FROM {old}")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            sweeps.keep_house(scene.database, retention_days=400)

    assert made in partitions(scene)


def test_sessions_of_the_console_are_forgotten_a_month_after_their_end(scene: Scene) -> None:
    scene.execute("""
        INSERT INTO operators (name, role, token_hash, password_hash, created_by)
            VALUES ('val', 'viewer', sha256('token'), 'none', 'test');
        INSERT INTO operator_sessions (token_hash, operator, address, expires_at)
            SELECT sha256(d::text::bytea), 'val', '127.0.0.1', now() - make_interval(days => d)
            FROM unnest(ARRAY[-1, 29, 31, 400]) AS ended(d);
    """)

    sweeps.keep_house(scene.database, retention_days=400)

    assert scene.value("SELECT count(*) FROM operator_sessions") == 2
    assert scene.value("SELECT min(expires_at) > now() - interval '30 days' FROM operator_sessions")
