"""One process of a Procfile, in a process group of its own, with its output in a file."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.local import privileges
from tests.local.log_tail import LogTail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import TextIO

# An end by SIGTERM, so that a process whose parent was killed still finishes what it holds.
DIES_BY = "TERM"
NO_EXTRA: Mapping[str, str] = MappingProxyType({})


class Child:
    """Belongs to the thread that calls `start`: when that thread ends, so does the process.

    `dies_by` is the signal that ends it then. `extra` is added to its environment when it is next
    started. While `is_held` its supervisor does not start it again. After `ask_to_stop`, its end
    counts as no death.
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        folder: Path,
        echo: TextIO | None,
        dies_by: str = DIES_BY,
    ) -> None:
        self.name = name
        self.extra = NO_EXTRA
        self.is_held = False
        self.was_asked_to_stop = False
        self.restarts = 0
        self.deaths_in_a_row = 0
        self.restart_at_s: float | None = None
        self._words = words
        self._environment = environment
        self._folder = folder
        self._tail = LogTail(log, prefix=f"{name} | ", echo=echo)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._dies_by = dies_by
        self._log_from_bytes = 0

    @property
    def pid(self) -> int | None:
        """The main process, or None when it is dead."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def is_running(self) -> bool:
        """Whether the main process lives; what is left of a dead one's group is ended."""
        if self._process is None:
            return False
        if self._process.poll() is None:
            return True
        self._end_group()
        return False

    def age_s(self, now_s: float) -> float:
        """Return how long ago it was started."""
        return now_s - self._started_s

    @property
    def returncode(self) -> int | None:
        """How it ended (a negative number is a signal's); None while it runs, or never did."""
        return self._process.returncode if self._process is not None else None

    def start(self) -> None:
        """Start it; raises OSError when that is not possible."""
        self.restart_at_s = None
        self.was_asked_to_stop = False
        self._started_s = time.monotonic()
        with self._tail.path.open("ab") as output:
            self._log_from_bytes = output.tell()
            self._process = subprocess.Popen(
                [*privileges.die_with_parent(self._dies_by), *self._words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env={**self._environment, **self.extra},
                start_new_session=True,
            )

    def restart(self) -> None:
        """Start it again after its death, and say so in its log."""
        self._tail.note(f"ended with {self.returncode or 0}; started again")
        self.start()
        self.restarts += 1

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the main process, which tells its own."""
        if self._process is not None and self._process.poll() is None:
            self.was_asked_to_stop = True
            self._process.terminate()

    def end(self) -> None:
        """End the whole group by force, if anything of it is left."""
        if self._process is None:
            return
        self._end_group()
        self._process.wait()

    def show(self) -> None:
        """Pass on what it wrote since the last time."""
        self._tail.show()

    def said_since_start(self) -> bytes:
        """Return what it wrote since it was last started, as far as that is still kept."""
        with self._tail.path.open("rb") as log:
            log.seek(self._log_from_bytes)
            return log.read()

    def what_it_said(self) -> str:
        """Return the end of its log, under its name."""
        return f"--- {self.name.strip()}: the end of {self._tail.path}\n{self._tail.end()}"

    def _end_group(self) -> None:
        if self._process is not None:
            # macOS answers EPERM for a group that is already gone but not collected.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
