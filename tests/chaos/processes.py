"""The processes of the service on the stage: killed, stopped, restarted, held, and looked at."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tests.chaos.errors import NotReady
from tests.chaos.freezing import Frozen
from tests.local import readiness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.local.supervisor import Exit, Supervisor

STOP_S_MAX = 15.0
"""Longest that a process may take to stop when it is asked to; then it is killed."""

READY_S_MAX = 120.0
"""Longest that a process may take to become ready, on a machine that does much else."""

LOOK_S = 0.02

NO_PORTS: Mapping[str, int] = MappingProxyType({})

READY_PATHS = {"web": "/readyz", "console": "/livez"}
"""By kind, where a process that serves is asked."""

READY_WORDS = {"worker": b"worker.started", "relay": b"relay.started"}
"""By kind, what a process that serves nobody logs once it is at work."""


class Restart(NamedTuple):
    """How long a process took to end when it was asked to, and how it ended."""

    stopped_in_s: float
    returncode: int


class Processes:
    """The processes by name; the supervisor starts again what ends, unless it is held.

    May be used from any thread. `ports` says where those that serve are.
    """

    def __init__(self, supervisor: Supervisor, ports: Mapping[str, int] = NO_PORTS) -> None:
        self._supervisor = supervisor
        self._ports = ports
        self._ready_pids: dict[str, int] = {}
        self._frozen: dict[str, Frozen] = {}
        self._turn = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, whether they run or not."""
        return tuple(self._supervisor.restarts)

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often each was started again."""
        return self._supervisor.restarts

    @property
    def exits(self) -> Sequence[Exit]:
        """Every end of a process: (at_s, monotonic; name; returncode), oldest first."""
        return tuple(self._supervisor.exits)

    def pid(self, name: str) -> int | None:
        """Return the main process, or None while there is none."""
        return self._supervisor.child(name).pid

    def kill(self, name: str) -> int | None:
        """End it with SIGKILL, with whatever it forked; return who died, None if nobody was there.

        One that stands still dies as well.
        """
        pid = self.pid(name)
        if pid is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        return pid

    def stop(self, name: str) -> int | None:
        """Let it stand still (SIGSTOP); return who does, None if nobody was there."""
        pid = self.pid(name)
        if pid is None:
            return None
        self.cont(name)
        with self._turn:
            self._frozen[name] = Frozen(lambda: [-pid])
        return pid

    def cont(self, name: str) -> None:
        """Let it go on (SIGCONT); nothing happens when it does not stand still, or is dead."""
        with self._turn:
            frozen = self._frozen.pop(name, None)
        if frozen is not None:
            frozen.thaw()

    def hold(self, name: str) -> None:
        """Do not start it again when it has ended, until `let`."""
        self._supervisor.child(name).is_held = True

    def let(self, name: str) -> None:
        """Start it again whenever it has ended, as is usual."""
        self._supervisor.child(name).is_held = False

    def change(self, name: str, extra_environment: Mapping[str, str]) -> None:
        """Add to its environment from its next start on, in the place of what was added before."""
        self._supervisor.child(name).extra = dict(extra_environment)

    def restart(self, name: str, extra_environment: Mapping[str, str] | None = None) -> Restart:
        """Ask it to stop, and return once it has; it is started again at once.

        `extra_environment` is added to its environment from then on, in the place of what was added
        before; None leaves that as it is. One that does not stop within STOP_S_MAX is killed.
        Raises NotReady when it does not run.
        """
        if extra_environment is not None:
            self.change(name, extra_environment)
        child, asked_at_s = self._supervisor.child(name), time.monotonic()
        if child.pid is None:
            raise NotReady(f"{name} does not run and so cannot be restarted.")
        before = self._exits_of(name)
        child.ask_to_stop()
        while self._exits_of(name) == before:
            self.check()
            if time.monotonic() - asked_at_s > STOP_S_MAX:
                self.kill(name)
            time.sleep(LOOK_S)
        last = next(exit_ for exit_ in reversed(self.exits) if exit_.name == name)
        return Restart(last.at_s - asked_at_s, last.returncode)

    def is_ready(self, name: str) -> bool:
        """Tell whether it does its work: it answers, or has said that it began."""
        pid, kind = self.pid(name), kind_of(name)
        if pid is None:
            return False
        if kind in READY_PATHS:
            return readiness.is_ready(self._ports[name], path=READY_PATHS[kind])
        if self._ready_pids.get(name) != pid:
            if READY_WORDS[kind] not in self._supervisor.child(name).said_since_start():
                return False
            self._ready_pids[name] = pid
        return True

    def wait_ready(self, *names: str, within_s: float = READY_S_MAX) -> None:
        """Return once all of these are ready, or all there are.

        Raises NotReady with what the first that is not has said, ProcessFailed when one cannot be
        kept running.
        """
        deadline_s = time.monotonic() + within_s
        for name in names or self.names:
            while not self.is_ready(name):
                self.check()
                if time.monotonic() > deadline_s:
                    said = self._supervisor.child(name).what_it_said()
                    raise NotReady(f"{name} was not ready within {within_s:.0f} s.\n{said}")
                time.sleep(LOOK_S)

    def check(self) -> None:
        """Raise ProcessFailed when one died too often to be started again: all have ended then."""
        self._supervisor.check()

    def heal(self) -> None:
        """Let all go on, and none be held any more; their environments stay as they are."""
        for name in self.names:
            self.let(name)
            self.cont(name)
            if (pid := self.pid(name)) is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGCONT)

    def _exits_of(self, name: str) -> int:
        return sum(exit_.name == name for exit_ in self.exits)


def kind_of(name: str) -> str:
    """Return what a process is, without its number: `web` for `web-2`."""
    return name.partition("-")[0]
