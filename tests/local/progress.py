"""A progress bar on stderr; when that is no terminal, one line before and one after."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

BAR_CELLS = 24
LABEL_CELLS = 28
CLEAR_LINE = "\r\x1b[K"


class Progress:
    """A bar over `total` steps, removed at the end; then the time it took is told."""

    def __init__(self, title: str, *, total: int) -> None:
        self._title = title
        self._total = max(total, 1)
        self._done = 0
        self._began_s = time.monotonic()
        self._is_seen = sys.stderr.isatty()

    def __enter__(self) -> Self:
        if not self._is_seen:
            print(f"{self._title} …", file=sys.stderr)
        self.label("")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_seen:
            sys.stderr.write(CLEAR_LINE)
        if error is None:
            print(
                f"{self._title}: done in {time.monotonic() - self._began_s:.1f} s", file=sys.stderr
            )

    def advance(self, text: str) -> None:
        """Count one step, and show what it is about."""
        self._done = min(self._done + 1, self._total)
        self.label(text)

    def label(self, text: str) -> None:
        """Show what is being done, without counting."""
        if not self._is_seen:
            return
        full = BAR_CELLS * self._done // self._total
        bar = "█" * full + "░" * (BAR_CELLS - full)
        sys.stderr.write(
            f"{CLEAR_LINE}{self._title} {bar} {self._done}/{self._total} {text[:LABEL_CELLS]}"
        )
        sys.stderr.flush()
