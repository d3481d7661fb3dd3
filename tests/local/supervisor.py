"""Keep the processes of a Procfile running: start them, restart those that die, stop them all.

One thread does everything, so that the kernel ends the processes with us (it watches the thread
that started them) while the caller's thread is free for traffic.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from tests.local import readiness, signals
from tests.local.child import DIES_BY, Child
from tests.local.errors import LocalRunFailed, ProcessFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import TextIO

POLL_S = 0.05
START_WAIT_S = 10.0
READY_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the supervisor waits and how often it tries."""

    stop_wait_s: float = 9.0
    backoff_min_s: float = 0.1
    backoff_max_s: float = 5.0
    # A process that lived this long was well: its next death starts at the shortest backoff again.
    stable_after_s: float = 10.0
    deaths_in_a_row_max: int = 8


PATIENCE = Patience()


class Exit(NamedTuple):
    """The end of a process: when it was noticed (monotonic), whose it was, and how it ended."""

    at_s: float
    name: str
    returncode: int


class Supervisor:
    """Processes by name, started on entering and stopped on leaving, in the given order.

    `dies_by` is the signal that ends them when this process is killed.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        *,
        environments: Mapping[str, Mapping[str, str]],
        logs: Path,
        folder: Path,
        echo: TextIO | None = None,
        patience: Patience = PATIENCE,
        dies_by: str = DIES_BY,
    ) -> None:
        self.exits: list[Exit] = []
        self._patience = patience
        width = max(map(len, commands), default=0)
        self._children = {
            name: Child(
                name.ljust(width),
                words,
                environment=environments[name],
                log=logs / f"{name}.log",
                folder=folder,
                echo=echo,
                dies_by=dies_by,
            )
            for name, words in commands.items()
        }
        self._stopping = threading.Event()
        self._started = threading.Event()
        # Not the thread's own join: interrupted by Ctrl-C, Python 3.11 takes the thread for ended.
        self._ended = threading.Event()
        self._failure: ProcessFailed | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start every process and return; raises ProcessFailed when one cannot even be started."""
        self._thread.start()
        self._started.wait(START_WAIT_S)
        self.check()

    def stop(self) -> None:
        """Ask all to stop, in order; end by force what is left after `stop_wait_s`."""
        with signals.undisturbed():
            self._stopping.set()
            if self._thread.ident is not None:
                self._ended.wait()

    def check(self) -> None:
        """Raise ProcessFailed when a process died too often to be started again."""
        if self._failure is not None:
            raise self._failure

    def wait(self) -> None:
        """Wait until the caller is interrupted; raises ProcessFailed when one fails for good."""
        while not self._ended.wait(POLL_S):
            self.check()
        self.check()

    def wait_ready(self, port: int, *, within_s: float = READY_WAIT_S) -> None:
        """Return once `GET /readyz` on this port answers 200.

        Raises ProcessFailed with the end of every log when it does not within `within_s`.
        """
        deadline_s = time.monotonic() + within_s
        while not readiness.is_ready(port):
            self.check()
            if time.monotonic() > deadline_s:
                said = "\n".join(child.what_it_said() for child in self._children.values())
                raise ProcessFailed(f"Port {port} was not ready within {within_s:.0f} s.\n{said}")
            time.sleep(POLL_S)

    @property
    def pids(self) -> dict[str, int]:
        """The main process of each name that runs now; it changes when one is restarted."""
        return {name: child.pid for name, child in self._children.items() if child.pid is not None}

    @property
    def restarts(self) -> dict[str, int]:
        """How often each was started again."""
        return {name: child.restarts for name, child in self._children.items()}

    def child(self, name: str) -> Child:
        """Return the process of this name, to look at it and to tell it what it has attributes for.

        Only the supervisor's own thread starts it.
        """
        return self._children[name]

    def _run(self) -> None:
        try:
            for child in self._children.values():
                child.start()
            self._started.set()
            while not self._stopping.wait(POLL_S) and self._failure is None:
                self._look_after()
        except (OSError, LocalRunFailed) as error:
            self._failure = ProcessFailed(str(error))
        finally:
            self._started.set()
            self._stop_all()
            self._ended.set()

    def _look_after(self) -> None:
        now_s = time.monotonic()
        for name, child in self._children.items():
            child.show()
            if child.is_running:
                continue
            if child.restart_at_s is None:
                self._plan_restart(child, now_s)
                self.exits.append(Exit(now_s, name, child.returncode or 0))
            elif now_s >= child.restart_at_s and not child.is_held:
                child.restart()

    def _plan_restart(self, child: Child, now_s: float) -> None:
        patience = self._patience
        if child.was_asked_to_stop:
            child.restart_at_s = now_s
            return
        was_well = child.age_s(now_s) > patience.stable_after_s
        child.deaths_in_a_row = 1 if was_well else child.deaths_in_a_row + 1
        if child.deaths_in_a_row > patience.deaths_in_a_row_max:
            how = f"{child.name.strip()} died {child.deaths_in_a_row} times in a row."
            self._failure = ProcessFailed(f"{how}\n{child.what_it_said()}")
            return
        backoff_s = patience.backoff_min_s * 2 ** (child.deaths_in_a_row - 1)
        child.restart_at_s = now_s + min(backoff_s, patience.backoff_max_s)

    def _stop_all(self) -> None:
        for child in self._children.values():
            child.ask_to_stop()
        deadline_s = time.monotonic() + self._patience.stop_wait_s
        while time.monotonic() < deadline_s and any(
            child.is_running for child in self._children.values()
        ):
            time.sleep(POLL_S)
        for child in self._children.values():
            child.end()
            child.show()
