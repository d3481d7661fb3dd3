"""Processes that cannot work any more end by themselves, and those that stop do so in time."""

from __future__ import annotations

import signal
import socket
import time
from typing import TYPE_CHECKING

import pytest

from migrations.run import upgrade
from tests.ingress.test_store_away import frozen
from tests.local import throw_away
from tests.local.stores import Stores
from tests.workers.processes import RELAY, WORKER, Process
from tests.workers.scene import capture, wait_until
from tests.workers.test_processes import NOWHERE, hurry, ring_for
from workers.watchdog import EXIT_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.workers.scene import Scene

STOP_S_MAX = 10.0
STALL_S_MAX = 4.0
EVENTS = 400

BEATS_WHEN_TOLD = f"""
import signal, sys
from workers import pulse
from workers.__main__ import main

signal.signal(signal.SIGUSR1, lambda *_: pulse.beat())
with pulse.at_work({STALL_S_MAX}):
    sys.exit(main())
"""
"""The worker process, in which a thread is at one thing until the parent says that it goes on."""

LETS_NOBODY_RUN = """
import re, sys, threading
from workers import watchdog
from workers.__main__ import main

watchdog.CPU_S_MAX = 2.0
threading.Timer(1.0, lambda: re.match(r"(a+)+$", "a" * 60 + "b")).start()
sys.exit(main())
"""
"""The worker process, in which one thread gets hold of the processor for good."""

LOSE_THE_REPLAYS = """
import sys
from workers.replaying.driving import ReplayThread
from workers.relay import main

def turn(self):
    sys.exit("an accident")

ReplayThread.turn = turn
sys.exit(main())
"""

LOSE_THE_WATCHDOG = """
import sys
from workers.watchdog import Watchdog
from workers.__main__ import main

def dead_threads(self):
    sys.exit("an accident")

Watchdog.dead_threads = dead_threads
sys.exit(main())
"""


@pytest.fixture
def own_stores() -> Iterator[Stores]:
    with throw_away.folder() as folder, Stores(folder, throw_away=True) as stores:
        upgrade(stores.database_url)
        yield stores


def has_started(process: Process, name: str = "worker") -> bool:
    return f'"{name}.started"' in process.said()


def test_a_worker_that_stood_still_goes_on_and_one_whose_thread_stalls_ends(
    scene: Scene, redis_url: str
) -> None:
    with Process(("-c", BEATS_WHEN_TOLD), scene.url, redis_url) as worker:

        def beat() -> None:
            worker.popen.send_signal(signal.SIGUSR1)

        wait_until(lambda: has_started(worker))
        beat()
        worker.popen.send_signal(signal.SIGSTOP)
        time.sleep(1.5 * STALL_S_MAX)
        worker.popen.send_signal(signal.SIGCONT)
        time.sleep(STALL_S_MAX / 2)
        assert worker.popen.poll() is None, "nobody can work who is made to stand still"
        beat()

        assert worker.popen.wait(30) == EXIT_CODE
        assert '"worker.deaf"' in worker.said()


def test_a_worker_of_which_one_thread_lets_no_other_run_is_ended_by_the_system(
    scene: Scene, redis_url: str
) -> None:
    with Process(("-c", LETS_NOBODY_RUN), scene.url, redis_url) as worker:
        assert worker.popen.wait(60) == -signal.SIGPROF


@pytest.mark.parametrize("words", [LOSE_THE_REPLAYS, LOSE_THE_WATCHDOG])
def test_a_process_whose_thread_has_died_ends_with_code_70(
    scene: Scene, redis_url: str, words: str
) -> None:
    with Process(("-c", words), scene.url, redis_url) as process:
        assert process.popen.wait(30) == EXIT_CODE
        assert '"worker.deaf"' in process.said()


def test_a_worker_that_is_stopped_under_load_drops_nothing_and_does_nothing_twice(
    scene: Scene, redis_url: str
) -> None:
    references = [f"p{number}" for number in range(EVENTS)]
    scene.announce(*references)
    events = [scene.receive(capture(reference)) for reference in references]
    with (
        Process(RELAY, scene.url, redis_url),
        Process(WORKER, scene.url, redis_url) as first,
    ):
        wait_until(lambda: has_started(first))
        for start in range(0, EVENTS, 10):
            ring_for(redis_url, *events[start : start + 10])
        wait_until(lambda: len(scene.owed()) < EVENTS)
        began_s = time.monotonic()
        assert first.terminate() == 0
        assert time.monotonic() - began_s < STOP_S_MAX
        assert scene.value("SELECT count(*) FROM claims") == 0, "all that it had it has finished"
        hurry(scene)
        with Process(WORKER, scene.url, redis_url) as second:
            wait_until(lambda: has_started(second) and not scene.owed())
            assert second.terminate() == 0

    assert (scene.credit(), scene.top_ups()) == (1_000 * EVENTS, EVENTS)
    assert scene.rows("SELECT 1 FROM attempts") == []


@pytest.mark.parametrize(("words", "name"), [(WORKER, "worker"), (RELAY, "relay")])
def test_a_process_whose_store_stands_still_stops_in_time_all_the_same(
    own_stores: Stores, words: tuple[str, ...], name: str
) -> None:
    with Process(words, own_stores.database_url, own_stores.redis_url) as process:
        wait_until(lambda: has_started(process, name))
        time.sleep(1.0)
        with frozen(own_stores.postgres_pid):
            time.sleep(1.0)
            began_s = time.monotonic()
            assert process.terminate() in {0, EXIT_CODE}
            assert time.monotonic() - began_s < STOP_S_MAX


@pytest.mark.parametrize("words", [WORKER, RELAY])
def test_a_process_says_that_it_is_ready_when_it_has_reached_its_store_and_not_before(
    scene: Scene,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "told"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "told"))
        with Process(words, "postgresql://nobody@127.0.0.1:1/none", NOWHERE):
            told.settimeout(4.0)
            with pytest.raises(TimeoutError):
                told.recv(100)
        with Process(words, scene.url, redis_url):
            told.settimeout(30.0)
            assert told.recv(100) == b"READY=1\n"
