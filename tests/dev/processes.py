"""Look at processes from outside, and run our programs in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parents[2]
WAIT_S = 30.0
POLL_S = 0.02
POSTGRES_NAMES = ("DATABASE_URL", "REDIS_URL")


class Holder(NamedTuple):
    """A process that holds stores, and what it said about them."""

    process: subprocess.Popen[str]
    told: dict[str, Any]


def is_alive(pid: int) -> bool:
    """Tell whether the process runs; one that ended and only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(holds: Callable[[], bool], *, within_s: float = WAIT_S) -> bool:
    """Return True as soon as the condition holds, False when it did not in time."""
    deadline_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(POLL_S)
    return True


def environment(**changes: str) -> dict[str, str]:
    """Return ours without the stores of this test run."""
    kept = {name: value for name, value in os.environ.items() if name not in POSTGRES_NAMES}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT), *_site_packages()]), **changes}


def hold_stores(
    folder: Path,
    *,
    prefix: Sequence[str] = (),
    python: str = sys.executable,
    changes: Mapping[str, str] | None = None,
) -> Holder:
    """Start a process that holds stores in this folder; end it with `end`."""
    process = subprocess.Popen(
        [*prefix, python, "-m", "tests.dev.hold_stores", folder],
        cwd=ROOT,
        env=environment(**(changes or {})),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    line = _stdout(process).readline()
    if not line:
        end(process)
        raise AssertionError("the process that holds the stores ended")
    return Holder(process, json.loads(line))


def end(process: subprocess.Popen[str]) -> int:
    """Kill if it still runs, collect it, and return its exit code."""
    process.kill()
    _stdout(process).close()
    return process.wait(WAIT_S)


def _stdout(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def _site_packages() -> list[str]:
    return [path for path in sys.path if path.endswith("site-packages")]
