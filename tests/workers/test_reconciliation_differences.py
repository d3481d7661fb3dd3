"""Reconciliation finds what differs: asked about, mended by the answer, or left to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.announcement import Announcement
from domain.money import Money
from domain.payment import REFERENCE
from domain.sql_timeline import TIMELINE
from tests.workers.reconciling import Provider, Runs, transaction
from workers import sweeps
from workers.announce import announce
from workers.store.provider_calls import debt_of

if TYPE_CHECKING:
    from tests.workers.scene import Scene


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def runs(scene: Scene, provider: Provider) -> Runs:
    return Runs(scene, provider)


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
