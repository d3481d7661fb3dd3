"""Our processes, some or all of them, started for one measure as the Procfile starts them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.bench.errors import BenchFailed
from tests.bench.stage import supply
from tests.bench.stage.cpu import Meter
from tests.local import environments, privileges, procfile, readiness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.stage.grounds import Grounds

ROOT = Path(__file__).parents[3]
READY_S_MAX = 30.0
STOP_S_MAX = 12.0
POLL_S = 0.02

SESSION_SECRET = "a-secret-of-the-bench-that-signs-nobody-in"
"""The console asks for one before it starts."""


@dataclass(slots=True)
class Processes:
    """Running processes by name, and the port of the one that serves."""

    running: dict[str, subprocess.Popen[bytes]]
    port: int
    grounds: Grounds

    @property
    def url(self) -> str:
        """Where deliveries go."""
        return f"http://127.0.0.1:{self.port}{supply.PATH}"

    def meter(self, **others: int) -> Meter:
        """Measure the processes, both stores, and whoever else is named."""
        pids = {name: process.pid for name, process in self.running.items()}
        pids |= {"postgres": self.grounds.postgres_pid, "valkey": self.grounds.valkey_pid}
        return Meter(pids | others)

    def check(self) -> None:
        """Raise BenchFailed when one has ended."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise BenchFailed(f"{name} ended with {process.returncode} during a measure.")

    def kill(self, name: str) -> None:
        """Kill one with all it started, as a crash would."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """Return a port of the loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def commands(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the Procfile's commands of these processes."""
    known = procfile.read(ROOT / "Procfile")
    return {name: known[name] for name in names}


def environment(
    name: str, *, database_url: str, redis_url: str, port: int, console_port: int
) -> dict[str, str]:
    """Return what one of our processes is told."""
    told = {
        "PATH": os.environ.get("PATH", os.defpath),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "CONSOLE_PORT": str(console_port),
        "PAYSTACK_SECRET_KEY": supply.SECRET,
        "SESSION_SECRET": SESSION_SECRET,
        "PAYSTACK_API_URL": environments.NOWHERE,
        # What is asked of a provider that is not there stays owed. A measure that has one says so.
        "RECONCILE_EVERY_S": "0",
    }
    return environments.for_process(name, told)


@contextlib.contextmanager
def ours(
    grounds: Grounds,
    names: Sequence[str],
    *,
    database_url: str,
    redis_url: str,
    log: Path,
    extra: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Iterator[Processes]:
    """Start these of our processes; give them when the ingress, if it is among them, is ready.

    `extra` is what some of them are told besides, by their names.
    """
    port, console_port = free_port(), free_port()
    told = {
        name: environment(
            name,
            database_url=database_url,
            redis_url=redis_url,
            port=port,
            console_port=console_port,
        )
        | dict(extra.get(name, {}))
        for name in names
    }
    with running(grounds, commands(names), environments=told, port=port, log=log) as found:
        if "web" in names:
            wait_ready(found)
        yield found


@contextlib.contextmanager
def running(
    grounds: Grounds,
    words: Mapping[str, Sequence[str]],
    *,
    environments: Mapping[str, Mapping[str, str]],
    port: int,
    log: Path,
) -> Iterator[Processes]:
    """Start processes, each in a group of its own, and stop them in their order at the end."""
    found = Processes({}, port, grounds)
    try:
        for name, command in words.items():
            found.running[name] = _start(command, environments[name], log / f"{name}.log")
        yield found
    finally:
        for process in found.running.values():
            process.terminate()
        for process in found.running.values():
            _end(process)


def _start(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [*privileges.die_with_parent("TERM"), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=dict(environment),
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S_MAX)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_ready(found: Processes) -> float:
    """Wait until the ingress says it is ready; return how many seconds that took."""
    begun_s = time.monotonic()
    while not readiness.is_ready(found.port):
        found.check()
        if time.monotonic() - begun_s > READY_S_MAX:
            raise BenchFailed(f"The ingress was not ready within {READY_S_MAX:.0f} s.")
        time.sleep(POLL_S)
    return time.monotonic() - begun_s
