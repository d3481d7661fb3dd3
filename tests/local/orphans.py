"""Stop a store that a killed run left behind on our data folder.

The kernel stops the stores with their parent where `setpriv` is installed; this is for the machines
where it is not.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.local.errors import StoreFailed

STOP_WAIT_S = 10.0
KILL_WAIT_S = 5.0
LIST_WAIT_S = 5.0
POLL_S = 0.02


def stop(pid_file: Path, *, data: Path) -> None:
    """Stop the process that the pid file names, if it is a store of this data folder.

    Raises StoreFailed when it does not end.
    """
    pid = _pid_in(pid_file)
    if pid is None or not _serves(pid, data):
        return
    for stop_signal, wait_s in ((signal.SIGINT, STOP_WAIT_S), (signal.SIGKILL, KILL_WAIT_S)):
        try:
            os.kill(pid, stop_signal)
        except ProcessLookupError:
            return
        if _ends(pid, data, within_s=wait_s):
            return
    raise StoreFailed(
        f"A store of an earlier run (pid {pid}) holds {data} and does not end. End it first."
    )


def _pid_in(pid_file: Path) -> int | None:
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return None
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def _serves(pid: int, data: Path) -> bool:
    """Tell whether this process has our data: its number may belong to another one by now."""
    return str(data) in _command_line(pid) or _works_in(pid, data)


def _command_line(pid: int) -> str:
    if Path("/proc/self").exists():
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
            )
        except OSError:
            return ""
    words = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=LIST_WAIT_S, check=False
    ).stdout


def _works_in(pid: int, data: Path) -> bool:
    """Valkey rewrites its command line, but its working folder is its data folder."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data
    except OSError:
        return False


def _ends(pid: int, data: Path, *, within_s: float) -> bool:
    deadline_s = time.monotonic() + within_s
    while _serves(pid, data):
        if time.monotonic() > deadline_s:
            return False
        time.sleep(POLL_S)
    return True
