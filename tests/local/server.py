"""One store's process: started, stopped, killed, and started again on the same data."""

from __future__ import annotations

import abc
import contextlib
import subprocess
import time
from typing import TYPE_CHECKING, ClassVar

from tests.local import privileges
from tests.local.errors import StoreFailed

if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
    from pathlib import Path

    from tests.local.privileges import Account

START_WAIT_S = 30.0
STOP_WAIT_S = 10.0
QUIT_WAIT_S = 3.0
POLL_S = 0.01
LOG_TAIL_BYTES = 2_000


class Server(abc.ABC):
    """A store of this run; start it from a thread that lives as long (see `privileges.start`)."""

    name: ClassVar[str]
    stop_signals: ClassVar[tuple[tuple[signal.Signals, float], ...]]

    def __init__(self, *, data: Path, log: Path, account: Account) -> None:
        self.data = data
        self.log = log
        self.account = account
        self.environment: dict[str, str] = {}
        """What the server process is told beside our own environment, from its next start on."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The main process; raises StoreFailed while the store is stopped."""
        if self._process is None:
            raise StoreFailed(f"{self.name} is not running.")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the main process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, and return once it answers; nothing happens when it runs.

        Raises StoreFailed with the end of its log when it ends or does not answer within
        START_WAIT_S.
        """
        if self.is_running:
            return
        deadline_s = time.monotonic() + START_WAIT_S
        log_from = self._spawn()
        while not self._is_ready():
            if not self.is_running:
                log_from = self._spawn_again(log_from)
            if time.monotonic() > deadline_s:
                self.kill()
                how = f"did not answer within {START_WAIT_S:.0f} s"
                raise StoreFailed(self._what_happened(log_from, how))
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Stop cleanly; each stop signal gets its time before the next, harder one."""
        process, self._process = self._process, None
        if process is None:
            return
        for stop_signal, wait_s in self.stop_signals:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(wait_s)
                return
        process.kill()
        process.wait()

    def kill(self) -> None:
        """End the main process with SIGKILL, as a crash would; `start` recovers what is durable."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    @abc.abstractmethod
    def _command(self) -> Sequence[str | Path]:
        """Return the program and its options."""

    @abc.abstractmethod
    def _is_ready(self) -> bool:
        """Tell whether the process that was started answers."""

    def _may_try_again(self, said: str) -> bool:
        """Tell whether what it said as it ended goes away by itself."""
        del said
        return False

    def _spawn(self) -> int:
        """Start the process and return where in the log it begins."""
        log_from = self._log_bytes()
        with self.log.open("ab") as output:
            self._process = privileges.start(
                self._command(), self.account, output=output, environment=self.environment
            )
        return log_from

    def _spawn_again(self, log_from: int) -> int:
        if self._may_try_again(self._said(log_from)):
            return self._spawn()
        self._process = None
        raise StoreFailed(self._what_happened(log_from, "ended as it started"))

    def _log_bytes(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _said(self, log_from: int) -> str:
        with self.log.open("rb") as log:
            log.seek(max(log_from, self._log_bytes() - LOG_TAIL_BYTES))
            return log.read().decode(errors="replace")

    def _what_happened(self, log_from: int, what: str) -> str:
        said = self._said(log_from)
        hints = {
            "No space left": "The disk is full. ",
            "Permission denied": "A file belongs to another user. ",
        }
        hint = "".join(text for words, text in hints.items() if words in said)
        return f"{self.name} {what}. {hint}The end of {self.log}:\n{said.strip()}"
