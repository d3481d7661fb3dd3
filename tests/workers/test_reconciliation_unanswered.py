"""A question that is never answered costs a run its cover, and not its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import OutcomeUnknown
from tests.workers.reconciling import Provider, Runs, backdate, transaction
from workers.calling import ending
from workers.reconcile.limits import UNANSWERED_S_MAX

if TYPE_CHECKING:
    from tests.workers.scene import Scene

SILENT = "no whole answer: ReadTimeout"


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def runs(scene: Scene, provider: Provider) -> Runs:
    return Runs(scene, provider)


def unlisted(runs: Runs, *numbers: int) -> None:
    """Have captures heard of that the provider does not list."""
    runs.announce(numbers)
    runs.hear([transaction(number) for number in numbers])
    backdate(runs.scene, 2)


def fail_for(runs: Runs, event_id: int, seconds: float) -> None:
    """Take a step that fails as a worker does, as if it had failed for so long before."""
    with pytest.raises(OutcomeUnknown) as failed:
        runs.step(event_id, runs.provider)
    ending.fail(runs.scene.database, event_id, failed.value, worker="test")
    runs.scene.execute(
        "UPDATE inbound_work SET since = now() - make_interval(secs => %s) WHERE event_id = %s",
        [seconds, event_id],
    )


def end_of(runs: Runs, run_id: int) -> tuple[str, str | None, bool]:
    """Return the run's status, its problem, and whether its window is covered."""
    [row] = runs.scene.rows(
        "SELECT status, problem, covered_through IS NOT NULL FROM reconciliation_runs"
        " WHERE id = %s",
        [run_id],
    )
    return (row[0], row[1], row[2])


def test_a_capture_that_is_never_answered_for_ends_the_run_incomplete_and_the_next_asks_again(
    runs: Runs, provider: Provider
) -> None:
    unlisted(runs, 1, 2)
    provider.unlisted = {"p2": transaction(2)}
    provider.looking_fails = [OutcomeUnknown(SILENT)] * 3
    run_id, event_id = runs.begin()
    assert [runs.step(event_id, provider) for _ in range(2)] == [True, True]

    fail_for(runs, event_id, UNANSWERED_S_MAX - 60)
    fail_for(runs, event_id, UNANSWERED_S_MAX + 60)
    runs.finish(event_id)

    words = "incomplete: the provider gives no answer about 1 of its captures"
    assert end_of(runs, run_id) == ("failed", words, False)
    said = f"not listed; asked about it, the provider gives no answer: {SILENT}"
    assert runs.items(run_id) == [("1", "missing_there", False, said)]
    assert runs.commands() == []

    provider.unlisted["p1"] = transaction(1)
    again_id, event_id = runs.begin()
    runs.finish(event_id)
    assert end_of(runs, again_id) == ("finished", None, True)
    assert runs.items(again_id) == []


def test_a_run_that_did_without_one_answer_waits_for_no_other(
    runs: Runs, provider: Provider
) -> None:
    """Else a provider that is down for long would be waited for once for each capture."""
    numbers = list(range(1, 13))
    unlisted(runs, *numbers)
    provider.looking_fails = [OutcomeUnknown(SILENT)] * (1 + len(numbers))
    run_id, event_id = runs.begin()
    assert [runs.step(event_id, provider) for _ in range(2)] == [True, True]

    fail_for(runs, event_id, UNANSWERED_S_MAX + 60)
    runs.finish(event_id)

    status, problem, is_covered = end_of(runs, run_id)
    assert (status, is_covered) == ("failed", False)
    assert problem == "incomplete: the provider gives no answer about 12 of its captures"
