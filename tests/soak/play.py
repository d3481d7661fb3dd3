"""The play: the shop asks while things are killed; then everything is waited for and proven."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from tests.demo.proof.invariant import Invariant, invariant
from tests.soak.errors import NotSettled
from tests.soak.intents import drawn
from tests.soak.killing import Killing, planned
from tests.soak.proof import prove
from tests.soak.proof.evidence import Evidence
from tests.soak.shop import Journal, Shop
from tests.soak.sparing import Sparing
from tests.soak.watch import Counts, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.soak.stage import Stage

LOOK_S = 0.25
"""Between two looks at how far everything is."""

WORK_MAX = 300
"""Pieces of work that are owed above which the shop waits: it has no endless customers."""

STILL_S_MAX = 120.0
"""Longest time in which nothing may change while something is open."""


@dataclass(slots=True)
class Performance:
    """What happened, for the report."""

    journal: Journal = field(default_factory=Journal)
    kills: Counter[str] = field(default_factory=Counter)
    restarts: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    call_outcomes: dict[str, int] = field(default_factory=dict)
    traffic_s: float = 0.0
    quiet_after_s: float = 0.0
    invariants: list[Invariant] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is asked, and how often something is killed: at any moment, or between two calls."""

    payments: int
    kills: int
    seed: int
    is_sparing: bool = False


class Play:
    """One run on one stage; `show` is told how many payments are settled and what is open."""

    def __init__(self, stage: Stage, scale: Scale, show: Callable[[int, str], None]) -> None:
        self._stage = stage
        self._scale = scale
        self._show = show
        self._killing = Killing(stage.service.supervisor, [])
        self._shop = Shop(stage.service.ingress_url, stage.api_key, seed=scale.seed)
        self._done = Performance(self._shop.journal)

    def perform(self) -> Performance:
        """Play it to the end. Raises LocalRunFailed when it cannot be."""
        with ExitStack() as open_:
            watch = open_.enter_context(closing(Watch(self._stage.database_url)))
            self._killing = self._planned(watch, open_)
            began_s = time.monotonic()
            asked_s = asyncio.run(self._traffic(watch))
            self._stage.provider.close_pages()
            asyncio.run(self._shop.verify(watch.unsettled()))
            self._until_quiet(watch)
            self._done.traffic_s = asked_s - began_s
            self._done.quiet_after_s = time.monotonic() - asked_s
        self._done.kills = self._killing.done
        self._done.restarts = self._stage.service.supervisor.restarts
        self._prove()
        return self._done

    def _planned(self, watch: Watch, open_: ExitStack) -> Killing:
        supervisor, strikes = self._stage.service.supervisor, planned(self._scale.kills)
        if not self._scale.is_sparing:
            return Killing(supervisor, strikes)
        redis_url = self._stage.service.environment["REDIS_URL"]
        sparing = open_.enter_context(closing(Sparing(watch, redis_url)))
        return Killing(supervisor, strikes, may_die=sparing.may_die)

    async def _traffic(self, watch: Watch) -> float:
        """Go on until all was asked and opened, and every customer has decided.

        What is still to be killed may wait for payments that are settled only when their pages are
        closed. Returns when the last was asked or killed (monotonic).
        """
        intents = drawn(self._scale.seed, self._stage.provider.name, self._scale.payments)
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(self._shop.ask(intents))
            still, asked_s = _Stillness(), 0.0
            while True:
                counts = await asyncio.to_thread(watch.counts)
                self._look(counts, still)
                (self._shop.gate.clear if counts.work > WORK_MAX else self._shop.gate.set)()
                completed = await asyncio.to_thread(watch.completed, self._shop.to_refund())
                await self._shop.refund(completed)
                if not asking.done() or not self._killing.is_over:
                    asked_s = time.monotonic()
                if asking.done() and self._is_decided():
                    return asked_s
                await asyncio.sleep(LOOK_S)

    def _is_decided(self) -> bool:
        provider = self._stage.provider
        return provider.opened >= len(self._shop.journal.payments) and provider.is_idle()

    def _until_quiet(self, watch: Watch) -> None:
        """Return when nothing is open, twice in a row: what is told late is waited for too."""
        still, was_quiet = _Stillness(), False
        while True:
            counts = watch.counts()
            self._look(counts, still)
            is_quiet = not counts.open and self._killing.is_over and self._stage.provider.is_idle()
            if is_quiet and was_quiet:
                return
            was_quiet = is_quiet
            time.sleep(LOOK_S)

    def _look(self, counts: Counts, still: _Stillness) -> None:
        self._stage.service.supervisor.check()
        self._killing.reached(counts.settled / self._scale.payments)
        self._show(counts.settled, counts.open)
        # Not the work: of that there is always some, as long as the provider is asked again.
        moved = (counts.payments, counts.settled, counts.open_refunds, bool(counts.work))
        still.require_change(moved, counts.open)

    def _prove(self) -> None:
        stage = self._stage
        with psycopg.connect(stage.database_url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            provider = stage.provider
            evidence = Evidence(
                provider.name, connection, provider.books, provider.calls(), self._shop.journal
            )
            with ThreadPoolExecutor() as beside:
                audited = beside.submit(stage.operator.audit)
                self._done.invariants = prove(evidence)
            audit = audited.result()
            problems = [str(problem) for problem in audit["problems"]] or [
                "it is not content" for _ in range(not audit["ok"])
            ]
            name = "`payratchet audit verify` agrees"
            self._done.invariants += [
                invariant(name, int(audit["checked"]), problems),
                self._came_back(),
            ]
            self._count(evidence)

    def _came_back(self) -> Invariant:
        running, done = self._stage.service.supervisor.pids, self._done
        problems = [f"{name} does not run" for name in done.kills if name not in running]
        problems += [
            f"{name} was killed {count} times and started again {done.restarts[name]} times"
            for name, count in done.kills.items()
            if done.restarts[name] < count
        ]
        if done.kills["worker"] < self._scale.kills:
            problems.append(f"only {done.kills['worker']} workers were killed")
        return invariant("what was killed came back", max(1, len(done.kills)), problems)

    def _count(self, evidence: Evidence) -> None:
        states = evidence.rows(
            "SELECT state, count(*) AS n FROM payment_logs GROUP BY 1 ORDER BY 1"
        )
        calls = evidence.rows(
            "SELECT concat_ws(' ', kind, coalesce(outcome, 'live'),"
            " CASE outcome WHEN 'not_sent' THEN message END) AS what, count(*) AS n"
            " FROM provider_calls GROUP BY 1 ORDER BY 1"
        )
        self._done.states = {row["state"]: row["n"] for row in states}
        self._done.call_outcomes = {row["what"]: row["n"] for row in calls}


class _Stillness:
    """Notices when nothing changes any more."""

    def __init__(self) -> None:
        self._seen: object = None
        self._since_s = time.monotonic()

    def require_change(self, seen: object, open_: str) -> None:
        now_s = time.monotonic()
        if seen != self._seen:
            self._seen, self._since_s = seen, now_s
        elif now_s - self._since_s > STILL_S_MAX:
            raise NotSettled(f"Nothing has changed for {STILL_S_MAX:.0f} s: {open_ or 'all quiet'}")
