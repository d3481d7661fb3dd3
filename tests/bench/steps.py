"""Taking the steps of a run, with a bar on stderr for whoever waits."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.plan import Step

BAR_WIDTH = 30


def take(steps: Sequence[Step]) -> None:
    """Take each step in turn; at a terminal one bar moves, in a file each step is a line."""
    if not sys.stderr.isatty():
        for number, step in enumerate(steps, start=1):
            begun_s = time.monotonic()
            step.take()
            took_s = time.monotonic() - begun_s
            print(f"[{number}/{len(steps)}] {step.title}: {took_s:.1f} s", file=sys.stderr)
        return
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
            step.take()
            shown.advance(bar)
