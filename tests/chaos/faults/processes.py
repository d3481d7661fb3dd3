"""Processes that die, stand still, run out of memory, or cannot write their log."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

from tests.chaos.faults import pids
from tests.chaos.faults.fault import NotNow

if TYPE_CHECKING:
    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

HELD_ABOVE = 0.7
"""Drawn above it, a killed process stays down for as long as the strike lasts."""

MIB = 1_024 * 1_024
NO_LIMITS = "limits of other processes cannot be set here"


def _pid(stage: Stage, name: str) -> int:
    pid = stage.processes.pid(name)
    if pid is None:
        raise NotNow(f"{name} is down")
    return pid


class Kill:
    """SIGKILL, to a process and all its children."""

    def possible(self, stage: Stage) -> str | None:
        """Say so: always."""
        del stage
        return None

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Kill it."""
        del traffic
        pid = _pid(stage, strike.target)
        held = strike.parameters.get("held", 0.0) > HELD_ABOVE
        if held:
            stage.processes.hold(strike.target)
        stage.processes.kill(strike.target)
        return f"{strike.target} pid {pid}" + (", held down" if held else "")

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Let it start again."""
        del traffic
        stage.processes.let(strike.target)
        return ""


class Stop:
    """SIGSTOP: it keeps its connections and locks, and does nothing."""

    def possible(self, stage: Stage) -> str | None:
        """Say so: always."""
        del stage
        return None

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Stop it."""
        del traffic
        pid = _pid(stage, strike.target)
        stage.processes.stop(strike.target)
        return f"{strike.target} pid {pid}"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Let it go on."""
        del traffic
        stage.processes.cont(strike.target)
        return ""


class OutOfMemory:
    """No more memory than it has and a little; what goes on with that is killed at the end."""

    def __init__(self) -> None:
        self._starved: dict[str, int] = {}

    def possible(self, stage: Stage) -> str | None:
        """Say whether its limits can be set."""
        del stage
        return None if pids.have_limits() else NO_LIMITS

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Take the memory away."""
        del traffic
        pid = _pid(stage, strike.target)
        self._starved[strike.target] = pid
        room_bytes = int(strike.parameters.get("room_mb", 0.0) * MIB)
        pids.limit(pid, resource.RLIMIT_AS, pids.memory_bytes(pid) + room_bytes)
        return f"{strike.target} pid {pid}, {room_bytes // MIB} MiB left"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Kill it as the kernel would, unless it is gone."""
        del traffic
        pid = self._starved.pop(strike.target, None)
        if pid is None:
            return ""
        if stage.processes.pid(strike.target) != pid:
            return "died by itself"
        stage.processes.kill(strike.target)
        return "killed"


class LogDiskFull:
    """It can write to no file; its log is the only one that it has."""

    def __init__(self) -> None:
        self._limited: dict[str, int] = {}

    def possible(self, stage: Stage) -> str | None:
        """Say whether its limits can be set."""
        del stage
        return None if pids.have_limits() else NO_LIMITS

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Let no file grow."""
        del traffic
        pid = _pid(stage, strike.target)
        self._limited[strike.target] = pid
        pids.limit(pid, resource.RLIMIT_FSIZE, 0)
        return f"{strike.target} pid {pid}"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Let files grow again."""
        del traffic
        pid = self._limited.pop(strike.target, None)
        pids.unlimit(pid, resource.RLIMIT_FSIZE)
        return "died of it" if pid not in {None, stage.processes.pid(strike.target)} else ""
