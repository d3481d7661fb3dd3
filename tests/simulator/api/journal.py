"""The journal: every call of the API, what became of it, and what the caller was told."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS_MAX = 200_000
"""Calls that are remembered; the oldest are forgotten."""


class Sent(StrEnum):
    """How much of the answer left here."""

    NOTHING = "nothing"
    PART = "part"
    ALL = "all"


@dataclass(slots=True)
class Call:
    """One call.

    `key` is its idempotency key, `about` the reference it is about. `status` is what was, or
    would have been, answered; `at` the simulated time in Unix seconds.
    """

    number: int
    at: float
    provider: str
    operation: str
    method: str
    path: str
    key: str = ""
    about: str = ""
    effect: bool = False
    replayed: bool = False
    fault: str | None = None
    status: int = 0
    sent: Sent = Sent.NOTHING

    def as_tree(self) -> dict[str, Any]:
        """Return it as the control API writes it."""
        return asdict(self)


class Journal:
    """The newest calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=CALLS_MAX)
        self._count = 0

    def __iter__(self) -> Iterator[Call]:
        """Go through a copy: calls may come in meanwhile."""
        return iter(list(self._calls))

    def __len__(self) -> int:
        """Return how many calls there have been, forgotten ones included."""
        return self._count

    def note(self, **call: Any) -> Call:
        """Enter a call; it is filled in as it goes on."""
        self._count += 1
        made = Call(number=self._count, **call)
        self._calls.append(made)
        return made

    def of(self, operation: str, *, about: str | None = None) -> list[Call]:
        """Return the calls of one operation, perhaps about one reference only."""
        return [
            call
            for call in self
            if call.operation == operation and (about is None or call.about == about)
        ]
