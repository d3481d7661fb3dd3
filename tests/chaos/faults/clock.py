"""A wall clock that jumps, of one process, while all others keep the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.faults import shim
from tests.chaos.faults.shim import Dial

if TYPE_CHECKING:
    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

NS_PER_S = 1_000_000_000


class Jump:
    """Time jumps forwards or backwards, and back at the end; nothing is restarted for it."""

    def possible(self, stage: Stage) -> str | None:
        """Say whether processes look into files of dials."""
        is_loaded = any(shim.is_prepared(stage.folder, name) for name in stage.processes.names)
        return None if is_loaded else "the processes were started without the lab's injections"

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Jump."""
        del traffic
        jump_s = strike.parameters.get("jump_s", 0.0)
        control = shim.control_of(stage.folder, strike.target)
        shim.turn(control, Dial.CLOCK_NS, int(jump_s * NS_PER_S))
        return f"{strike.target} by {jump_s:+.0f} s"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Jump back."""
        del traffic
        shim.turn(shim.control_of(stage.folder, strike.target), Dial.CLOCK_NS, 0)
        return ""
