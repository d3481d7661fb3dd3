"""Captures that the provider does not list: asked about one by one, and named when unknown."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from domain.errors import OutcomeUnknown, ProviderForbids, ProviderRefused
from tests.workers.reconciling import Provider, Runs, backdate, transaction
from workers import pulse, sweeps
from workers.reconcile import limits
from workers.store import reconciliation_items, reconciliations

if TYPE_CHECKING:
    from tests.workers.scene import Scene


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def runs(scene: Scene, provider: Provider) -> Runs:
    return Runs(scene, provider)


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
