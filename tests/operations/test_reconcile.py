"""The commands that wait for workers: `reconcile`, and `payments verify`."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from domain.errors import ProviderForbids
from tests.operations.working import working
from tests.workers.reconciling import Provider, Runs, transaction
from tests.workers.scene import wait_until
from workers.operations import following, metrics
from workers.reconcile import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

SINCE = ("--provider", "paystack", "--since", "2026-01-01")


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def runs(scene: Scene, provider: Provider) -> Runs:
    return Runs(scene, provider)


def test_a_run_is_followed_to_its_end_and_says_what_it_found(
    payratchet: Run, runs: Runs, provider: Provider
) -> None:
    provider.items = [transaction(n) for n in range(1, 121)]
    runs.announce(range(1, 121))
    runs.hear(provider.items[5:])
    with working(runs):
        said = payratchet("reconcile", "run", *SINCE, "--reason", "lost some", "--json")

    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found.items() >= {
        "provider": "paystack",
        "account": "default",
        "since": "2026-01-01T00:00:00Z",
        "status": "finished",
        "examined": 120,
        "missing_here": 5,
        "missing_there": 0,
        "mismatched": 0,
        "mended": 5,
        "open": 0,
        "reason": "lost some",
        "differences_more": 0,
    }.items()  # fmt: skip
    assert found["covered_through"] > found["since"]
    assert found["requested_by"].startswith("operator:")
    assert [each["mended"] for each in found["differences"]] == [True] * 5
    assert found["sums"] == {
        "NGN": {
            "missing_here_minor": 5_000,
            "missing_there_minor": 0,
            "mismatched_minor": 0,
            "mended_minor": 5_000,
            "open_minor": 0,
        }
    }


def test_differences_that_nobody_mended_are_listed_with_their_sums_and_the_run_is_done(
    payratchet: Run, runs: Runs, provider: Provider
) -> None:
    provider.items = [transaction(1, 900), transaction(2), transaction(3, reference=None)]
    runs.announce([1, 2])
    runs.hear([transaction(1), transaction(2)])
    with working(runs):
        said = payratchet("reconcile", "run", *SINCE)

    assert said.code == 0, said.err
    assert "Nobody has mended 2 of the differences" in said.out
    assert "The list says nothing of refunds and disputes." in said.out
    assert "missing_here" in said.out
    assert "900 NGN" in said.out
    assert "captured here" in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    shown = payratchet("reconcile", "show", "1", "--json")
    assert shown.code == 0
    told = json.loads(shown.out)
    assert (told["open"], told["unasked"], told["not_compared"]) == (2, 0, ["refunds", "disputes"])
    status = json.loads(payratchet("reconcile", "status", "--json").out)
    assert [each["open"] for each in status["items"]] == [2]
    sums = told["sums"]["NGN"]
    assert (sums["missing_here_minor"], sums["mismatched_minor"]) == (1_000, 100)
    assert sums["open_minor"] == 1_100


def test_a_run_that_fails_ends_in_one_and_can_be_looked_at(
    payratchet: Run, runs: Runs, provider: Provider
) -> None:
    provider.failing = [ProviderForbids("the key is not valid", http_status=401)]
    with working(runs):
        said = payratchet("reconcile", "run", *SINCE)
    shown = payratchet("reconcile", "show", "1")

    assert (said.code, shown.code) == (1, 0)
    assert "the key is not valid" in said.out
    assert "its window is not covered" in said.out


def test_a_run_with_captures_that_nobody_was_asked_about_says_so(
    payratchet: Run, runs: Runs, scene: Scene
) -> None:
    count = limits.UNLISTED_ASKED_MAX + 1
    runs.announce(range(count))
    runs.hear([transaction(n) for n in range(count)])
    scene.execute("SET session_replication_role = replica")
    scene.execute("UPDATE payment_facts SET created_at = created_at - interval '2 hours'")
    scene.execute("SET session_replication_role = origin")
    _, event_id = runs.begin()
    runs.finish(event_id)

    shown = payratchet("reconcile", "show", "1")

    assert shown.code == 0
    assert f"{count} captures are not in the provider's list" in shown.out


def test_a_run_that_is_not_waited_for_is_begun_and_a_second_one_refused(
    payratchet: Run, runs: Runs
) -> None:
    begun = payratchet("reconcile", "run", *SINCE, "--no-wait", "--json")
    second = payratchet("reconcile", "run", *SINCE, "--no-wait")
    status = payratchet("reconcile", "status", "--json")

    assert (begun.code, second.code, status.code) == (0, 1, 0)
    assert json.loads(begun.out)["status"] == "running"
    assert second.err.startswith("reconciliation_under_way: ")
    [item] = json.loads(status.out)["items"]
    assert (item["run_id"], item["examined"]) == (json.loads(begun.out)["run_id"], 0)
    assert len(runs.commands()) == 1


def test_when_no_worker_comes_the_command_says_so_and_the_run_is_kept(
    runs: Runs,
) -> None:
    run_id, _ = runs.begin()
    seen = following.Seen("running", taken_up=False, ended=False)

    with pytest.raises(following.NobodyWorks) as refused:
        following.follow(lambda: seen, quiet=True, wait_s=5.0, taken_up_s=0.1)

    assert refused.value.exit_code == 3
    assert runs.row(run_id)["status"] == "running"


def test_what_is_no_window_is_refused(payratchet: Run, runs: Runs) -> None:
    for words, code in (
        (("--since", "2026-02-30"), 2),
        (("--since", "yesterday"), 2),
        (("--since", "2026-02-02", "--until", "2026-02-01"), 1),
        (("--since", "2999-01-01"), 1),
    ):
        said = payratchet("reconcile", "run", "--provider", "paystack", *words)
        assert said.code == code, said.err
    assert payratchet("reconcile", "show", "7").err.startswith("reconciliation_unknown: ")
    assert runs.commands() == []


def test_status_fits_a_terminal_and_says_until_when_all_is_compared(
    payratchet: Run, runs: Runs, provider: Provider
) -> None:
    empty = payratchet("reconcile", "status")
    provider.items = [transaction(1, reference=None)]
    _, event_id = runs.begin()
    runs.finish(event_id)

    said = payratchet("reconcile", "status", "--provider", "paystack")

    assert (empty.code, said.code) == (0, 0)
    assert "Nothing was reconciled." in empty.out
    assert "finished" in said.out
    assert max(map(len, said.out.splitlines())) <= 80


def test_the_figures_say_how_reconciliation_goes(
    runs: Runs, provider: Provider, scene: Scene
) -> None:
    provider.items = [transaction(1, reference=None)]
    runs.begin()
    before = metrics.scrape(scene.database).decode()
    [event_id] = runs.commands()
    runs.finish(event_id)

    figures = metrics.scrape(scene.database).decode()

    labels = 'account="default",provider="paystack"'
    assert f"payratchet_reconciliation_covered_through_seconds{{{labels}}}" not in before
    for expected in (
        f'payratchet_reconciliation_differences{{{labels},verdict="missing_here"}} 1.0',
        "payratchet_refunds_open 0.0",
        "payratchet_verifications_due 0.0",
    ):
        assert expected in figures
    assert f"payratchet_reconciliation_covered_through_seconds{{{labels}}} 1." in figures
    assert f"payratchet_reconciliation_heartbeat_seconds{{{labels}}} 1." in figures


def test_a_payment_is_asked_about_and_shown_as_it_is_then(
    payratchet: Run, runs: Runs, provider: Provider, scene: Scene
) -> None:
    provider.items = [transaction(1)]
    runs.announce([1])
    with working(runs):
        said = payratchet("payments", "verify", "p1", "--reason", "a customer called", "--json")

    assert said.code == 0, said.err
    payment = json.loads(said.out)
    assert (payment["state"], payment["captured_minor"]) == ("completed", 1_000)
    [body] = scene.rows("SELECT body FROM inbound_events WHERE source = 'internal'")
    asked = json.loads(body[0])
    assert asked["command"] == "verify"
    assert asked["actor"].startswith("operator:")
    assert asked["actor"].endswith(" (a customer called)")


def test_only_what_can_be_asked_about_is(payratchet: Run, scene: Scene) -> None:
    scene.announce("elsewhere")

    unknown = payratchet("payments", "verify", "nobody")
    elsewhere = payratchet("payments", "verify", "elsewhere")

    assert (unknown.code, elsewhere.code) == (1, 1)
    assert unknown.err.startswith("payment_unknown: ")
    assert elsewhere.err.startswith("provider_unknown: ")
    assert scene.owed() == []


def test_a_question_that_dies_says_why(payratchet: Run, runs: Runs, scene: Scene) -> None:
    runs.announce([1])

    def die() -> None:
        wait_until(scene.owed)
        [event_id] = scene.owed()
        scene.execute(
            "INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason,"
            " error_class, fingerprint, message, attempts) VALUES (%s, now(), 'internal',"
            " 'default', 'verify', 'provider_refused', 'NoClient', 'f', 'no key is set', 1)",
            [event_id],
        )
        scene.execute("DELETE FROM inbound_work")

    thread = threading.Thread(target=die)
    thread.start()
    said = payratchet("payments", "verify", "p1")
    thread.join()

    assert said.code == 1
    assert "provider_refused: no key is set" in said.err
