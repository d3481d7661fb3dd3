"""The plan of a run: what is measured, how often, and in which order.

Floors, ours and peers take turns, the other way round in every other round, so that a machine that
grows slower meanwhile is unfair to none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from tests.bench import catalogue, ratios
from tests.bench.errors import BenchFailed
from tests.bench.floors import pgbench
from tests.bench.floors.processes import bare_ingress
from tests.bench.history import grow
from tests.bench.machine import fsync_per_s
from tests.bench.measures import (
    acks,
    api,
    backlog,
    end_to_end,
    growth,
    latency,
    noisy,
    peer,
    recovery,
    replaying,
    start_up,
)
from tests.bench.peers.peer import PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bench.collected import Collected
    from tests.bench.load.percentiles import Percentiles
    from tests.bench.peers.peer import Peer
    from tests.bench.stage.run import Round, Run

MB = 1_000_000
STEADY_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Form:
    """How long a run is: rounds of each kind, seconds of each flood, sizes of the history."""

    name: Literal["default", "full"]
    rounds: int
    textbook_rounds: int
    other_peer_rounds: int
    flood_s: int
    backlog_events: int
    latency_s: int
    noisy_s: int
    sizes: tuple[int, ...]
    growth_rounds: int


DEFAULT = Form("default", 3, 2, 1, 4, 12_000, 8, 10, (50_000, 500_000), 2)
FULL = Form("full", 5, 3, 3, 8, 30_000, 20, 30, (100_000, 1_000_000, 10_000_000), 5)


class Step(NamedTuple):
    """A part of the run, and what it is called while it goes on."""

    title: str
    take: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of one run. `python` is the peers' own, or None when they cannot be had."""

    run: Run
    found: Collected
    form: Form
    python: Path | None

    def steps(self) -> list[Step]:
        """Return every step, in order."""
        return [
            Step("disk", self._disk),
            *self._rounds(),
            *self._latencies(),
            Step("duplicates", self._duplicates),
            Step("one customer", self._hot_account),
            Step("noisy neighbour", self._noisy),
            Step("live traffic beside a replay", self._replaying),
            Step("recovery", self._recovery),
            Step("start-up", self._start_up),
            Step(f"API: latency at {catalogue.API_RATE_PER_S}/s", self._api_latency),
            Step("API: payments asked for in a second", self._api_intents),
            *self._growth(),
        ]

    def _rounds(self) -> Iterator[Step]:
        for number in range(self.form.rounds):
            order = self._turns(number)
            yield from order if number % 2 == 0 else reversed(order)

    def _turns(self, number: int) -> list[Step]:
        form, label = self.form, f"round {number + 1} of {self.form.rounds}"
        floors = (
            ("insert_per_s", partial(pgbench.insert, self.run, for_s=form.flood_s)),
            ("transition_per_s", partial(pgbench.transition, self.run, for_s=form.flood_s)),
            ("bare_ingress_per_s", partial(bare_ingress, self.run, for_s=form.flood_s)),
            ("acks_per_s", partial(acks.measure, self.run, for_s=form.flood_s)),
            ("applied_per_s", partial(backlog.measure, self.run, events=form.backlog_events)),
        )
        turns = [
            Step(f"{label}: {catalogue.entry(name).title}", partial(self._take, name, measure))
            for name, measure in floors
        ]
        turns.append(Step(f"{label}: end to end", self._end_to_end))
        if self.python is not None:
            turns += [
                Step(f"{label}: {each.title}", partial(self._peer, each, self.python))
                for each in PEERS
                if number < self._rounds_of(each)
            ]
        return turns

    def _rounds_of(self, peer: Peer) -> int:
        """Return how often a peer is measured; ratios are taken against the first of them."""
        is_compared = peer.name == ratios.TEXTBOOK
        return self.form.textbook_rounds if is_compared else self.form.other_peer_rounds

    def _take(self, name: str, measure: Callable[[], Round]) -> None:
        self.found.add(name, measure())

    def _disk(self) -> None:
        self.found.value("fsync_per_s", fsync_per_s(self.run.folder, for_s=1.0))

    def _end_to_end(self) -> None:
        measured = end_to_end.measure(self.run, for_s=self.form.flood_s)
        self.found.add("end_to_end_per_s", measured.round)
        for name, size_bytes in measured.memory_bytes.items():
            self.found.value(f"memory_mb_{name}", size_bytes / MB)

    def _peer(self, each: Peer, python: Path) -> None:
        measured = peer.measure(self.run, each, python, for_s=self.form.flood_s)
        self.found.add(f"{each.name}_acks_per_s", measured.acks)
        self.found.add(f"{each.name}_end_to_end_per_s", measured.end_to_end)

    def _latencies(self) -> Iterator[Step]:
        for rate in catalogue.RATES_PER_S:
            yield Step(f"latency at {rate}/s", partial(self._latency, str(rate), rate))
        yield Step("latency at 80 % of end to end", self._steady)

    def _steady(self) -> None:
        reached = self.found.median("end_to_end_per_s")
        assert reached is not None  # it is measured before
        rate = int(reached * STEADY_SHARE)
        self.found.value("steady_rate_per_s", rate)
        self._latency(catalogue.STEADY, rate)

    def _latency(self, name: str, rate_per_s: int) -> None:
        measured = latency.measure(self.run, rate_per_s=rate_per_s, for_s=self.form.latency_s)
        _require_answers(measured.delays.others)
        self.found.value(f"sender_late_p99_ms_at_{name}", measured.sent.late.p99_ms)
        stages = (("ack", measured.delays.ack), ("applied", measured.delays.applied))
        for stage, percentiles in stages:
            self._percentiles(stage, name, percentiles)

    def _percentiles(self, stage: str, name: str, found: Percentiles) -> None:
        self.found.value(f"{stage}_p50_ms_at_{name}", found.p50_ms)
        self.found.value(f"{stage}_p99_ms_at_{name}", found.p99_ms)
        self.found.value(f"{stage}_p999_ms_at_{name}", found.p999_ms)

    def _duplicates(self) -> None:
        measured = acks.measure(self.run, for_s=self.form.flood_s, duplicates=True)
        self.found.add("acks_of_duplicates_per_s", measured)

    def _hot_account(self) -> None:
        measured = backlog.measure(self.run, events=self.form.backlog_events, customers=1)
        self.found.add("hot_account_per_s", measured)

    def _noisy(self) -> None:
        measured = noisy.measure(self.run, for_s=self.form.noisy_s)
        for each in (measured.alone, measured.beside, measured.loud):
            _require_answers(each.others)
        for where, delays in (("alone", measured.alone), ("beside", measured.beside)):
            self.found.value(f"quiet_ack_p99_ms_{where}", delays.ack.p99_ms)
            self.found.value(f"quiet_applied_p99_ms_{where}", delays.applied.p99_ms)

    def _replaying(self) -> None:
        measured = replaying.measure(self.run, for_s=self.form.noisy_s)
        for where, rounds in (("alone", measured.alone), ("beside", measured.beside)):
            for delays in rounds:
                _require_answers(delays.others)
                self.found.value(f"live_ack_p99_ms_{where}", delays.ack.p99_ms)
                self.found.value(f"live_applied_p99_ms_{where}", delays.applied.p99_ms)
        for times, per_s in zip(measured.ack_times, measured.letters_per_s, strict=True):
            self.found.value("live_ack_p99_times", times)
            self.found.value("replayed_per_s", per_s)

    def _recovery(self) -> None:
        measured = recovery.measure(self.run)
        self.found.value("recovery_first_s", measured.first_applied_s)
        self.found.value("recovery_backlog_s", measured.backlog_s)

    def _start_up(self) -> None:
        for name, seconds in start_up.measure(self.run).items():
            self.found.value(f"start_s_{name}", seconds)

    def _api_latency(self) -> None:
        rate = catalogue.API_RATE_PER_S
        measured = api.latency(self.run, rate_per_s=rate, for_s=self.form.latency_s)
        _require_answers(measured.heard.others)
        late_ms = measured.sent.late.p99_ms
        self.found.value(f"api_sender_late_p99_ms_at_{rate}", late_ms)
        stages = (("api", measured.heard.latency), ("api_started", measured.started))
        for stage, percentiles in stages:
            self._percentiles(stage, str(rate), percentiles)

    def _api_intents(self) -> None:
        self.found.add("intents_per_s", api.intents_per_s(self.run, for_s=self.form.flood_s))

    def _growth(self) -> Iterator[Step]:
        """Grow a database for each size, then measure them in turn."""
        names = {f"history_{size}": size for size in self.form.sizes}
        for name, size in names.items():
            title = f"a history of {size:,} events".replace(",", " ")
            yield Step(title, partial(self._grow, name, size))
        yield Step("cost of an event by history", partial(self._grown, names))

    def _grow(self, name: str, size: int) -> None:
        url = self.run.grounds.database(name)
        grow(url, first=1, count=size, on_progress=lambda _: None)

    def _grown(self, names: dict[str, int]) -> None:
        measured = growth.measure(self.run, list(names), rounds=self.form.growth_rounds)
        for name, rounds in measured.items():
            figure = catalogue.growth_name(names[name])
            self.found.entries[figure] = catalogue.growth(names[name])
            for each in rounds:
                self.found.add(figure, each)
            self.run.grounds.drop(name)


def _require_answers(refused: int) -> None:
    """Raise BenchFailed when some requests were refused: the delays would be of the others only."""
    if refused:
        raise BenchFailed(f"{refused} requests were not acknowledged.")
