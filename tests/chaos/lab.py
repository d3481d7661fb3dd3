"""The lab: raise the stage, send the traffic, let faults strike, heal, wait, and prove."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.chaos import keeping, plan, stage
from tests.chaos.errors import LabFailed
from tests.chaos.faults import injections
from tests.chaos.history import History
from tests.chaos.liveness import Waiting
from tests.chaos.nemesis import Nemesis
from tests.chaos.planted import planting
from tests.chaos.run import Run
from tests.chaos.summary import summed_up
from tests.chaos.traffic.traffic import Traffic
from tests.chaos.watching.sampler import Sampler
from tests.chaos.watching.watcher import Watcher

if TYPE_CHECKING:
    from tests.chaos.options import Options
    from tests.chaos.progress import Show
    from tests.chaos.report import Result
    from tests.chaos.stage import Stage

WARM_UP_S = 5.0
"""Load without faults, before the first may strike."""

LOOK_S = 0.2
CALM_AGE_S = 1.0
"""Age of the oldest open event below which the faults so far have left nothing to be done."""

CALM_SECONDS = 2
CALM_P99_S = 0.1
"""Seconds in a row, and the 99th percentile of their answers, after which none is slow for what
struck before."""


def run(options: Options, show: Show) -> Result:
    """Run the lab once and return what it came to; raises LocalRunFailed where it cannot be."""
    began_s = time.monotonic()
    strikes = _planned(options)
    with contextlib.ExitStack() as open_:
        folder = open_.enter_context(keeping.folder_of(options))
        show.phase("starting stores and processes")
        raised = open_.enter_context(
            stage.raised(
                folder,
                settings=Traffic.settings(options.seed),
                injections=planting.planted(injections.prepared(folder), options.bugs),
                seed=options.seed,
            )
        )
        planting.change(raised.database_url, options.bugs)
        history = open_.enter_context(History(folder / "history.jsonl"))
        traffic = open_.enter_context(contextlib.closing(Traffic(raised, options, history)))
        played = Play(options, raised, traffic, history, show).perform(strikes)
        show.phase("proving")
        return summed_up(played, began_s=began_s)


def _planned(options: Options) -> tuple[plan.Strike, ...]:
    if options.is_fault_free:
        return ()
    try:
        return plan.plan(options.seed, options.minutes, options.faults, options.fault_every_s)
    except ValueError as error:
        raise LabFailed(str(error)) from error


@dataclass(frozen=True, slots=True)
class Play:
    """One run on a stage: the load, the faults, and the peace after them."""

    options: Options
    stage: Stage
    traffic: Traffic
    history: History
    show: Show

    def perform(self, strikes: tuple[plan.Strike, ...]) -> Run:
        """Play it to the end. Raises LocalRunFailed when it cannot be."""
        self.show.phase("preparing the traffic")
        self.traffic.prepare()
        log: list[str] = []
        began_s = time.monotonic()
        with Watcher(self.stage.database_url) as watcher, Sampler(self._pids) as sampler:
            nemesis = Nemesis(
                self.stage,
                self.traffic,
                strikes,
                lambda line: log.append(f"{time.monotonic() - began_s:8.1f} s {line}"),
                is_calm=lambda: _is_calm(watcher, self.history),
            )
            self.traffic.start()
            self._go_on("warming up", WARM_UP_S, watcher, nemesis)
            unhealed = self._hurt(watcher, nemesis)
            healed_s = time.monotonic()
            self.traffic.stop()
            waiting = Waiting(self.stage, self.traffic, watcher, self.show, healed_s=healed_s)
            settled = waiting.settled(within_s=self.options.settle_s)
        return Run(
            options=self.options,
            stage=self.stage,
            traffic=self.traffic,
            history=self.history,
            nemesis=nemesis,
            watcher=watcher,
            sampler=sampler,
            settled=settled,
            began_s=began_s,
            healed_s=healed_s,
            unhealed=tuple(unhealed),
            log=tuple(log),
        )

    def _hurt(self, watcher: Watcher, nemesis: Nemesis) -> list[str]:
        """Let faults strike for as long as was asked, then take all of them away."""
        nemesis.start()
        try:
            self._go_on("striking", self.options.length_s, watcher, nemesis)
        finally:
            self.show.phase("healing")
            unhealed = nemesis.heal_all()
        self.stage.heal()
        return unhealed

    def _go_on(self, phase: str, lasts_s: float, watcher: Watcher, nemesis: Nemesis) -> None:
        """Let it go on for so long. Raises ProcessFailed when a process cannot be kept running."""
        self.show.phase(phase, lasts_s=lasts_s)
        began_s = time.monotonic()
        while (elapsed_s := time.monotonic() - began_s) < lasts_s:
            self.stage.processes.check()
            self.show.at(elapsed_s, self._note(watcher, nemesis))
            time.sleep(min(LOOK_S, lasts_s - elapsed_s))

    def _note(self, watcher: Watcher, nemesis: Nemesis) -> str:
        live, last = self.traffic.live, watcher.last
        owed = 0 if last is None else last.events
        lasting = " ".join(strike.kind for strike in nemesis.lasting)
        counts = f"{live.acked} acked, {live.refused} refused, {live.unknown} unknown, {owed} open"
        struck = sum(nemesis.faults_done.values())
        return f"{counts}, {live.late_s:.1f} s late; {struck} faults; now: {lasting or 'none'}"

    def _pids(self) -> dict[str, int]:
        found = {name: self.stage.processes.pid(name) for name in self.stage.processes.names}
        return {name: pid for name, pid in found.items() if pid is not None}


def _is_calm(watcher: Watcher, history: History) -> bool:
    last = watcher.last
    if last is None or last.age_s >= CALM_AGE_S:
        return False
    seconds = history.per_second()[-CALM_SECONDS:]
    return all(each.p99_s < CALM_P99_S for each in seconds)
