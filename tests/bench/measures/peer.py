"""A peer: how fast it acknowledges, and how fast the money is there, by the same load as ours."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from tests.bench.errors import BenchFailed, RunVoid
from tests.bench.load.flood import flood
from tests.bench.load.target import Target
from tests.bench.measures.scene import DRAIN_S_MAX, LOOK_S
from tests.bench.stage import processes, supply
from tests.bench.stage.run import Round, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bench.load.result import Flood
    from tests.bench.peers.peer import Peer
    from tests.bench.stage.processes import Processes
    from tests.bench.stage.run import Run

FOR_S = 4
WARM_UP_S = 1
WARM_UP_EVENTS = 3_000
EVENTS_PER_S_MAX = 3_000
"""Deliveries that are made ready for each second: more than any peer acknowledges here."""

SIGNATURES = frozenset({supply.SIGNATURE_HEADER, "stripe-signature"})


@dataclass(frozen=True, slots=True)
class OfPeer:
    """Acknowledgements in a second while it also applies, and events a second until all is done."""

    acks: Round
    end_to_end: Round


def measure(run: Run, peer: Peer, python: Path, *, for_s: int = FOR_S) -> OfPeer:
    """Flood a peer with all its processes, wait until everything is applied, and check its books.

    Raises BenchFailed when it fails, RunVoid when what it did is not what was paid.
    """
    name = f"peer_{peer.name}"
    url = run.grounds.empty_database(name)
    try:
        peer.prepare(python, url)
        with (
            psycopg.connect(url, autocommit=True) as connection,
            _started(run, peer, python, url) as running,
        ):
            subject = _Subject(run, peer, connection, running)
            subject.flood(WARM_UP_EVENTS, for_s=WARM_UP_S)
            subject.until_applied()
            found = subject.measured(for_s)
            subject.check()
            return found
    finally:
        run.grounds.drop(name)


@contextlib.contextmanager
def _started(run: Run, peer: Peer, python: Path, url: str) -> Iterator[Processes]:
    port = processes.free_port()
    commands = peer.processes(python, port=port, database_url=url, redis_url=run.grounds.redis())
    with processes.running(
        run.grounds,
        {name: words for name, (words, _) in commands.items()},
        environments={name: {**os.environ, **extra} for name, (_, extra) in commands.items()},
        port=port,
        log=run.logs(f"peer_{peer.name}"),
    ) as running:
        processes.wait_ready(running)
        yield running


@dataclass(frozen=True, slots=True)
class _Subject:
    run: Run
    peer: Peer
    connection: psycopg.Connection[tuple[object, ...]]
    running: Processes

    def measured(self, for_s: int) -> OfPeer:
        """Measure from the first request until nothing is left to do."""
        before = self.count(self.peer.applied_sql)
        self.run.grounds.settle()
        meter = self.running.meter()
        found = self.flood(EVENTS_PER_S_MAX * for_s, for_s=for_s)
        acks = Round(
            found.acknowledged_per_s,
            meter.us_per(found.acknowledged) | {found.generator: found.cpu_us},
        )
        ended_s = self.until_applied()
        applied = self.count(self.peer.applied_sql) - before
        cpu_us = meter.us_per(applied) | {found.generator: found.cpu_us}
        return OfPeer(acks, Round(applied / (ended_s - found.begun_s), cpu_us))

    def flood(self, events: int, *, for_s: int) -> Flood:
        """Announce so many payments, and send what pays them."""
        numbers = self.run.numbers.take(events)
        self.peer.announce(self.connection, numbers[0], events)
        file = self.run.folder / f"{self.peer.name}.requests"
        supply.write(file, self._deliveries(numbers))
        found = flood(Target(self.running.port, self.peer.path, self._header), file, for_s=for_s)
        found.require_all_acknowledged()
        self.running.check()
        return found

    def until_applied(self) -> float:
        """Wait until as many are credited as are stored; return when that was seen (monotonic)."""
        ends_s = time.monotonic() + DRAIN_S_MAX
        while self.count(self.peer.applied_sql) < self.count(self.peer.acknowledged_sql):
            self.running.check()
            if time.monotonic() > ends_s:
                raise BenchFailed(f"{self.peer.title} did not apply what it had acknowledged.")
            time.sleep(LOOK_S)
        return time.monotonic()

    def check(self) -> None:
        """Note every invariant of the peer; raise RunVoid when one is broken."""
        credited = self.count(self.peer.applied_sql)
        for name, query in self.peer.checks_sql.items():
            broken = self.count(query)
            verdict = Verdict(f"peer_{self.peer.name}", name, not broken, credited)
            self.run.verdicts.append(verdict)
            if broken:
                raise RunVoid(f"{self.peer.title}: {name}: {broken} contradict it.")

    def count(self, query: str) -> int:
        """Return the number that a query finds."""
        row = self.connection.execute(query.encode()).fetchone()
        assert row is not None  # a count is always one row
        number = row[0]
        assert isinstance(number, int)
        return number

    def _deliveries(self, numbers: range) -> Iterator[supply.Delivery]:
        for n in numbers:
            body, headers = self.peer.request(n)
            yield supply.Delivery(body, headers[self._header])

    @property
    def _header(self) -> str:
        _, headers = self.peer.request(1)
        found: str = next(name for name in headers if name in SIGNATURES)
        return found
