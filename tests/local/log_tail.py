"""A process's log file: written by the process itself, bounded and shown by us."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

LOG_BYTES_MAX = 64_000_000
READ_BYTES_MAX = 1_000_000
END_BYTES = 4_000


class LogTail:
    """Follows one log file, which begins anew with each run; `echo` gets every line."""

    def __init__(self, path: Path, *, prefix: str, echo: TextIO | None) -> None:
        self.path = path
        self._prefix = prefix
        self._echo = echo
        self._shown_bytes = 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(b"")

    def show(self) -> None:
        """Pass on the whole lines written since the last call; empty a file that is too long."""
        if self._echo is not None:
            with self.path.open("rb") as log:
                log.seek(self._shown_bytes)
                lines = log.read(READ_BYTES_MAX)
            whole_bytes = len(lines) if len(lines) == READ_BYTES_MAX else lines.rfind(b"\n") + 1
            self._shown_bytes += whole_bytes
            for line in lines[:whole_bytes].decode(errors="replace").splitlines():
                self._echo.write(f"{self._prefix}{line}\n")
            self._echo.flush()
        if self.path.stat().st_size > LOG_BYTES_MAX:
            os.truncate(self.path, 0)
            self._shown_bytes = 0

    def note(self, text: str) -> None:
        """Add a line of our own."""
        with self.path.open("a") as log:
            log.write(f"{text}\n")

    def end(self) -> str:
        """Return the last END_BYTES."""
        with self.path.open("rb") as log:
            log.seek(max(0, self.path.stat().st_size - END_BYTES))
            return log.read().decode(errors="replace").strip()
