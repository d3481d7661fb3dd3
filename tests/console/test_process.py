"""The console as a process, and what its passwords cost."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.console.serving import PASSWORD, SECRET, password_hash
from tests.local import ports
from tests.workers.scene import wait_until
from workers.console.checking import WAITING_MAX, Checker, _check
from workers.console.reading import Busy
from workers.console.seals import Seals

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = [sys.executable, "-m", "workers.console"]
STOP_S_MAX = 30


def _environment(database_url: str, **more: str) -> dict[str, str]:
    unsafe = {"PAYRATCHET_ALLOW_UNSAFE_STORE": "1"}  # those of a test run sync nothing
    told = {"DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:1/0", **unsafe}
    return {"PATH": os.environ["PATH"], **told, **more}


def test_it_serves_until_it_is_told_to_stop(database_url: str) -> None:
    port = ports.free()
    told = _environment(database_url, CONSOLE_PORT=str(port), SESSION_SECRET=SECRET)
    with subprocess.Popen(COMMAND, env=told, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        wait_until(lambda: _is_alive(port) or process.poll() is not None)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            assert answer.status == 200

        process.send_signal(signal.SIGTERM)

        assert process.wait(STOP_S_MAX) == 0
        assert "Traceback" not in process.stderr.read()


def _is_alive(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({}, "SESSION_SECRET"),
        ({"SESSION_SECRET": "too short"}, "SESSION_SECRET"),
        ({"SESSION_SECRET": SECRET, "METRICS_TOKEN": ""}, "METRICS_TOKEN"),
        ({"SESSION_SECRET": SECRET, "CONSOLE_SECURE_COOKIES": "never"}, "CONSOLE_SECURE_COOKIES"),
        ({"SESSION_SECRET": SECRET, "TRUSTED_PROXIES": "everybody"}, "TRUSTED_PROXIES"),
    ],
)
def test_it_does_not_start_with_a_setting_that_is_missing_or_wrong(
    database_url: str, more: dict[str, str], named: str
) -> None:
    told = _environment(database_url, **more)

    done = subprocess.run(COMMAND, env=told, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert re.match(rf"settings_refused: {named}: ", done.stderr)
    assert "too short" not in done.stderr


def test_whether_somebody_exists_cannot_be_told_from_the_work() -> None:
    _check(None, PASSWORD)  # makes what is made once
    kept = password_hash()

    known = _cpu_s(lambda: _check(kept, "wrong, but long enough"))
    unknown = _cpu_s(lambda: _check(None, "wrong, but long enough"))

    assert known / 2 < unknown < known * 2


def _cpu_s(work: Callable[[], object]) -> float:
    """Return the least time of a processor that the work takes, of some tries."""
    spans = []
    for _ in range(4):
        begun_s = time.process_time()
        work()
        spans.append(time.process_time() - begun_s)
    return min(spans)


def test_so_many_passwords_are_checked_at_a_time_and_no_more_wait() -> None:
    async def all_at_once(count: int) -> list[bool | BaseException]:
        checker = Checker()
        tries = (checker.is_right(password_hash(), PASSWORD) for _ in range(count))
        try:
            return await asyncio.gather(*tries, return_exceptions=True)
        finally:
            checker.close()

    ended = asyncio.run(all_at_once(WAITING_MAX + 3))

    assert [type(each) for each in ended] == [bool] * WAITING_MAX + [Busy] * 3


def test_nobody_is_let_in_by_a_hash_that_is_nobodys() -> None:
    assert _check(password_hash(), PASSWORD)
    assert not _check(None, PASSWORD)


def test_a_copy_of_the_database_says_no_token() -> None:
    one, other = Seals(SECRET), Seals("another secret, which is long enough")
    token = "T" * 43

    assert one.of_session(token) != other.of_session(token)
    assert one.of_form(token) != one.of_session(token).hex()
    assert one.fits(token, one.of_form(token))
    assert not other.fits(token, one.of_form(token))
