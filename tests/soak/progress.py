"""Progress on stderr: a bar for a person at a terminal, a line a step for a file."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BAR_WIDTH = 36
LINE_EVERY_S = 10.0
"""How often a run without a terminal says where it is."""


def say(text: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def bar(title: str, *, total: int) -> Iterator[Callable[[int, str], None]]:
    """Give what shows how many of `total` are done, and what is open."""
    if not sys.stderr.isatty():
        yield _Lines(title, total).show
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=BAR_WIDTH),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with RichProgress(*columns, console=Console(file=sys.stderr)) as shown:
        task = shown.add_task(title, total=total, note="")
        yield lambda done, note: shown.update(task, completed=done, note=note)


class _Lines:
    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._next_s = time.monotonic()

    def show(self, done: int, note: str) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + LINE_EVERY_S
            say(f"{self._title}: {done} of {self._total} settled; {note or 'nothing open'}")
