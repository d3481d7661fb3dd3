"""Progress on stderr: a bar with counters at a terminal, a line now and then in a file."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from tests.soak.progress import BAR_WIDTH, LINE_EVERY_S, say

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Show", "bar", "say"]


class Show(Protocol):
    """Shows how far a run is."""

    def phase(self, name: str, *, lasts_s: float | None = None) -> None:
        """Begin a part of the run; `lasts_s` is how long it takes, where that is known."""

    def at(self, elapsed_s: float, note: str) -> None:
        """Say how far the part is, and what is going on."""


@contextlib.contextmanager
def bar() -> Iterator[Show]:
    """Give what shows the progress of a run."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=BAR_WIDTH),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with RichProgress(*columns, console=Console(file=sys.stderr)) as shown:
        yield _Bar(shown)


class _Bar:
    def __init__(self, shown: RichProgress) -> None:
        self._shown = shown
        self._task = shown.add_task("", note="")

    def phase(self, name: str, *, lasts_s: float | None = None) -> None:
        self._shown.reset(self._task, description=name, total=lasts_s, note="")

    def at(self, elapsed_s: float, note: str) -> None:
        self._shown.update(self._task, completed=elapsed_s, note=note)


class _Lines:
    def __init__(self) -> None:
        self._name = ""
        self._next_s = 0.0

    def phase(self, name: str, *, lasts_s: float | None = None) -> None:
        self._name = name
        self._next_s = time.monotonic() + LINE_EVERY_S
        say(name if lasts_s is None else f"{name} ({lasts_s:.0f} s)")

    def at(self, elapsed_s: float, note: str) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + LINE_EVERY_S
            say(f"{self._name}: {elapsed_s:.0f} s; {note}")
