"""Callers that die, pause and come back late: a newer one has asked, and only its answer counts."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from domain.commands import CommandKind
from domain.money import Money
from domain.tries import Asked
from tests.calling.provider import AWAY, There
from tests.workers.processes import Process
from tests.workers.scene import WAIT_S, wait_until
from workers.calling.beginning import DEATHS_MAX
from workers.store import provider_calls

if TYPE_CHECKING:
    from pathlib import Path

    from tests.calling.desk import Desk
    from tests.calling.provider import Provider

INITIALIZE = CommandKind.INITIALIZE
DEBT = "paystack:default:p1"


def caller(desk: Desk, redis_url: str, event_id: int, folder: Path) -> Process:
    words = ["-m", "tests.calling.caller", desk.url, redis_url, str(event_id), str(folder)]
    return Process(words, desk.url, redis_url)


def is_calling(folder: Path) -> bool:
    return (folder / "calling").exists()


def test_a_caller_that_was_killed_is_taken_over_and_what_it_did_is_looked_up(
    desk: Desk, provider: Provider, redis_url: str, tmp_path: Path
) -> None:
    event_id = desk.ask_payment()
    with caller(desk, redis_url, event_id, tmp_path) as process:
        wait_until(lambda: is_calling(tmp_path))
        process.kill()
    provider.payments["p1"] = There(1, Money("NGN", 1_000))

    assert desk.perform(event_id) == "in_hand", "a call that is live is waited for"
    desk.presume_dead()
    assert desk.perform(event_id) in ("applied", "no_change")

    assert desk.calls() == [(1, "initialize", "unknown"), (2, "verify", "answered")]
    assert provider.made("initialize") == []
    assert desk.owed() == []


def test_a_caller_that_paused_and_returns_late_changes_nothing(
    desk: Desk, provider: Provider, redis_url: str, tmp_path: Path
) -> None:
    """The lock ran out meanwhile and is another's; the fence alone keeps the answer out."""
    event_id = desk.ask_payment()
    with caller(desk, redis_url, event_id, tmp_path) as process:
        wait_until(lambda: is_calling(tmp_path))
        process.popen.send_signal(signal.SIGSTOP)
        desk.presume_dead()
        seen: list[str] = []

        def meanwhile() -> None:
            (tmp_path / "answer").touch()
            process.popen.send_signal(signal.SIGCONT)
            wait_until((tmp_path / "became").exists)
            seen.append((tmp_path / "became").read_text())

        provider.goes["initialize"] = [meanwhile]
        desk.perform(event_id)

    assert seen == ["late"]
    assert desk.calls() == [
        (1, "initialize", "unknown"),
        (2, "verify", "answered"),
        (3, "initialize", "answered"),
    ]
    assert desk.url_of() == "https://pay.example/p1"
    assert desk.problems() == []


def test_an_answer_that_comes_after_the_work_is_done_is_dropped(
    desk: Desk, redis_url: str, tmp_path: Path
) -> None:
    event_id = desk.ask_payment()
    with caller(desk, redis_url, event_id, tmp_path) as process:
        wait_until(lambda: is_calling(tmp_path))
        process.popen.send_signal(signal.SIGSTOP)
        desk.presume_dead()
        desk.perform(event_id)
        before = desk.calls()
        (tmp_path / "answer").touch()
        process.popen.send_signal(signal.SIGCONT)
        process.popen.wait(30)

    assert (tmp_path / "became").read_text() == "late"
    assert desk.calls() == before


def test_of_two_processes_with_one_command_one_calls(
    desk: Desk, redis_url: str, tmp_path: Path
) -> None:
    event_id = desk.ask_payment()
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        (folder / "answer").touch()
    with (
        caller(desk, redis_url, event_id, folders[0]),
        caller(desk, redis_url, event_id, folders[1]),
    ):
        wait_until(lambda: all((folder / "became").exists() for folder in folders))

    assert sorted(map(is_calling, folders)) == [False, True]
    assert desk.calls() == [(1, "initialize", "answered")]


@pytest.mark.parametrize("kinds", [(INITIALIZE, INITIALIZE), (INITIALIZE, CommandKind.VERIFY)])
def test_two_commands_about_one_payment_never_call_at_once(
    desk: Desk, provider: Provider, kinds: tuple[CommandKind, CommandKind]
) -> None:
    """Without Redis the index of live calls must do. The first calls until the second is back."""
    calling, second_is_back = threading.Event(), threading.Event()
    became = ["", ""]

    def call() -> None:
        desk.redis.flushdb()
        calling.set()
        assert second_is_back.wait(WAIT_S)

    def work(number: int) -> None:
        if number == 1:
            assert calling.wait(WAIT_S)
        became[number] = desk.perform(events[number])
        if number == 1:
            second_is_back.set()

    desk.make_known("p1")
    events = [desk.order(kind, number=str(number)) for number, kind in enumerate(kinds)]
    provider.goes["initialize"] = [call]

    desk.at_once(2, work)

    assert became == ["applied", "in_hand"]
    assert [kind for kind, _ in provider.calls] == ["initialize"]


def test_a_second_live_call_about_a_debt_cannot_be_written(desk: Desk) -> None:
    event_id = desk.ask_payment()
    begun = provider_calls.Begun(
        "paystack:default:p1", event_id, None, Asked.VERIFY, "paystack", "default",
        None, "test",
    )  # fmt: skip
    with desk.database.transaction() as tx:
        provider_calls.begin(tx, begun)

    assert desk.perform(event_id) == "in_hand"


def test_a_command_that_kills_whoever_performs_it_is_set_aside(desk: Desk) -> None:
    event_id = desk.ask_payment()
    for _ in range(DEATHS_MAX):
        die_calling(desk, event_id)
        assert desk.letters() == []
        desk.presume_dead()

    assert desk.perform(event_id) == "dead"
    assert desk.letters() == [(event_id, "crash_loop", "open")]
    assert desk.owed() == []


def test_workers_that_died_before_a_replay_or_between_answers_are_not_counted(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.ask_payment()
    provider.goes["initialize"] = [AWAY]
    provider.goes["look_up"] = [AWAY] * 9
    for _ in range(2):
        for _ in range(DEATHS_MAX - 1):
            die_calling(desk, event_id)
            desk.presume_dead()
        assert desk.perform(event_id) == "retry"
    for _ in range(DEATHS_MAX):
        die_calling(desk, event_id)
        desk.presume_dead()
    assert desk.perform(event_id) == "dead"
    desk.reopen(event_id)
    die_calling(desk, event_id)
    desk.presume_dead()

    assert desk.perform(event_id) == "retry"


def die_calling(desk: Desk, event_id: int) -> None:
    """Do what a worker has done that is killed before its answer comes."""
    with desk.database.transaction() as tx:
        live = provider_calls.live(tx, DEBT)
        if live is not None:
            provider_calls.end(tx, live.id, provider_calls.PRESUMED_DEAD)
        begun = provider_calls.Begun(
            DEBT, event_id, None, Asked.INITIALIZE, "paystack", "default", None, "dead"
        )
        provider_calls.begin(tx, begun)
