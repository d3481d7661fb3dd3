"""What kills or holds up whoever applies it harms neither a dry run nor the counts of a replay."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg

from domain.commands import Command, CommandKind
from tests.replaying.pile import ADA, acts, driver, frozen, items, look, pile
from tests.workers.scene import PROVIDER
from workers.commands import enqueue
from workers.replaying.driving import ReplayThread
from workers.replaying.rehearsal import DRY_RUN_S_MAX, LOCK_TIMEOUT_MS, rehearse
from workers.replaying.stepping import step
from workers.store import inbox
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from tests.workers.scene import Scene

SPARE_S = 3.0
"""What a busy machine adds to a wait."""


def test_a_dry_run_never_applies_what_killed_whoever_applied_it(scene: Scene) -> None:
    pile(scene, 1, reason="crash_loop")
    pile(scene, 1, first=2)

    found = rehearse(scene.database, Wanted(), actor=ADA)

    assert [(each.outcome, each.reason) for each in found.outcomes] == [
        ("not_rehearsed", "crash_loop"),
        ("applied", None),
    ]
    assert (found.matched, found.rehearsed, found.ledger_diff) == (2, 1, {"NGN": 1_000})


def test_a_dry_run_among_many_locked_payments_ends_in_its_time(scene: Scene) -> None:
    pile(scene, 20)
    with psycopg.connect(scene.url) as other:
        other.execute("SELECT FROM payment_logs FOR UPDATE")
        began_s = time.monotonic()
        found = rehearse(scene.database, Wanted(), actor=ADA)
        took_s = time.monotonic() - began_s

    assert took_s < DRY_RUN_S_MAX + 2 * LOCK_TIMEOUT_MS / 1_000 + SPARE_S
    assert {each.outcome for each in found.outcomes} == {"retry", "not_rehearsed"}


def _dead_commands(scene: Scene, count: int) -> list[int]:
    """Leave letters of commands, which only those carry out who may ask providers."""
    commands = [
        Command(CommandKind.VERIFY, PROVIDER, "default", "p1", "client:shop", f"n{n}")
        for n in range(count)
    ]
    with scene.database.transaction() as tx:
        events = enqueue(tx, commands, request_id="r")
    scene.execute(
        "INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason,"
        " error_class, fingerprint, message, attempts) SELECT id, received_at, source, account,"
        " 'verify', 'expired', 'E', 'f', 'm', 1 FROM inbound_events WHERE id = ANY(%s)",
        [events],
    )
    scene.execute("DELETE FROM inbound_work")
    return events


def test_an_aborted_replay_counts_what_was_in_other_hands_and_begins_nothing_meanwhile(
    scene: Scene,
) -> None:
    scene.announce("p1")
    good, bad = _dead_commands(scene, 2)
    pile(scene, 3, first=2)
    ours = driver(scene)
    made = frozen(scene, canary=0, max_failures=1)
    step(ours, made.replay_id)
    in_hand = items(scene, made.replay_id)
    scene.execute("UPDATE replay_jobs SET max_failures = 0")

    _dies(scene, bad)
    between = step(ours, made.replay_id)
    _succeeds(scene, good)
    last = step(ours, made.replay_id)

    assert in_hand == {"begun": 2, "waiting": 3}
    assert (between.begun, between.in_hand) == (0, 1)
    assert last.job is not None
    assert (last.job.status, last.job.succeeded, last.job.failed) == ("aborted", 1, 1)
    assert items(scene, made.replay_id) == {"failed": 1, "succeeded": 1, "waiting": 3}
    assert look(scene, made.replay_id).status == "aborted"
    assert acts(scene, made.replay_id) == ["made", "started", "aborted"]


def _dies(scene: Scene, event_id: int) -> None:
    scene.execute("UPDATE dead_letters SET status = 'open' WHERE event_id = %s", [event_id])
    with scene.database.transaction() as tx:
        inbox.finish(tx, [event_id])


def _succeeds(scene: Scene, event_id: int) -> None:
    scene.execute(
        "UPDATE dead_letters SET status = 'resolved', resolved_at = now() WHERE event_id = %s",
        [event_id],
    )
    with scene.database.transaction() as tx:
        inbox.finish(tx, [event_id])


def test_a_replay_that_cannot_be_stepped_keeps_no_other_back(scene: Scene) -> None:
    pile(scene, 2)
    stuck, free = (frozen(scene, Wanted(ids=(n,))).replay_id for n in (1, 2))
    thread = ReplayThread(scene.database)

    with psycopg.connect(scene.url) as other:
        other.execute("SELECT FROM replay_jobs WHERE id = %s FOR UPDATE", [stuck])
        thread.turn()

    assert (look(scene, stuck).status, look(scene, free).status) == ("running", "done")
