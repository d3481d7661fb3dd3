"""Reconciliation: what is missing here is asked about, what is missing there is named."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from domain.announcement import Announcement
from domain.errors import OutcomeUnknown, ProviderForbids, ProviderRefused
from domain.money import Money
from domain.payment import REFERENCE
from domain.sql_timeline import TIMELINE
from tests.workers.reconciling import Provider, Runs, transaction
from workers import pulse, reconcile, sweeps
from workers.announce import announce
from workers.reconcile import limits
from workers.store import inbox, reconciliation_items, reconciliations
from workers.store.provider_calls import debt_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.workers.scene import Scene


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def runs(scene: Scene, provider: Provider) -> Runs:
    return Runs(scene, provider)


def backdate(scene: Scene, hours: float) -> None:
    """Let everything that was heard have been heard so long ago."""
    scene.execute("SET session_replication_role = replica")
    scene.execute(
        "UPDATE payment_facts SET created_at = created_at - make_interval(mins => %s)", [hours * 60]
    )
    scene.execute("SET session_replication_role = origin")


def test_webhooks_that_were_lost_are_found_among_2500_transactions_and_mended(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    provider.items = [transaction(n) for n in range(1, 2_501)]
    lost = provider.items[::250]
    runs.announce(range(1, 2_501))
    runs.hear([each for each in provider.items if each not in lost])
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    assert len(provider.asked) == 25
    assert runs.row(run_id) == {
        "status": "finished",
        "examined": 2_500,
        "missing_here": 10,
        "missing_there": 0,
        "mismatched": 0,
        "mended": 10,
    }
    assert [(item[1], item[2]) for item in runs.items(run_id)] == [("missing_here", True)] * 10
    assert {scene.state(each.reference or "") for each in lost} == {"completed"}
    assert scene.top_ups() == 2_500
    assert scene.owed() == []


def test_money_that_nobody_announced_is_held_and_then_differs_no_more(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    provider.items = [transaction(1), transaction(2, reference=None)]
    run_id, event_id = runs.begin()
    runs.finish(event_id)
    later_id, later = runs.begin()
    runs.finish(later)

    assert runs.row(run_id)["missing_here"] == 2
    assert [(item[0], item[2]) for item in runs.items(run_id)] == [("1", True), ("2", False)]
    assert scene.account("suspense") == 1_000
    assert [item[0] for item in runs.items(later_id)] == ["2"]


def test_an_amount_that_differs_is_asked_about_and_left_to_a_person(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    runs.announce([1, 2])
    runs.hear([transaction(1), transaction(2)])
    provider.items = [transaction(1, 900), transaction(2)]
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    assert runs.row(run_id) | {"mismatched": 1, "mended": 0} == runs.row(run_id)
    [(object_id, verdict, mended, note)] = runs.items(run_id)
    assert (object_id, verdict, mended) == ("1", "mismatched", False)
    assert note == "captured here: 1000 NGN"
    assert scene.state("p1") == "review"
    assert scene.rows("SELECT amount_minor, here_minor, currency FROM reconciliation_items") == [
        (900, 1_000, "NGN")
    ]


def test_money_given_back_that_we_never_heard_of_is_a_difference(
    runs: Runs, provider: Provider
) -> None:
    runs.announce([1, 2])
    runs.hear([transaction(1), transaction(2)])
    provider.items = [transaction(1, refunded_minor=300), transaction(2, refunded_minor=0)]
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    assert runs.items(run_id) == [("1", "mismatched", False, "given back: 300 there, 0 here")]


def test_what_cannot_be_read_or_was_not_paid_there_but_here_is_never_passed_over(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    runs.announce([1, 2])
    runs.hear([transaction(1)])
    provider.items = [
        transaction(1, facts=(), status="abandoned"),
        transaction(2, facts=(), status="failed"),
        transaction(3, facts=(), amount=None),
    ]
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    notes = {item[0]: item[3] for item in runs.items(run_id)}
    assert scene.rows("SELECT reference FROM inbound_events WHERE event_key ^@ 'verify'") == [
        ("p1",)
    ], "what cannot be read is not asked about: the answer could not be read either"
    assert notes == {
        "1": "captured here, abandoned there",
        "3": "what it is worth there cannot be read",
    }
    assert runs.row(run_id)["mended"] == 0


def test_a_capture_that_the_provider_does_not_know_is_named_and_one_it_only_did_not_list_is_not(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    """A transaction that was made before the window may be paid within it: it is asked about."""
    runs.announce([1, 2, 3, 4])
    runs.hear([transaction(n) for n in (1, 2, 3)])
    backdate(scene, 2)
    runs.hear([transaction(4)])
    provider.items = [transaction(1)]
    provider.unlisted = {"p2": transaction(2)}
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    assert runs.row(run_id) | {"examined": 1, "missing_there": 1} == runs.row(run_id)
    words = "not listed; asked about it, the provider says: not_found"
    assert runs.items(run_id) == [("3", "missing_there", False, words)]


def test_a_name_that_the_account_does_not_know_is_missing_there_and_no_answer_is_asked_for_again(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    runs.announce([1])
    runs.hear([transaction(1)])
    backdate(scene, 2)
    provider.looking_fails = [
        OutcomeUnknown("the connection was reset"),
        OutcomeUnknown("a name it gave is not known", http_status=404),
    ]
    run_id, event_id = runs.begin()
    assert [runs.step(event_id, provider) for _ in range(2)] == [True, True]

    with pytest.raises(OutcomeUnknown):
        runs.step(event_id, provider)
    runs.finish(event_id)

    assert [item[:2] for item in runs.items(run_id)] == [("1", "missing_there")]


def test_a_question_that_is_refused_costs_the_run_its_answer_and_nothing_else(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    runs.announce([1, 2])
    runs.hear([transaction(1), transaction(2)])
    backdate(scene, 2)
    provider.unlisted = {"p2": transaction(2)}
    provider.looking_fails = [ProviderRefused("this name is not valid", http_status=400)]
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    words = "not listed; asked about it, the provider refuses: this name is not valid"
    assert runs.items(run_id) == [("1", "missing_there", False, words)]
    assert runs.row(run_id) | {"status": "finished", "missing_there": 1} == runs.row(run_id)


def test_a_key_that_is_refused_when_a_capture_is_asked_about_ends_the_run(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    runs.announce([1])
    runs.hear([transaction(1)])
    backdate(scene, 2)
    provider.looking_fails = [ProviderForbids("the key is not valid", http_status=401)]
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    assert runs.row(run_id)["status"] == "failed"
    sweeps.keep_house(scene.database, retention_days=400)
    assert [item[1] for item in runs.items(run_id)] == ["missing_there"]


def test_who_asks_about_one_capture_after_the_other_is_never_taken_for_stalled(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    runs.announce([1, 2, 3])
    runs.hear([transaction(n) for n in (1, 2, 3)])
    backdate(scene, 2)
    _, event_id = runs.begin()
    takes_s, stalled = 0.2, []

    def slow() -> None:
        stalled.append(pulse.stalled(takes_s))
        threading.Event().wait(takes_s)

    provider.before_look_up = slow
    with pulse.at_work():
        assert [runs.step(event_id, provider) for _ in range(3)] == [True, True, True]

    assert stalled == [0, 0, 0]


def test_when_a_list_lacks_nearly_everything_nobody_is_asked_one_by_one(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    count = limits.UNLISTED_ASKED_MAX + 3
    runs.announce(range(count))
    runs.hear([transaction(n) for n in range(count)])
    backdate(scene, 2)
    provider.unlisted = {f"p{n}": transaction(n) for n in range(count)}
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    assert runs.row(run_id)["missing_there"] == count
    assert provider.looked_up == []
    assert {item[3] for item in runs.items(run_id)} == {"not listed, and not asked about"}


def test_what_is_not_listed_is_looked_for_once_however_many_are_asked_about(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    """Each look goes through every capture of the window: that is seconds where there are many."""
    count = 3 * limits.UNLISTED_PER_STEP
    runs.announce(range(count))
    runs.hear([transaction(n) for n in range(count)])
    backdate(scene, 2)
    run_id, event_id = runs.begin()
    assert [runs.step(event_id, provider) for _ in range(2)] == [True, True]

    assert len(runs.items(run_id)) == count
    assert provider.looked_up == []
    runs.finish(event_id)
    assert sorted(provider.looked_up) == sorted(f"p{n}" for n in range(count))
    assert runs.row(run_id)["missing_there"] == count


def test_captures_are_held_against_the_list_and_equals_let_go_of_part_by_part(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    runs.announce(range(1, 8))
    runs.hear([transaction(n) for n in (1, 2)])
    backdate(scene, 48)
    runs.hear([transaction(n) for n in (3, 4, 5, 6, 7)])
    provider.items = [transaction(n) for n in (4, 5)]
    run_id, event_id = runs.begin()
    runs.step(event_id, provider)
    now = datetime.now(UTC)
    window = (now - timedelta(hours=1), now + timedelta(hours=1))
    with scene.database.transaction() as tx:
        run = reconciliations.find(tx, run_id)
        assert run is not None
        place: int | None = reconciliation_items.first_fact(tx, window[0])
        added = []
        while place is not None:
            part = reconciliation_items.scan(tx, run, from_id=place, window=window, limit=2)
            place = None if part.last_id is None else part.last_id + 1
            added.append(part.added)
        assert added == [1, 1, 1]
        parts, after = 0, ""
        while (last := reconciliation_items.clear(tx, run_id, after=after, limit=2)) is not None:
            parts, after = parts + 1, last

    assert parts == 2
    assert [item[:2] for item in runs.items(run_id)] == [
        (f"{n}", "missing_there") for n in (3, 6, 7)
    ]


def test_a_run_goes_on_at_its_page_after_its_worker_died_or_its_provider_was_away(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    provider.items = [transaction(n, facts=(), status="failed") for n in range(250)]
    run_id, event_id = runs.begin()
    assert runs.step(event_id, provider)

    provider.failing = [OutcomeUnknown("the connection was reset")]
    with pytest.raises(OutcomeUnknown):
        runs.step(event_id, provider)
    provider.before_page = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        runs.step(event_id, provider)
    provider.before_page = lambda: None
    assert runs.row(run_id)["examined"] == 100
    runs.finish(event_id)

    assert provider.asked == [None, "100", "100", "100", "200"]
    assert runs.row(run_id)["examined"] == 250
    assert scene.owed() == []


@pytest.mark.parametrize("leads_to", [lambda _: 100, lambda end: end % 200])
def test_a_list_that_goes_in_a_circle_fails_the_run(
    runs: Runs, provider: Provider, scene: Scene, leads_to: Callable[[int], int]
) -> None:
    provider.items = [transaction(n, facts=(), status="failed") for n in range(200)]
    provider.cursors = leads_to
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    assert len(provider.asked) == 3
    assert runs.row(run_id) | {"status": "failed", "examined": 200} == runs.row(run_id)
    assert scene.value("SELECT problem FROM reconciliation_runs") == (
        "the list says that there is more, and brings nothing new"
    )
    assert scene.owed() == []
    sweeps.keep_house(scene.database, retention_days=400)
    assert runs.items(run_id) == []


def test_a_run_that_kills_worker_after_worker_fails_in_the_end(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    provider.items = [transaction(n, facts=(), status="failed") for n in range(150)]
    run_id, event_id = runs.begin()
    provider.before_page = die
    for _ in range(limits.DEATHS_MAX - 1):
        with pytest.raises(KeyboardInterrupt):
            runs.step(event_id, provider)
    provider.failing = [OutcomeUnknown("the connection was reset")]
    with pytest.raises(OutcomeUnknown):
        runs.step(event_id, provider)

    for _ in range(limits.DEATHS_MAX):
        assert runs.row(run_id)["status"] == "running"
        with pytest.raises(KeyboardInterrupt):
            runs.step(event_id, provider)
    assert not runs.step(event_id, provider)

    assert runs.row(run_id)["status"] == "failed"
    assert scene.value("SELECT problem FROM reconciliation_runs") == "10 workers died of it"
    assert scene.owed() == []


def test_two_workers_with_the_same_page_write_it_once(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    provider.items = [transaction(n, facts=(), status="failed") for n in range(150)]
    run_id, event_id = runs.begin()
    other = Provider(provider.items)
    provider.before_page = lambda: runs.step(event_id, other)

    assert not runs.step(event_id, provider)

    assert runs.row(run_id)["examined"] == 100
    assert scene.owed() == [event_id]


def test_a_transaction_that_two_pages_list_counts_once(runs: Runs, provider: Provider) -> None:
    provider.items = [transaction(n, facts=(), status="failed") for n in range(150)]
    provider.items.insert(120, provider.items[99])
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    assert runs.row(run_id)["examined"] == 150


def test_what_is_heard_while_the_page_is_under_way_is_no_difference(
    runs: Runs, provider: Provider
) -> None:
    """The list says that nothing was paid, and a moment later it is, and its webhook comes."""
    runs.announce([1])
    provider.items = [transaction(1, facts=(), status="ongoing")]
    provider.before_page = lambda: runs.hear([transaction(1)])
    run_id, event_id = runs.begin()

    runs.finish(event_id)

    assert runs.items(run_id) == []


def test_a_second_run_of_an_account_is_refused_until_the_first_has_ended(
    runs: Runs, scene: Scene
) -> None:
    _, event_id = runs.begin()
    with pytest.raises(reconcile.RunUnderWay):
        runs.begin()

    runs.finish(event_id)
    again_id, again = runs.begin()
    with scene.database.transaction() as tx:
        inbox.finish(tx, [again])
    last_id, _ = runs.begin()

    assert again_id < last_id
    assert runs.row(again_id)["status"] == "failed"


def test_of_runs_that_begin_at_once_one_does(runs: Runs, scene: Scene) -> None:
    begun: list[int] = []

    def begin(_: int) -> None:
        with contextlib.suppress(reconcile.RunUnderWay):
            begun.append(runs.begin()[0])

    scene.at_once(8, begin)

    assert len(begun) == 1
    assert len(scene.owed()) == 1


def test_without_a_key_or_with_one_that_is_refused_a_run_fails_and_says_why(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    keyless, event_id = runs.begin()
    assert not runs.step(event_id, None)
    provider.failing = [ProviderForbids("the key is not valid", http_status=401)]
    forbidden, event_id = runs.begin()
    assert not runs.step(event_id, provider)

    problems = scene.rows("SELECT id, status, problem FROM reconciliation_runs ORDER BY id")
    assert problems == [
        (keyless, "failed", "no key of this account is set"),
        (forbidden, "failed", "the key is not valid"),
    ]
    assert scene.owed() == []


def test_a_run_waits_for_what_it_asked_but_not_for_ever(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    provider.items = [transaction(1)]
    run_id, event_id = runs.begin()

    assert [runs.step(event_id, provider) for _ in range(3)] == [True, True, True]
    assert runs.row(run_id)["status"] == "settling"
    [question] = runs.questions()
    scene.execute("SET session_replication_role = replica")
    scene.execute(
        "UPDATE inbound_work SET received_at = received_at - make_interval(secs => %s)"
        " WHERE event_id = %s",
        [limits.SETTLE_S_MAX, question],
    )
    scene.execute("SET session_replication_role = origin")

    assert not runs.step(event_id, provider)
    assert runs.row(run_id) | {"status": "finished", "mended": 0} == runs.row(run_id)


def test_its_heart_beats_with_every_step_and_at_the_end_the_window_is_covered(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    provider.items = [transaction(n, facts=(), status="failed") for n in range(150)]
    run_id, event_id = runs.begin(until_h=1)
    beats = []
    more = True
    while more:
        more = runs.step(event_id, provider)
        beats.append(scene.value("SELECT heartbeat_at FROM reconciliation_runs"))

    assert beats == sorted(set(beats))
    assert scene.value("SELECT covered_through = until FROM reconciliation_runs")
    late_id, late = runs.begin(until_h=-1)
    runs.finish(late)
    assert scene.value(
        "SELECT covered_through < started_at AND started_at < until"
        " FROM reconciliation_runs WHERE id = %s",
        [late_id],
    )
    assert run_id < late_id


def test_the_schedule_reconciles_accounts_in_use_and_goes_on_where_it_ended(
    runs: Runs, scene: Scene
) -> None:
    assert reconcile.begin_due(scene.database, every_s=3_600) == 0
    scene.execute(
        "INSERT INTO provider_calls (debt, fence, event_id, kind, provider, account, worker)"
        " VALUES ('d1', 1, 1, 'verify', 'paystack', 'default', 'w'),"
        " ('d2', 1, 1, 'verify', 'elsewhere', 'default', 'w')"
    )

    assert reconcile.begin_due(scene.database, every_s=0) == 0
    assert reconcile.begin_due(scene.database, every_s=3_600) == 1
    [event_id] = scene.owed()
    runs.finish(event_id)
    assert reconcile.begin_due(scene.database, every_s=3_600) == 0
    scene.execute("UPDATE reconciliation_runs SET started_at = started_at - interval '2 hours'")
    assert reconcile.begin_due(scene.database, every_s=3_600) == 1

    assert scene.value(
        "SELECT new.since = old.covered_through - make_interval(secs => %s)"
        " FROM reconciliation_runs old, reconciliation_runs new"
        " WHERE old.finished_at IS NOT NULL AND new.finished_at IS NULL",
        [limits.CHECKOUT_OPEN_S_MAX],
    )


def test_once_a_day_the_schedule_looks_back_for_those_who_pay_days_later(
    runs: Runs, scene: Scene
) -> None:
    runs.announce([1])

    def scheduled(hours_later: int) -> float:
        scene.execute(
            "UPDATE reconciliation_runs SET started_at = started_at - a.age, since = since - a.age,"
            " until = until - a.age, covered_through = covered_through - a.age"
            " FROM (SELECT make_interval(hours => %s) AS age) a",
            [hours_later],
        )
        assert reconcile.begin_due(scene.database, every_s=3_600) == 1
        [event_id] = scene.owed()
        runs.finish(event_id)
        back_s: float = scene.value(
            "SELECT extract(epoch FROM started_at - since)::float FROM reconciliation_runs"
            " ORDER BY id DESC LIMIT 1"
        )
        return back_s / 86_400

    assert [round(scheduled(hours)) for hours in (0, 2, 20, 3, 2)] == [8, 1, 2, 8, 1]


def test_an_account_that_has_payments_is_scheduled_and_without_a_key_only_once_a_day(
    runs: Runs, scene: Scene
) -> None:
    runs.announce([1])
    assert reconcile.begin_due(scene.database, every_s=3_600) == 1
    [event_id] = scene.owed()
    assert not runs.step(event_id, None)

    begun = []
    for _ in range(3):
        scene.execute("UPDATE reconciliation_runs SET started_at = started_at - interval '9 hours'")
        begun.append(reconcile.begin_due(scene.database, every_s=3_600))

    assert begun == [0, 0, 1]


def test_no_payment_can_have_the_name_that_a_run_goes_by(runs: Runs, scene: Scene) -> None:
    run_id, event_id = runs.begin()
    money = Money("NGN", 1_000)
    announce(
        scene.database, [Announcement(f"{run_id}", "paystack", money, "ada")], actor="client:shop"
    )
    command = runs.command(event_id)

    parts = scene.rows(TIMELINE, {"reference": f"{run_id}", "limit": 100})

    assert [part[0] for part in parts] == ["announced"]
    assert REFERENCE.fullmatch(command.reference) is None
    assert debt_of(command) != f"paystack:default:{run_id}"


def test_old_items_are_let_go_of_and_runs_stay(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    provider.items = [transaction(1, reference=None)]
    _, event_id = runs.begin()
    runs.finish(event_id)
    new_id, new = runs.begin()
    runs.finish(new)
    scene.execute(
        "UPDATE reconciliation_runs SET finished_at = now() - interval '1 year' WHERE id <> %s",
        [new_id],
    )

    sweeps.keep_house(scene.database, retention_days=400)

    assert scene.rows("SELECT run_id FROM reconciliation_items") == [(new_id,)]
    assert scene.value("SELECT count(*) FROM reconciliation_runs") == 2


def test_what_the_inbox_was_asked_is_named_for_the_run(runs: Runs, provider: Provider) -> None:
    provider.items = [transaction(1), transaction(2, reference="not a reference")]
    run_id, event_id = runs.begin()
    runs.step(event_id, provider)

    [question] = runs.questions()
    command = runs.command(question)
    assert (command.kind, command.reference, command.actor) == ("verify", "p1", "payratchet")
    assert command.number == f"reconciliation-{run_id}"
