"""Limits and signals of running processes, as Linux lets their owner set them from outside."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal

KIB = 1_024


def have_limits() -> bool:
    """Say whether limits of other processes can be set here at all."""
    return sys.platform == "linux" and hasattr(resource, "prlimit")


def limit(pid: int, what: int, value: int) -> None:
    """Set a soft limit of a process; raises ProcessLookupError when it is gone."""
    _, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (value, hard))


def unlimit(pid: int | None, what: int) -> None:
    """Give a process its limit back; nothing happens when it is gone."""
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, what)
            resource.prlimit(pid, what, (hard, hard))


def memory_bytes(pid: int) -> int:
    """Return the address space that a process has; raises ProcessLookupError when it is gone."""
    try:
        pages = (Path("/proc") / str(pid) / "statm").read_text().split()[0]
    except (FileNotFoundError, IndexError):
        raise ProcessLookupError(pid) from None
    return int(pages) * resource.getpagesize()


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; nothing happens when the process is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
