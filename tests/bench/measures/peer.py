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

WEB = "web"
"""What every peer calls the process that answers."""

SIGNATURES = frozenset({supply.SIGNATURE_HEADER, "stripe-signature"})


@dataclass(frozen=True, slots=True)
class OfPeer:
    """Acknowledgements in a second by its web alone, and events a second until all is done."""

    acks: Round
    end_to_end: Round


def measure(run: Run, peer: Peer, python: Path, *, for_s: int = FOR_S) -> OfPeer:
    """Flood a peer twice, its web alone and all of it, and check its books after the second.

    So acknowledgements are measured as ours are, while nobody applies anything. Raises BenchFailed
    when it fails, RunVoid when what it did is not what was paid.
    """
    with _subject(run, peer, python, only=WEB) as subject:
        acks = subject.acks(for_s)
    with _subject(run, peer, python) as subject:
        end_to_end = subject.end_to_end(for_s)
        subject.check()
    return OfPeer(acks, end_to_end)


@contextlib.contextmanager
def _subject(run: Run, peer: Peer, python: Path, *, only: str | None = None) -> Iterator[_Subject]:
    """Give the peer, warm, on a database of its own."""
    name = f"peer_{peer.name}"
    url = run.grounds.empty_database(name)
    try:
        peer.prepare(python, url)
        with (
            psycopg.connect(url, autocommit=True) as connection,
            _started(run, peer, python, url, only) as running,
        ):
            subject = _Subject(run, peer, connection, running)
            subject.flood(subject.written(WARM_UP_EVENTS), for_s=WARM_UP_S)
            if only is None:
                subject.until_applied()
            yield subject
    finally:
        run.grounds.drop(name)


@contextlib.contextmanager
def _started(run: Run, peer: Peer, python: Path, url: str, only: str | None) -> Iterator[Processes]:
    port = processes.free_port()
    commands = peer.processes(python, port=port, database_url=url, redis_url=run.grounds.redis())
    commands = {name: it for name, it in commands.items() if only in (None, name)}
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

    def acks(self, for_s: int) -> Round:
        """Measure acknowledgements, each of which must be of a stored event."""
        requests = self.written(EVENTS_PER_S_MAX * for_s)
        before = self.count(self.peer.acknowledged_sql)
        self.run.grounds.settle()
        meter = self.running.meter()
        found = self.flood(requests, for_s=for_s)
        cpu_us = meter.us_per(found.acknowledged) | {found.generator: found.cpu_us}
        if self.count(self.peer.acknowledged_sql) - before < found.acknowledged:
            raise RunVoid(f"{self.peer.title} acknowledged more than it stored.")
        return Round(found.acknowledged_per_s, cpu_us)

    def end_to_end(self, for_s: int) -> Round:
        """Measure from the first request until nothing is left to do."""
        requests = self.written(EVENTS_PER_S_MAX * for_s)
        before = self.count(self.peer.applied_sql)
        self.run.grounds.settle()
        meter = self.running.meter()
        found = self.flood(requests, for_s=for_s)
        ended_s = self.until_applied()
        applied = self.count(self.peer.applied_sql) - before
        cpu_us = meter.us_per(applied) | {found.generator: found.cpu_us}
        return Round(applied / (ended_s - found.begun_s), cpu_us)

    def written(self, events: int) -> Path:
        """Announce so many payments, and write what pays them."""
        numbers = self.run.numbers.take(events)
        self.peer.announce(self.connection, numbers[0], events)
        file = self.run.folder / f"{self.peer.name}.requests"
        supply.write(file, self._deliveries(numbers))
        return file

    def flood(self, requests: Path, *, for_s: int) -> Flood:
        """Send them, as many as it takes in that time."""
        to = Target(self.running.port, self.peer.path, self._header)
        found = flood(to, requests, for_s=for_s)
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
