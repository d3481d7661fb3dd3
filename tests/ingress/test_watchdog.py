"""A web process that cannot serve any more ends by itself; one that only stood still serves on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingress.watchdog import EXIT_CODE
from migrations.run import upgrade
from tests.ingress.serving import SECRET, Door, charge, until
from tests.ingress.test_store_away import frozen
from tests.local import ports, readiness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.stores import Stores

ROOT = Path(__file__).parents[2]
WAIT_S = 30.0
STOP_S_MAX = 10.0
STALL_S_MAX = 3.0
SENDERS = 8

WITH_ACCIDENT = """
import asyncio, sys, threading, time
from ingress import doorbell, watchdog
from ingress.server import main

watchdog.LOOP_STALL_S_MAX = {stall_s}
watchdog.CPU_S_MAX = {stall_s}
begin = watchdog.Watchdog.begin

def begin_and_fail(self):
    begin(self)
    loop = asyncio.get_running_loop()
    {accident}

watchdog.Watchdog.begin = begin_and_fail
sys.exit(main())
"""
"""The web process, to which something happens once it serves."""

HANGS = "loop.call_later(1.0, time.sleep, 60.0)"
SPINS = "import re; loop.call_later(1.0, re.match, r'(a+)+$', 'a' * 60 + 'b')"
LOSES_ITS_BELL = "doorbell.Doorbell._taken = lambda self: sys.exit('an accident')"
NOTHING = "pass"

LOSES_A_TASK = """
    from ingress import lasting
    async def fail():
        raise ValueError("an accident")
    lasting.start(fail(), name="writer")
"""


@contextlib.contextmanager
def web(
    database_url: str, redis_url: str, accident: str = NOTHING
) -> Iterator[tuple[subprocess.Popen[bytes], Door]]:
    port = ports.free()
    script = WITH_ACCIDENT.format(stall_s=STALL_S_MAX, accident=accident.strip())
    told = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "PAYSTACK_SECRET_KEY": SECRET,
        "WEB_CONCURRENCY": "1",
        "PAYRATCHET_ALLOW_UNSAFE_STORE": "1",
    }
    kept = {name: value for name, value in os.environ.items() if "SECRET" not in name}
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=kept | told, stderr=subprocess.PIPE
    ) as started:
        try:
            until(lambda: readiness.is_ready(port) or started.poll() is not None)
            yield started, Door(port, database_url)
        finally:
            started.kill()


@pytest.mark.parametrize(
    ("accident", "reason"),
    [(HANGS, b"event loop"), (LOSES_A_TASK, b"writer")],
    ids=["a loop that hangs", "a task that fell"],
)
def test_a_process_that_cannot_serve_ends_with_code_70_and_says_why(
    database_url: str, redis_url: str, accident: str, reason: bytes
) -> None:
    with web(database_url, redis_url, accident) as (process, _):
        _, said = process.communicate(timeout=WAIT_S)

    assert process.returncode == EXIT_CODE
    assert b'"ingress.deaf"' in said
    assert reason in said


def test_a_process_whose_bell_has_died_ends_with_code_70(database_url: str, redis_url: str) -> None:
    with web(database_url, redis_url, LOSES_ITS_BELL) as (process, door):
        assert door.post(charge(1)).status == 200, "what is accepted is kept all the same"
        _, said = process.communicate(timeout=WAIT_S)

    assert (process.returncode, b"doorbell" in said) == (EXIT_CODE, True)
    assert door.count("inbound_events") == 1


def test_a_loop_that_lets_no_other_thread_run_is_ended_by_the_system(
    database_url: str, redis_url: str
) -> None:
    with web(database_url, redis_url, SPINS) as (process, _):
        assert process.wait(2 * WAIT_S) == -signal.SIGPROF


def test_a_process_that_stood_still_serves_on(database_url: str, redis_url: str) -> None:
    with web(database_url, redis_url) as (process, door):
        process.send_signal(signal.SIGSTOP)
        time.sleep(2 * STALL_S_MAX)
        process.send_signal(signal.SIGCONT)
        assert door.post(charge(1)).status == 200
        time.sleep(2.0)
        assert door.post(charge(2)).status == 200


def test_a_process_that_is_stopped_under_load_has_kept_all_that_it_accepted(
    database_url: str, redis_url: str
) -> None:
    accepted: list[int] = []
    refused: list[int] = []
    begun = threading.Barrier(SENDERS + 1)

    def send(first: int) -> None:
        begun.wait()
        with contextlib.suppress(OSError):
            for number in range(first, first + 10_000):
                answer = door.post(charge(number))
                (accepted if answer.status == 200 else refused).append(answer.status)

    with web(database_url, redis_url) as (process, door):
        senders = [threading.Thread(target=send, args=(10_000 * n,)) for n in range(SENDERS)]
        for sender in senders:
            sender.start()
        begun.wait()
        until(lambda: len(accepted) > 100)
        told_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=WAIT_S)
        took_s = time.monotonic() - told_s
        for sender in senders:
            sender.join(WAIT_S)

    assert (process.returncode, took_s < STOP_S_MAX, refused) == (0, True, [])
    assert door.count("inbound_events") >= len(accepted)
    assert b"deaf" not in said


def test_a_process_whose_store_stands_still_stops_in_time_all_the_same(
    own_stores: Stores,
) -> None:
    upgrade(own_stores.database_url)
    answers: list[int] = []
    with (
        web(own_stores.database_url, own_stores.redis_url) as (process, door),
        frozen(own_stores.postgres_pid),
    ):
        asking = threading.Thread(target=lambda: answers.append(door.post(charge(1)).status))
        asking.start()
        time.sleep(0.5)
        told_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) in {0, EXIT_CODE}
        assert time.monotonic() - told_s < STOP_S_MAX
        asking.join(WAIT_S)

    assert answers == [503]
