"""A dry run: it changes nothing, and says just what the replay then does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands import Command, CommandKind
from tests.replaying.pile import ADA, break_all, drive, frozen, pile
from tests.replaying.tables import dump
from tests.workers.scene import PROVIDER, Scene, capture, refund
from workers.commands import enqueue
from workers.replaying.rehearsal import DRY_RUN_EVENTS_MAX, Rehearsed, rehearse
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYTHING = Wanted()


def tried(scene: Scene, wanted: Wanted = EVERYTHING, **how: Any) -> Rehearsed:
    return rehearse(scene.database, wanted, actor=ADA, **how)


def outcomes(found: Rehearsed) -> list[str]:
    return [each.outcome for each in found.outcomes]


def stands(scene: Scene) -> dict[str, tuple[object, ...]]:
    rows = scene.rows(
        "SELECT reference, state, captured_minor, refunded_minor, lock_version FROM payment_logs"
    )
    return {row[0]: row[1:] for row in rows}


def test_it_changes_nothing_at_all(scene: Scene) -> None:
    pile(scene, 20, unreadable=[4])
    scene.announce("q1")
    scene.hear(capture("q1", 999), capture("nobody"), b"{}")
    before = dump(scene)

    found = tried(scene)

    assert dump(scene) == before
    assert (found.matched, found.rehearsed, found.succeeded, found.failed) == (23, 23, 19, 4)


def test_it_shows_states_sums_and_money_before_and_after(scene: Scene) -> None:
    pile(scene, 2)

    found = tried(scene)

    [first, second] = found.payments
    assert (first["reference"], second["reference"]) == ("p1", "p2")
    assert (first["before"]["state"], first["after"]["state"]) == ("pending", "completed")
    assert (first["before"]["captured_minor"], first["after"]["captured_minor"]) == (0, 1_000)
    assert found.accounts == [
        {"account": "customer_credit:ada", "currency": "NGN", "amount_minor": 2_000},
        {"account": f"provider_clearing:{PROVIDER}", "currency": "NGN", "amount_minor": -2_000},
    ]
    assert found.ledger_diff == {"NGN": 2_000}


def test_it_says_why_a_letter_would_die_again(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 999))
    scene.hear(b"{}", capture("nobody"))

    found = tried(scene)

    assert [(each.outcome, each.reason) for each in found.outcomes] == [
        ("dead", "mismatch"),
        ("dead", "schema"),
        ("dead", "unknown_reference"),
    ]
    assert found.payments == []


KINDS: dict[str, Callable[[Scene, str], int]] = {
    "good": lambda scene, name: scene.receive(capture(name)),
    "other amount": lambda scene, name: scene.receive(capture(name, 999)),
    "refund": lambda scene, name: scene.receive(refund(name, 300, object_id=f"R{name}")),
    "again": lambda scene, name: scene.receive(capture(name)),
    "unreadable": lambda scene, _: scene.receive(b"{}"),
    "unknown": lambda scene, name: scene.receive(capture(f"x{name}")),
    "unused": lambda scene, name: scene.receive(
        b'{"type":"invoice.created","data":{"reference":"%s"}}' % name.encode()
    ),
}


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(played=st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=8))
def test_the_replay_then_does_just_what_the_rehearsal_said(scene: Scene, played: list[str]) -> None:
    """Whatever died, and in whatever order; two events are about one payment."""
    prefix = f"h{scene.value('SELECT count(*) FROM payment_logs')}n"
    names = [f"{prefix}{number // 2}" for number in range(len(played))]
    scene.announce(*dict.fromkeys(names))
    break_all(scene)
    events = [KINDS[kind](scene, name) for kind, name in zip(played, names, strict=True)]
    for _ in range(5):
        scene.apply(*events)
    scene.mend()
    ids = tuple(row[0] for row in scene.rows("SELECT id FROM dead_letters WHERE status = 'open'"))
    if not ids:
        return
    before = (stands(scene), scene.credit())

    found = tried(scene, Wanted(ids=ids))
    between = (stands(scene), scene.credit())
    job = drive(scene, frozen(scene, Wanted(ids=ids), canary=0, max_failures=99).replay_id)

    assert between == before
    assert (found.succeeded, found.failed) == (job.succeeded, job.failed)
    assert found.ledger_diff == job.ledger_diff
    assert scene.credit() - before[1] == job.ledger_diff.get("NGN", 0)
    told = {
        each["reference"]: (
            each["after"]["state"],
            each["after"]["captured_minor"],
            each["after"]["refunded_minor"],
            each["after"]["version"],
        )
        for each in found.payments
    }
    after = stands(scene)
    assert told == {name: after[name] for name in after if after[name] != before[0][name]}
    scene.execute("UPDATE dead_letters SET status = 'discarded' WHERE status = 'open'")


def test_one_event_that_fails_takes_no_other_with_it(scene: Scene) -> None:
    pile(scene, 5)
    scene.break_for("p3", "RAISE EXCEPTION 'broken'")

    found = tried(scene)

    assert outcomes(found) == ["applied", "applied", "retry", "applied", "applied"]
    assert found.outcomes[2].message == "broken"
    assert found.ledger_diff == {"NGN": 4_000}


def test_what_the_bounds_would_stop_is_said(scene: Scene) -> None:
    pile(scene, 30, unreadable=[1, 5])

    assert tried(scene).aborted
    assert not tried(scene, canary=0).aborted
    assert tried(scene, canary=0, max_failures=1).aborted
    assert not tried(scene, canary=0, max_failures=2).aborted


def test_what_only_the_provider_can_answer_and_what_is_closed_is_not_tried(scene: Scene) -> None:
    pile(scene, 2)
    command = Command(CommandKind.VERIFY, PROVIDER, "default", "p1", "client:shop", "n1")
    with scene.database.transaction() as tx:
        [event_id] = enqueue(tx, [command], request_id="r")
    scene.execute("DELETE FROM inbound_work")
    scene.execute(
        "UPDATE dead_letters d SET event_id = e.id, received_at = e.received_at"
        " FROM inbound_events e WHERE e.id = %s AND d.id = 1",
        [event_id],
    )
    scene.execute("UPDATE dead_letters SET status = 'discarded' WHERE id = 2")

    found = tried(scene, Wanted(ids=(1, 2)))

    assert outcomes(found) == ["asks_provider", "no_longer_open"]
    assert (found.rehearsed, found.ledger_diff, scene.owed()) == (0, {}, [])


def test_only_so_many_are_rehearsed_and_the_others_are_counted(scene: Scene) -> None:
    pile(scene, DRY_RUN_EVENTS_MAX + 5)

    found = tried(scene)

    assert found.matched == DRY_RUN_EVENTS_MAX + 5
    assert len(found.outcomes) == DRY_RUN_EVENTS_MAX
    assert scene.value("SELECT count(*) FROM ledger_entries") == 0


def test_it_waits_for_live_traffic_only_for_a_moment_and_says_who_was_in_the_way(
    scene: Scene,
) -> None:
    pile(scene, 2)
    with (
        psycopg.connect(scene.url) as live,
        ThreadPoolExecutor(1) as pool,
        live.transaction(force_rollback=True),
    ):
        live.execute("SELECT FROM payment_logs WHERE reference = 'p2' FOR UPDATE")
        found = pool.submit(tried, scene).result(30)
        pool.submit(scene.database.close).result(30)

    assert outcomes(found) == ["applied", "retry"]
    assert found.outcomes[1].reason == "LockNotAvailable"
