"""The play: announce, let the traffic run while things are killed, put right, prove."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg

from tests.demo import minute, mistake, quiet
from tests.demo.act import Act
from tests.demo.mishaps import Mishaps
from tests.demo.operator import Operator
from tests.demo.performance import Performance
from tests.demo.post import Post
from tests.demo.proof import api, prove
from tests.demo.proof.invariant import Invariant, invariant
from tests.demo.repairs import Repairs
from tests.simulator.courier import Courier
from tests.simulator.morning import recorded
from tests.simulator.signing import secrets_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.demo.progress import Progress
    from tests.demo.proof.evidence import Evidence
    from tests.demo.stage import Stage
    from tests.simulator.courier import Parcel

TRAFFIC_S = 10.0
"""The morning in fast motion; long enough that what is killed is missed."""

PAYMENTS_OF_TRAFFIC_S = 600
SHORT_TRAFFIC_S = 5.0
"""Fewer payments need less time, but the supervisor and the relay need theirs."""


KILLED = ("web", "worker")
"""Processes that the mishaps kill; the supervisor starts them again."""


_DISCARDED = "SELECT id FROM dead_letters WHERE status = 'discarded'"


class Play:
    """One run on one stage."""

    def __init__(self, stage: Stage, *, seed: int, payments: int, progress: Progress) -> None:
        self._stage = stage
        self._seed = seed
        self._payments = payments
        self._progress = progress
        self._supervisor = stage.service.supervisor
        self._operator = Operator(stage.environment, stage.stores.folder / "papers")
        self._done = Performance(recorded(seed, payments=payments))
        self._post = Post(stage.provider, self._courier(), seed=seed)
        self._act = Act(stage, self._operator, self._post, seed=seed)
        self._victim = mistake.victim(self._done.morning)

    def perform(self) -> Performance:
        """Play all acts in order. Raises LocalRunFailed or DeliveryFailed when one cannot be."""
        began_at = datetime.now(UTC)
        with (
            psycopg.connect(self._stage.database_url, autocommit=True) as connection,
            self._post.delivering(),
        ):
            self._announce()
            mistake.deploy(connection, self._victim.reference)
            self._traffic()
            self._until_quiet(connection)
            mistake.mend(connection)
            self._put_right(began_at)
            self._until_quiet(connection)
            self._spend_a_minute(connection)
        self._take_down()
        self._prove()
        return self._done

    def _take_down(self) -> None:
        """Note what all the others know of this run."""
        done, provider = self._done, self._stage.provider
        done.restarts = self._supervisor.restarts
        done.answers += self._post.answers
        done.webhooks_lost = self._post.lost
        done.shop, done.taken, done.calls = (
            self._act.journal,
            provider.books,
            list(provider.journal),
        )

    def _announce(self) -> None:
        morning = self._done.morning
        with (
            self._progress.step(f"announcing {len(morning.announced)} payments"),
            ThreadPoolExecutor() as beside,
        ):
            prepared = beside.submit(self._act.prepare)
            self._operator.announce(morning.announced, reason="the morning's orders")
            prepared.result()

    def _traffic(self) -> None:
        parcels = self._done.morning.parcels
        with self._progress.bar("traffic", total=len(parcels)) as bar:
            mishaps = Mishaps(self._stage, total=len(parcels))

            def on_answer(count: int) -> None:
                bar.reached(count)
                mishaps.answered(count)

            courier = self._courier(on_answer)
            asyncio.run(self._run_traffic(courier, mishaps, parcels))
        self._done.answers += courier.answers
        self._done.mishaps = mishaps.done

    async def _run_traffic(self, courier: Courier, mishaps: Mishaps, parcels: list[Parcel]) -> None:
        share = min(1.0, self._payments / PAYMENTS_OF_TRAFFIC_S)
        within_s = SHORT_TRAFFIC_S + (TRAFFIC_S - SHORT_TRAFFIC_S) * share
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(mishaps.strike())
            tasks.create_task(self._deliver(courier, parcels, within_s))
            tasks.create_task(self._act.play(payments=self._payments, within_s=within_s))

    async def _deliver(self, courier: Courier, parcels: list[Parcel], within_s: float) -> None:
        began_s = time.monotonic()
        await courier.deliver(parcels, within_s=within_s)
        self._done.traffic_s = time.monotonic() - began_s

    def _courier(self, on_answer: Callable[[int], None] = lambda _: None) -> Courier:
        secrets = secrets_of(self._stage.environment)
        url = self._stage.service.ingress_url
        return Courier(url, secrets, seed=self._seed, on_answer=on_answer)

    def _until_quiet(self, connection: psycopg.Connection) -> None:
        with self._progress.step("waiting until nothing is owed"):
            took_s = quiet.until_nothing_is_owed(
                connection, self._supervisor, is_told=lambda: self._post.is_idle
            )
        self._done.quiet_after_s = self._done.quiet_after_s or took_s

    def _put_right(self, began_at: datetime) -> None:
        with self._progress.step("an operator puts things right"):
            courier = self._courier()
            repairs = Repairs(
                self._stage, self._operator, self._done.morning, courier, began_at=began_at
            )
            self._done.repaired = repairs.make()
            self._done.answers += courier.answers

    def _spend_a_minute(self, connection: psycopg.Connection[Any]) -> None:
        with self._progress.step("an operator finds one lost credit, and cures it"):
            spent = minute.spend(self._operator, connection, self._victim)
        self._done.minute = spent
        self._done.repaired.replays.append(spent.replay)

    def _prove(self) -> None:
        with (
            self._progress.step("proving the invariants"),
            psycopg.connect(self._stage.database_url) as connection,
        ):
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            evidence = self._done.evidence(connection)
            with ThreadPoolExecutor() as beside:
                audited = beside.submit(self._operator.audit)
                self._done.invariants = prove(evidence)
            self._done.invariants += [
                _agrees(audited.result()),
                self._obeyed(evidence),
                self._cured(),
                self._came_back(),
                api.what_was_never_told_is_mended(evidence, self._done.repaired.reconciled),
            ]

    def _came_back(self) -> Invariant:
        running = self._supervisor.pids
        problems = [f"{name} does not run" for name in KILLED if name not in running]
        problems += [f"{name} was not killed" for name in KILLED if not self._done.restarts[name]]
        return invariant("what was killed came back", len(KILLED), problems)

    def _cured(self) -> Invariant:
        """The lost credit is there, and the rehearsal had said so."""
        spent = self._done.minute
        problems = [] if spent and spent.is_cured else [f"it is not: {spent}"]
        return invariant("the operator's minute gave one lost credit back", 1, problems)

    def _obeyed(self, evidence: Evidence) -> Invariant:
        """What the operator asked for was done, to the letters that were named and to no other."""
        done = self._done.repaired
        named = set(done.discarded)
        discarded = {row["id"] for row in evidence.rows(_DISCARDED)}
        problems = [f"a replay failed: {told}" for told in done.replays if told["failed"]]
        problems += [f"letter {n} should be discarded and is not" for n in named - discarded]
        problems += [f"letter {n} is discarded, but nobody named it" for n in discarded - named]
        checked = len(done.replays) + len(named)
        return invariant("the operator's replay and discard did what they say", checked, problems)


def _agrees(audit: dict[str, Any]) -> Invariant:
    problems = [str(problem) for problem in audit["problems"]]
    if not audit["ok"] and not problems:
        problems = ["it is not content, and does not say why"]
    return invariant("`payratchet audit verify` agrees", int(audit["checked"]), problems)
