"""A clock that can be moved on, so that a day passes in a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """The system's time and what was added to it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the time, to the millisecond."""
        now = datetime.now(UTC) + self._ahead
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def advance(self, by_s: float) -> None:
        """Let so many seconds pass at once."""
        if by_s < 0:
            raise ValueError("time does not run backwards")
        self._ahead += timedelta(seconds=by_s)
