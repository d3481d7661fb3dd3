"""The schedule of runs: which accounts, how often, and how far back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workers.reconciling import Provider, Runs
from workers import reconcile
from workers.reconcile import limits

if TYPE_CHECKING:
    from tests.workers.scene import Scene


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def runs(scene: Scene, provider: Provider) -> Runs:
    return Runs(scene, provider)


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
