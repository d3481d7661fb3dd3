"""The nemesis: strikes as planned, each in a thread of its own, and heals whatever it broke."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.chaos.faults.fault import NotNow
from tests.chaos.faults.registry import faults
from tests.chaos.kinds import KINDS, QUIET
from tests.chaos.plan import AT_ONCE_MAX, Strike

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.chaos.faults.fault import Fault, Rotates
    from tests.chaos.stage import Stage

LATE_S_MAX = 30.0
"""How late a strike may begin because others are not over; later it is left out."""

HEAL_S_MAX = 30.0
HEAL_AGAIN_S = 0.25
"""How long, and how often, an end is tried that fails."""

JOIN_S_MAX = 60.0
LOOK_S = 0.1
"""How often it is looked whether a strike may begin that has to wait."""

QUIET_AFTER_S = {kind: bound.quiet_after_s for kind, bound in QUIET.items()}
"""For how long nothing else begins after a strike that is measured, late or not."""


@dataclass(slots=True)
class Struck:
    """A strike that has begun. `pid` is the process that it hit, where it is one of ours.

    `hit_monotonic_s` is when the fault was there, after the beginning. `note` says what was hit and
    what came of it; `missed` that there was nothing to hit.
    """

    strike: Strike
    began_monotonic_s: float
    hit_monotonic_s: float | None = None
    ended_monotonic_s: float | None = None
    pid: int | None = None
    note: str = ""
    missed: bool = False
    is_healed: bool = field(default=False)


def _nobody(line: str) -> None:
    """Tell nobody."""
    del line


def _always() -> bool:
    """Say that it is calm."""
    return True


class Nemesis:
    """Strikes from `start` on until `heal_all`, or until `wait` returns because all is done.

    `left_out` says why a kind does not strike at all, and which strikes found no time. `log` is
    told a line for each beginning and each end. A strike that is to be measured begins once
    `is_calm` says that those before it have left nothing behind, and nothing else begins for a
    while after it. `known` are the faults that it can have, all of them by default.
    """

    def __init__(
        self,
        stage: Stage,
        traffic: Rotates,
        strikes: Sequence[Strike],
        log: Callable[[str], object] = _nobody,
        *,
        is_calm: Callable[[], bool] = _always,
        known: Mapping[str, Fault] | None = None,
    ) -> None:
        self.faults_done: Counter[str] = Counter()
        self.struck: list[Struck] = []
        self._stage = stage
        self._traffic = traffic
        self._log = log
        self._is_calm = is_calm
        self._faults = faults() if known is None else known
        self._strikes = strikes
        kinds = sorted({strike.kind for strike in strikes})
        self.left_out = {kind: why for kind in kinds if (why := self._faults[kind].possible(stage))}
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._lasting: list[Strike] = []
        self._threads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self.run, name="nemesis", daemon=True)

    def start(self) -> None:
        """Begin; the plan's times count from now."""
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until every strike is over; return whether they are."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def run(self) -> None:
        """Strike until all is done or it is stopped."""
        began_s = time.monotonic()
        for strike in self._strikes:
            if self._stopping.wait(max(0.0, began_s + strike.at_s - time.monotonic())):
                break
            if strike.kind not in self.left_out:
                self._begin(strike)
        for thread in self._threads:
            thread.join(JOIN_S_MAX)

    def heal_all(self) -> list[str]:
        """Strike no more, end what lasts, and undo whatever any fault can have done.

        Return what could not be undone: nothing, if all is well. May be called again, and after a
        run that was interrupted.
        """
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S_MAX)
        unhealed = []
        for kind, fault in self._faults.items():
            if fault.possible(self._stage) is not None:
                continue
            for target in KINDS[kind].targets:
                try:
                    with contextlib.suppress(NotNow):
                        fault.end(self._stage, self._traffic, Strike(0.0, kind, target, 0.0))
                except Exception as error:  # noqa: BLE001 - the others must be healed too
                    unhealed.append(f"{kind} at {target}: {type(error).__name__}: {error}")
        return unhealed

    @property
    def lasting(self) -> tuple[Strike, ...]:
        """What lasts at this moment."""
        with self._changed:
            return tuple(self._lasting)

    def _begin(self, strike: Strike) -> None:
        """Wait for those that it must not meet, and begin it in a thread of its own."""
        give_up_s = time.monotonic() + LATE_S_MAX
        with self._changed:
            while not (self._stopping.is_set() or self._may_begin(strike)):
                if time.monotonic() < give_up_s:
                    self._changed.wait(LOOK_S)
                    continue
                late = f"{strike.kind} at {strike.at_s:.1f} s"
                self.left_out[late] = "those before it were not over"
                return
            if self._stopping.is_set():
                return
            self._lasting.append(strike)
        thread = threading.Thread(
            target=self._strike, args=(strike,), name=f"strike-{strike.kind}", daemon=True
        )
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def _may_begin(self, strike: Strike) -> bool:
        if strike.alone:
            return not self._lasting and self._is_calm()
        if any(other.alone for other in self._lasting):
            return False
        busy = {thing for other in self._lasting for thing in other.busies}
        return len(self._lasting) < AT_ONCE_MAX and busy.isdisjoint(strike.busies)

    def _strike(self, strike: Strike) -> None:
        struck = Struck(strike, time.monotonic(), pid=self._pid(strike))
        self.struck.append(struck)
        try:
            struck.note = self._faults[strike.kind].begin(self._stage, self._traffic, strike)
        except NotNow as nothing:
            struck.note, struck.missed = str(nothing), True
        except Exception as error:  # noqa: BLE001 - what it did half is undone all the same
            struck.note, struck.missed = f"{type(error).__name__}: {error}", True
        struck.hit_monotonic_s = time.monotonic()
        self._log(f"+ {strike.kind} {strike.target}: {struck.note}")
        self._stopping.wait(max(0.0, struck.began_monotonic_s + strike.lasts_s - time.monotonic()))
        self._end(struck)
        if strike.alone:
            self._stopping.wait(QUIET_AFTER_S.get(strike.kind, 0.0))
        with self._changed:
            self._lasting.remove(strike)
            self._changed.notify_all()

    def _end(self, struck: Struck) -> None:
        """End it, again and again if it must be; what then still lasts `heal_all` tells of."""
        strike, said = struck.strike, ""
        give_up_s = time.monotonic() + HEAL_S_MAX
        while not struck.is_healed and time.monotonic() < give_up_s:
            try:
                said = self._faults[strike.kind].end(self._stage, self._traffic, strike)
                struck.is_healed = True
            except NotNow as nothing:
                said, struck.missed, struck.is_healed = str(nothing), True, True
            except Exception as error:  # noqa: BLE001 - it is tried again
                said = f"not healed: {type(error).__name__}: {error}"
                time.sleep(HEAL_AGAIN_S)
        struck.ended_monotonic_s = time.monotonic()
        struck.note = "; ".join(filter(None, (struck.note, said)))
        self.faults_done[strike.kind] += not struck.missed
        self._log(f"- {strike.kind} {strike.target}: {said}")

    def _pid(self, strike: Strike) -> int | None:
        names = self._stage.processes.names
        return self._stage.processes.pid(strike.target) if strike.target in names else None
