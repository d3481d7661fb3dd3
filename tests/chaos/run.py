"""A run that is over: who took part, and when what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.history import History
    from tests.chaos.liveness import Settled
    from tests.chaos.nemesis import Nemesis
    from tests.chaos.options import Options
    from tests.chaos.stage import Stage
    from tests.chaos.traffic.traffic import Traffic
    from tests.chaos.watching.sampler import Sampler
    from tests.chaos.watching.watcher import Watcher


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that the proof and the report are made of; the stage is still up.

    `began_s` is when the load began and `healed_s` when the last fault was taken away (monotonic);
    `unhealed` is what could not be undone, `log` has a line for each beginning and end of a fault.
    """

    options: Options
    stage: Stage
    traffic: Traffic
    history: History
    nemesis: Nemesis
    watcher: Watcher
    sampler: Sampler
    settled: Settled
    began_s: float
    healed_s: float
    unhealed: tuple[str, ...]
    log: tuple[str, ...]
