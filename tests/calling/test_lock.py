"""The lock of Redis: it keeps a herd off, and nobody's safety rests on it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from tests.workers.processes import ROOT
from tests.workers.scene import wait_until
from workers.broker import connect
from workers.lock import LockBusy, Locks

if TYPE_CHECKING:
    from tests.local.valkey import Valkey

KEY = "{payratchet}:lock:debt"
HOLDER = """
import sys, time
from workers.broker import connect
from workers.lock import Locks
with Locks(connect(sys.argv[1]), lives_s=float(sys.argv[2])).hold("debt") as held:
    print("held", flush=True)
    sys.stdin.readline()
print("released", flush=True)
"""


def holder(redis_url: str, lives_s: float) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", HOLDER, redis_url, str(lives_s)]
    process = subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_is_acquired_and_released(redis_url: str) -> None:
    with connect(redis_url) as client:
        with Locks(client).hold("debt") as held:
            assert held.is_real
            assert 29_000 < client.pttl(KEY) <= 30_000
        assert client.exists(KEY) == 0


def test_a_lock_is_released_on_an_error(redis_url: str) -> None:
    with connect(redis_url) as client:
        with pytest.raises(ZeroDivisionError), Locks(client).hold("debt"):
            raise ZeroDivisionError
        assert client.exists(KEY) == 0


def test_whoever_comes_second_waits_and_then_has_it(redis_url: str) -> None:
    order: list[str] = []
    first_has_it, second_has_it = Event(), Event()

    def second() -> None:
        first_has_it.wait(10)
        with connect(redis_url) as client, Locks(client).hold("debt"):
            order.append("second")
            second_has_it.set()

    thread = Thread(target=second)
    thread.start()
    with connect(redis_url) as client, Locks(client).hold("debt"):
        first_has_it.set()
        assert not second_has_it.wait(0.3)
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"]


def test_whoever_has_waited_long_enough_is_told_so(redis_url: str) -> None:
    with connect(redis_url) as client, Locks(client).hold("debt"):
        began_s = time.monotonic()
        with pytest.raises(LockBusy), Locks(client).hold("debt", waits_s=0.3):
            pass
        assert 0.2 < time.monotonic() - began_s < 2
        assert client.exists(KEY) == 1, "it is still the first one's"


def test_locks_of_other_debts_are_other_locks(redis_url: str) -> None:
    with (
        connect(redis_url) as client,
        Locks(client).hold("debt"),
        Locks(client).hold("another", waits_s=0.1) as held,
    ):
        assert held.is_real


def test_the_lock_of_a_holder_that_was_killed_runs_out(redis_url: str) -> None:
    process = holder(redis_url, lives_s=1.0)
    process.kill()
    process.communicate()

    with connect(redis_url) as client, Locks(client).hold("debt", waits_s=5) as held:
        assert held.is_real


def test_a_holder_that_paused_for_too_long_does_not_release_the_next_ones_lock(
    redis_url: str,
) -> None:
    process = holder(redis_url, lives_s=0.5)
    process.send_signal(signal.SIGSTOP)
    with connect(redis_url) as client, Locks(client).hold("debt", waits_s=5):
        token = client.get(KEY)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate("go on\n")

        assert said.endswith("released\n")
        assert client.get(KEY) == token


def test_a_lock_is_renewed_up_to_its_cap_and_no_longer(redis_url: str) -> None:
    with connect(redis_url) as client:
        locks = Locks(client, lives_s=0.2, held_s_max=1.0)
        with locks.hold("debt") as held:
            assert held.renew()
            assert 500 < client.pttl(KEY) <= 1_000
            wait_until(lambda: not client.exists(KEY), within_s=5)
            assert not held.renew()


def test_a_lock_that_is_anothers_by_now_is_not_renewed(redis_url: str) -> None:
    with connect(redis_url) as client, Locks(client).hold("debt") as held:
        client.set(KEY, "somebody else")
        assert not held.renew()
        client.delete(KEY)


def test_without_redis_the_work_goes_on(own_valkey: Valkey) -> None:
    own_valkey.kill()
    with connect(own_valkey.url) as client, Locks(client).hold("debt") as held:
        assert not held.is_real
        assert not held.renew()
