"""Run a generator to its end in a process of its own, and account for what it spent."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.errors import BenchFailed
from tests.local import privileges

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Ended:
    """What a generator printed, when it ended (monotonic), and the CPU time it took."""

    text: str
    ended_s: float
    cpu_s: float


def start(words: Sequence[str | Path]) -> subprocess.Popen[str]:
    """Start a generator; it ends with the thread that calls this."""
    return subprocess.Popen(
        [*privileges.die_with_parent("KILL"), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )


def run(words: Sequence[str | Path], *, within_s: float) -> Ended:
    """Run it to its end.

    Raises BenchFailed when it fails, or takes longer than it may.
    """
    before = os.times()
    with start(words) as process:
        try:
            text, _ = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise BenchFailed(f"{words[0]} did not end within {within_s:.0f} s.") from None
        ended_s = time.monotonic()
    if process.returncode != 0:
        raise BenchFailed(f"{words[0]} ended with {process.returncode}.\n{text.strip()}")
    after = os.times()
    cpu_s = after.children_user + after.children_system
    return Ended(text, ended_s, cpu_s - before.children_user - before.children_system)
