"""A run: goes on where it was left, ends in the end, and is the only one of its account."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from domain.errors import OutcomeUnknown, ProviderForbids
from tests.workers.reconciling import Provider, Runs, transaction
from workers import reconcile, sweeps
from workers.reconcile import limits
from workers.store import inbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.workers.scene import Scene


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def runs(scene: Scene, provider: Provider) -> Runs:
    return Runs(scene, provider)


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
