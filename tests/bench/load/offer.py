"""Offer load at a fixed rate: the open loop in a process of its own, seen from outside."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.errors import BenchFailed
from tests.bench.load import generator, sent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.bench.load.sent import Sent
    from tests.bench.load.target import Target

OPEN_LOOP = "tests.bench.load.open_loop"
CONNECTIONS = 64
GRACE_S = 60.0
"""What it may take beyond the time of its arrivals, to hear the last answers and write them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A source: the first `count` deliveries of a file, at random moments of this rate."""

    tag: str
    target: Target
    requests: Path
    rate_per_s: float
    count: int
    connections: int = CONNECTIONS

    @property
    def for_s(self) -> float:
        """How long it takes, more or less."""
        return self.count / self.rate_per_s

    def as_json(self) -> dict[str, object]:
        """Return what the sender is told."""
        return {
            "tag": self.tag,
            "head": self.target.head().decode(),
            "requests": str(self.requests),
            "rate_per_s": self.rate_per_s,
            "count": self.count,
            "connections": self.connections,
        }


class Sending:
    """A sender that has everything in memory and waits for the word."""

    def __init__(self, process: subprocess.Popen[str], out: Path, within_s: float) -> None:
        self._process = process
        self._out = out
        self._within_s = within_s

    @property
    def pid(self) -> int:
        """The sender's process."""
        return self._process.pid

    def begin(self) -> None:
        """Let it send from now on."""
        stdin = self._process.stdin
        assert stdin is not None  # it was started with a pipe
        stdin.write("go\n")
        stdin.flush()

    def finish(self) -> Sent:
        """Wait for its end and return what it found. Raises BenchFailed when it fails."""
        try:
            text, _ = self._process.communicate(timeout=self._within_s)
        except subprocess.TimeoutExpired:
            raise BenchFailed(f"The sender did not end within {self._within_s:.0f} s.") from None
        if self._process.returncode != 0:
            raise BenchFailed(f"The sender ended with {self._process.returncode}.\n{text.strip()}")
        return sent.read(self._out)


@contextlib.contextmanager
def sending(offers: Sequence[Offer], *, seed: int, out: Path) -> Iterator[Sending]:
    """Start a sender of these offers, all to one port, and give it when it is ready to begin.

    Raises BenchFailed when it does not get ready. It is killed if it still runs at the end.
    """
    plan = {
        "port": offers[0].target.port,
        "seed": seed,
        "out": str(out),
        "sources": [each.as_json() for each in offers],
    }
    with generator.start([sys.executable, "-m", OPEN_LOOP, json.dumps(plan)]) as process:
        try:
            assert process.stdout is not None  # it was started with a pipe
            said = process.stdout.readline()
            if said != "ready\n":
                raise BenchFailed(f"The sender did not get ready.\n{said}{process.stdout.read()}")
            yield Sending(process, out, max(each.for_s for each in offers) + GRACE_S)
        finally:
            process.kill()


def send(offers: Sequence[Offer], *, seed: int, out: Path) -> Sent:
    """Send these offers from begin to end."""
    with sending(offers, seed=seed, out=out) as sender:
        sender.begin()
        return sender.finish()
