"""The console as a process that is watched: it ends when it hangs, and in time when told to."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from migrations.run import upgrade
from tests.console.serving import SECRET
from tests.ingress.test_store_away import frozen
from tests.local import ports, throw_away
from tests.local.stores import Stores
from tests.workers.processes import ROOT
from tests.workers.scene import wait_until
from workers.watchdog import EXIT_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_S = 30.0
STOP_S_MAX = 10.0
STALL_S_MAX = 3.0

HANGS_WHEN_ASKED = f"""
import signal, sys, time
from workers.console import app
from workers.console.__main__ import main

app.LOOP_STALL_S_MAX = {STALL_S_MAX}
signal.signal(signal.SIGUSR1, lambda *_: time.sleep(60.0))
sys.exit(main())
"""


@pytest.fixture
def own_stores() -> Iterator[Stores]:
    with throw_away.folder() as folder, Stores(folder, throw_away=True) as stores:
        upgrade(stores.database_url)
        yield stores


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0


@contextlib.contextmanager
def console(database_url: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = ports.free()
    told = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PAYRATCHET_ALLOW_UNSAFE_STORE": "1",
        "CONSOLE_PORT": str(port),
        "SESSION_SECRET": SECRET,
    }
    with subprocess.Popen(
        [sys.executable, "-c", HANGS_WHEN_ASKED], cwd=ROOT, env=told, stderr=subprocess.PIPE
    ) as process:
        try:
            wait_until(lambda: status(port, "/livez") == 200 or process.poll() is not None)
            yield process, port
        finally:
            process.kill()


def test_a_console_whose_loop_hangs_ends_with_code_70(database_url: str) -> None:
    with console(database_url) as (process, _):
        process.send_signal(signal.SIGUSR1)
        _, said = process.communicate(timeout=WAIT_S)

    assert (process.returncode, b'"worker.deaf"' in said) == (EXIT_CODE, True)


def test_a_console_that_stood_still_serves_on(database_url: str) -> None:
    with console(database_url) as (process, port):
        process.send_signal(signal.SIGSTOP)
        time.sleep(2 * STALL_S_MAX)
        process.send_signal(signal.SIGCONT)
        time.sleep(2.0)

        assert (status(port, "/livez"), process.poll()) == (200, None)


def test_a_console_is_ready_while_its_store_answers_and_stops_in_time_when_it_does_not(
    own_stores: Stores,
) -> None:
    with console(own_stores.database_url) as (process, port):
        assert status(port, "/readyz") == 200
        with frozen(own_stores.postgres_pid):
            assert status(port, "/readyz") == 503
            assert status(port, "/livez") == 200
            asking = threading.Thread(target=status, args=(port, "/metrics"))
            asking.start()
            time.sleep(0.5)
            told_s = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_S) in {0, EXIT_CODE}
            assert time.monotonic() - told_s < STOP_S_MAX
            asking.join(WAIT_S)
