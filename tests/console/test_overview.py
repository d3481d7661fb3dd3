"""The overview: true to the record, calm only when all is well, and sampled once a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.upgrading import understand_as
from tests.workers.scene import capture, wait_until
from workers import sweeps
from workers.replaying.again import try_again
from workers.store import overview_views, samples

if TYPE_CHECKING:
    from tests.console.serving import Served
    from tests.workers.scene import Scene

CALM = "Nothing needs a person now"
OLD_EVENTS = """
    INSERT INTO inbound_events (id, received_at, source, account, event_key, body, headers, key_id,
                                request_id)
    SELECT nextval('inbound_event_ids'), greatest(date_trunc('month', now()), now() - %s::interval)
               + make_interval(secs => n), %s, 'default', 'old ' || n,
           '{}', '{}', 'k1', 'r1'
    FROM generate_series(1, %s) n
"""


def counted(scene: Scene, name: str) -> int:
    with scene.database.transaction() as tx:
        found: int = overview_views.counters(tx)[name]
    return found


def overview(console: Served) -> str:
    answer = console.signed_in("ada").get("/")
    assert answer.status_code == 200
    return answer.text


def test_an_overview_of_nothing_is_calm_and_says_what_to_do_next(console: Served) -> None:
    text = overview(console)

    assert CALM in text
    assert "the relay keeps one a minute" in text
    assert "payratchet reconcile run" in text


def test_a_dead_letter_is_shown_by_reason_and_money_and_ends_the_calm(
    console: Served, scene: Scene
) -> None:
    scene.hear(capture("nobody", 125_000))
    text = overview(console)

    assert CALM not in text
    assert "1 dead letter to decide" in text
    assert "/dead-letters/groups?reason=unknown_reference" in text
    assert "1,250.00 NGN" in text


def test_work_that_nobody_does_is_seen_by_its_age(console: Served, scene: Scene) -> None:
    scene.receive(capture("p1"))
    assert CALM in overview(console)

    scene.execute("UPDATE inbound_work SET since = now() - interval '5 min'")
    assert "Work has been unfinished for 5 min" in overview(console)


def test_a_request_for_approval_is_shown_until_it_is_too_old(console: Served, scene: Scene) -> None:
    asked = """INSERT INTO approvals (kind, subject, request, shown, asked_by, asked_reason,
                   expires_at)
               VALUES ('replay', 'replay:1', '{}', '{}', 'operator:ada', 'x', now() + %s::interval)
            """
    scene.execute(asked, ["-1 min"])
    assert CALM in overview(console)
    scene.execute(asked, ["1 h"])
    assert "1 approval waits for a second person" in overview(console)


def test_the_delay_is_that_of_events_of_providers_and_not_of_old_ones(scene: Scene) -> None:
    scene.announce("p1", "p2", "p3")
    scene.hear(capture("p1"), capture("p2"))
    with scene.database.transaction() as tx:
        found = overview_views.delays(tx)

    assert found["delays"] >= 2
    assert 0 <= found["p50_ms"] <= found["p99_ms"] < 60_000


@pytest.mark.parametrize("late", ["healed", "tried again"])
def test_what_was_healed_late_is_no_delay(scene: Scene, late: str) -> None:
    if late == "healed":
        scene.hear(capture("p1"))
        scene.announce("p1")
        scene.heal()
    else:
        scene.announce("p1")
        [event_id] = scene.hear(capture("p1").replace(b"payment.succeeded", b"unheard.of"))
        understand_as(scene, capture("p1"))
        try_again(scene.database, [event_id], actor="operator:ada", reason="after the upgrade")
    assert scene.state("p1") == "completed"

    with scene.database.transaction() as tx:
        assert overview_views.delays(tx)["delays"] == 0
    scene.announce("p2")
    scene.hear(capture("p2"))
    with scene.database.transaction() as tx:
        assert overview_views.delays(tx)["delays"] > 0


def test_payments_in_review_end_the_calm_and_are_found_however_old_they_are(
    console: Served, scene: Scene
) -> None:
    scene.announce("p1", "p2")
    scene.hear(capture("p1", 1_250))
    assert scene.state("p1") == "review"
    scene.announce(*(f"later{n}" for n in range(5)))

    assert "1 payment in review" in overview(console)
    text = console.signed_in("ada").get("/payments?state=review").text
    assert "/payments/p1" in text
    assert "/payments/p2" not in text


def test_a_paused_replay_waits_for_a_person(console: Served, scene: Scene) -> None:
    scene.execute("""INSERT INTO replay_jobs (id, actor, reason, operation_key, filters, matched,
                         amounts_minor, rate_per_s, canary, max_failures, status)
                     VALUES (1, 'operator:ada', 'x', 'k', '{}', 3, '{}', 1, 0, 0, 'paused')""")

    assert "1 replay is paused" in overview(console)


def test_a_provider_is_silent_only_by_its_own_measure(console: Served, scene: Scene) -> None:
    scene.execute(OLD_EVENTS, ["2 h", "paystack", 30])
    scene.execute(OLD_EVENTS, ["2 h", "stripe", 3])
    with scene.database.transaction() as tx:
        found = {each["provider"]: each for each in overview_views.silence(tx)}

    assert found["paystack"]["usual_s"] == pytest.approx(1)
    assert found["stripe"]["usual_s"] is None
    text = overview(console)
    assert "No paystack event for" in text
    assert "No stripe event for" not in text


def test_two_relays_keep_one_sample_of_a_minute_and_let_old_ones_go(scene: Scene) -> None:
    old = """INSERT INTO overview_samples (minute, accepted, applied, refused, unfinished,
                 open_letters, owed_minor)
             SELECT date_trunc('minute', now()) - make_interval(hours => h), 0, 0, 0, 0, 0, '{}'
             FROM unnest(ARRAY[47, 49]) h"""
    scene.execute(old)
    scene.hear(capture("nobody", 125_000))

    scene.at_once(2, lambda _: sweeps.take_sample(scene.database))
    sweeps.take_sample(scene.database)

    kept = scene.rows("SELECT open_letters, owed_minor FROM overview_samples ORDER BY minute")
    assert kept == [(0, {}), *[(1, {})] * (len(kept) - 1)]
    assert len(kept) in {2, 3}  # a minute may have ended in between


def test_what_is_counted_is_what_happened(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"), capture("nobody"))
    scene.execute("SELECT pg_stat_force_next_flush()")
    scene.database.close()

    wait_until(lambda: counted(scene, "accepted") == 2)
    wait_until(lambda: counted(scene, "applied") == 1)
    with scene.database.transaction() as tx:
        assert samples.take(tx) is True
        assert samples.take(tx) is False
        assert [row["unfinished"] for row in samples.recent(tx, minutes=2)] == [0]


def test_of_very_many_letters_the_sums_are_of_some_and_say_so(
    console: Served, scene: Scene
) -> None:
    pile = """INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason,
                  error_class, fingerprint, message, amount_minor, currency, attempts)
              SELECT n, now(), 'paystack', 'default', 't', 'mismatch', 'E', 'f', 'm', 100, 'NGN', 1
              FROM generate_series(1, %s) n"""
    scene.execute(pile, [overview_views.SUMMED_MAX + 5])
    text = overview(console)

    assert f"{overview_views.SUMMED_MAX + 5:,} dead letters to decide" in text
    assert "it is at least so much" in text
