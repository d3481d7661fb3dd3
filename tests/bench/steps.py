"""Taking the steps of a run, with a bar on stderr for whoever waits."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psycopg
import redis
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from tests.bench.errors import BenchFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.plan import Step

BAR_WIDTH = 30


FAILURES = (BenchFailed, psycopg.Error, redis.RedisError, subprocess.SubprocessError, OSError)
"""What ends a step: its figures are then missing, and the run goes on."""


def take(steps: Sequence[Step]) -> list[str]:
    """Take each step in turn, and return the sentences of those that failed.

    At a terminal one bar moves, in a file each step is a line.
    """
    failures: list[str] = []
    if not sys.stderr.isatty():
        for number, step in enumerate(steps, start=1):
            begun_s = time.monotonic()
            _take(step, failures)
            took_s = time.monotonic() - begun_s
            print(f"[{number}/{len(steps)}] {step.title}: {took_s:.1f} s", file=sys.stderr)
        return failures
    with Progress(
        SpinnerColumn(),
        BarColumn(bar_width=BAR_WIDTH),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=Console(file=sys.stderr),
    ) as shown:
        bar = shown.add_task("", total=len(steps))
        for step in steps:
            shown.update(bar, description=step.title)
            _take(step, failures)
            shown.advance(bar)
    return failures


def _take(step: Step, failures: list[str]) -> None:
    try:
        step.take()
    except FAILURES as error:
        failures.append(f"{step.title}: {type(error).__name__}: {error}")
