"""Events that fail: run alone, tried again, and set aside with every attempt kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from tests.workers.scene import capture

if TYPE_CHECKING:
    from tests.workers.scene import Scene

RAISE = "RAISE EXCEPTION 'row 17 of ''ada'' is broken'"
TOO_SLOW = "RAISE EXCEPTION 'too slow' USING ERRCODE = 'query_canceled'"


def make_due(scene: Scene) -> None:
    scene.execute("UPDATE inbound_work SET next_at = now()")


def wait_s(scene: Scene, event_id: int) -> float:
    """Return how long the event waits for its next try."""
    return float(
        scene.value(
            "SELECT extract(epoch FROM w.next_at - a.ended_at) FROM inbound_work w"
            " JOIN attempts a USING (event_id) WHERE event_id = %s ORDER BY a.id DESC LIMIT 1",
            [event_id],
        )
    )


def test_the_neighbours_of_a_failing_event_pass(scene: Scene) -> None:
    scene.announce("p1", "p2", "p3")
    scene.break_for("p2", RAISE)
    events = [scene.receive(capture(reference)) for reference in ("p1", "p2", "p3")]

    tally = scene.apply(*events)

    assert tally == {"applied": 2, "retry": 1}
    assert [scene.state(each) for each in ("p1", "p2", "p3")] == [
        "completed",
        "pending",
        "completed",
    ]
    assert scene.owed() == [events[1]]
    assert scene.credit() == 2_000


def test_a_retry_succeeds_on_the_third_try(scene: Scene) -> None:
    scene.announce("p1")
    scene.break_for("p1", RAISE)
    event_id = scene.receive(capture("p1"))

    first, second = scene.apply(event_id), scene.apply(event_id)
    scene.mend()
    third = scene.apply(event_id)

    assert (first, second, third) == ({"retry": 1}, {"retry": 1}, {"applied": 1})
    assert scene.attempts(event_id) == [
        (1, "retry", "RaiseException"),
        (2, "retry", "RaiseException"),
    ]
    assert (scene.state("p1"), scene.credit(), scene.letters()) == ("completed", 1_000, [])


def test_five_failed_attempts_are_the_end_and_all_are_kept(scene: Scene) -> None:
    scene.announce("p1")
    scene.break_for("p1", RAISE)
    event_id = scene.receive(capture("p1"))

    waits_s = []
    for _ in range(4):
        scene.apply(event_id)
        waits_s.append(wait_s(scene, event_id))
    last = scene.apply(event_id)

    assert all(0 <= wait <= most for wait, most in zip(waits_s, (1, 2, 4, 8), strict=True))
    assert last == {"dead": 1}
    assert scene.letters() == [(event_id, "exhausted", "open")]
    assert scene.owed() == []
    assert scene.attempts(event_id) == [
        (number, "dead" if number == 5 else "retry", "RaiseException") for number in range(1, 6)
    ]
    assert scene.rows("SELECT attempts, message, error_class FROM dead_letters") == [
        (5, "row 17 of 'ada' is broken", "RaiseException")
    ]
    assert scene.value("SELECT count(DISTINCT worker) FROM attempts") == 1
    assert scene.credit() == 0


def test_a_passing_failure_is_tried_far_more_often_than_five_times(scene: Scene) -> None:
    scene.announce("p1")
    scene.break_for("p1", TOO_SLOW)
    event_id = scene.receive(capture("p1"))

    for _ in range(7):
        assert scene.apply(event_id) == {"retry": 1}
        assert wait_s(scene, event_id) <= 60
    scene.mend()
    scene.apply(event_id)

    assert len(scene.attempts(event_id)) == 7
    assert (scene.state("p1"), scene.letters()) == ("completed", [])


def test_a_passing_failure_dies_only_of_age(scene: Scene) -> None:
    scene.announce("p1")
    scene.break_for("p1", TOO_SLOW)
    event_id = scene.receive(capture("p1"))
    scene.apply(event_id)

    scene.execute("UPDATE inbound_work SET since = now() - interval '23 hours 59 minutes'")
    young = scene.apply(event_id)
    scene.execute("UPDATE inbound_work SET since = now() - interval '24 hours 1 minute'")
    old = scene.apply(event_id)

    assert (young, old) == ({"retry": 1}, {"dead": 1})
    assert scene.letters() == [(event_id, "expired", "open")]
    assert [number for number, _, _ in scene.attempts(event_id)] == [1, 2, 3]


def test_a_payment_that_another_session_holds_is_waited_for_and_then_tried_later(
    scene: Scene,
) -> None:
    """A real lock: it outlasts the lock timeout of every try of this worker."""
    scene.announce("p1", "p2")
    events = [scene.receive(capture("p1")), scene.receive(capture("p2"))]
    with psycopg.connect(scene.url) as other:
        other.execute("SET idle_in_transaction_session_timeout = 0")
        other.execute("SELECT FROM payment_logs WHERE reference = 'p1' FOR UPDATE")

        held = scene.apply(*events)
    free = scene.apply(*events)

    assert (held, free) == ({"applied": 1, "retry": 1}, {"applied": 1})
    assert scene.attempts(events[0]) == [(1, "deferred", "LockNotAvailable")]
    assert scene.credit() == 2_000


def test_failures_of_one_cause_share_a_fingerprint(scene: Scene) -> None:
    scene.announce("p1", "p2")
    for reference in ("p1", "p2"):
        scene.break_for(reference, f"RAISE EXCEPTION 'row {len(reference)}7 of ''{reference}'''")
        event_id = scene.receive(capture(reference))
        for _ in range(5):
            scene.apply(event_id)

    assert scene.rows("SELECT count(*), count(DISTINCT fingerprint) FROM dead_letters") == [(2, 1)]


def test_a_claim_is_gone_when_its_batch_has_ended_well_or_badly(scene: Scene) -> None:
    scene.announce("p1", "p2")
    scene.break_for("p2", RAISE)

    scene.hear(capture("p1"))
    after_good = scene.value("SELECT count(*) FROM claims")
    scene.hear(capture("p2"))

    assert (after_good, scene.value("SELECT count(*) FROM claims")) == (0, 0)


def test_an_error_that_is_no_failure_of_the_event_is_told_with_its_first_line_only(
    scene: Scene,
) -> None:
    """Details of the database may quote a row, and so whatever is secret in it."""
    scene.announce("p1")
    scene.break_for("p1", "RAISE EXCEPTION 'first line' USING DETAIL = 'ada@example.com'")

    scene.hear(capture("p1"))

    assert scene.rows("SELECT message FROM attempts") == [("first line",)]


def test_a_batch_that_is_run_event_by_event_is_not_taken_for_dead(scene: Scene) -> None:
    """Such a run may take longer than any batch; its claim is renewed before each event."""
    scene.announce("p1", "p2")
    scene.break_for("p1", RAISE)
    scene.execute("""
        CREATE TABLE renewed (claimed_at timestamptz);
        CREATE FUNCTION note_renewal() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO renewed VALUES (NEW.claimed_at); RETURN NEW; END $$;
        CREATE TRIGGER note_renewal AFTER UPDATE ON claims
            FOR EACH ROW EXECUTE FUNCTION note_renewal();
    """)

    scene.hear(capture("p1"), capture("p2"))

    assert scene.value("SELECT count(DISTINCT claimed_at) FROM renewed") == 2
