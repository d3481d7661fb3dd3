"""A process that is told to stop before it serves obeys at once, and says that all is well."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ingress.serving import SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
START_S_MAX = 30.0
STOP_S_MAX = 5.0


@contextlib.contextmanager
def starting(database_url: str, redis_url: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: told for name, told in os.environ.items() if "SECRET" not in name} | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": "0",
        "PAYSTACK_SECRET_KEY": SECRET,
        "WEB_CONCURRENCY": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "ingress"], cwd=ROOT, env=environment, stderr=subprocess.PIPE
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def heeds(process_id: int, number: signal.Signals) -> bool:
    """Say whether the process has said what becomes of it when the signal comes."""
    with contextlib.suppress(FileNotFoundError):
        for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_it_waits_for_its_store_it_ends_with_0(
    redis_url: str, number: signal.Signals
) -> None:
    """The store takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as store:
        store.settimeout(START_S_MAX)
        port = store.getsockname()[1]
        with starting(f"postgresql://nobody@127.0.0.1:{port}/none", redis_url) as started:
            connection, _ = store.accept()
            with connection:
                started.send_signal(number)
                _, said = started.communicate(timeout=STOP_S_MAX)

    assert (started.returncode, said) == (0, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_first_signal_that_it_catches_is_not_lost(database_url: str, redis_url: str) -> None:
    with starting(database_url, redis_url) as started:
        ends_s = time.monotonic() + START_S_MAX
        while not heeds(started.pid, signal.SIGTERM):
            assert time.monotonic() < ends_s, "it never came so far"
        started.send_signal(signal.SIGTERM)
        _, said = started.communicate(timeout=STOP_S_MAX)

    assert (started.returncode, said) == (0, b"")
