"""Progress on stderr: bars for a person at a terminal, one line a step for a file."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as RichProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import TaskID


class Bar:
    """One bar; `reached` says how far it is."""

    def __init__(self, shown: RichProgress, task: TaskID) -> None:
        self._shown = shown
        self._task = task

    def reached(self, count: int) -> None:
        """Show that so much is done."""
        self._shown.update(self._task, completed=count)


class Progress:
    """Shows what is being done; nothing of it goes to stdout."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr)
        self._is_seen = sys.stderr.isatty()

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show that something of unknown length is being done."""
        if not self._is_seen:
            print(f"{title} …", file=sys.stderr)
            began_s = time.monotonic()
            yield
            print(f"{title}: {time.monotonic() - began_s:.1f} s", file=sys.stderr)
            return
        with self._console.status(title):
            yield
        self._console.print(f"[green]✓[/] {title}", highlight=False)

    @contextlib.contextmanager
    def bar(self, title: str, *, total: int) -> Iterator[Bar]:
        """Show how far something of known length has come."""
        if not self._is_seen:
            print(f"{title}: {total} deliveries …", file=sys.stderr)
        with RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._is_seen,
        ) as shown:
            yield Bar(shown, shown.add_task(title, total=total))
