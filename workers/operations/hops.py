"""Hops: what an event passes on its way, each tried by itself and timed.

A hop that fails says why and what to do. What needs it is then not tried.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MS = 1000.0


class HopFailed(Exception):
    """A hop cannot be passed: `why`, and what a person should `do` about it.

    `is_away` says that a store is not reached.
    """

    def __init__(self, why: str, do: str, *, is_away: bool = False) -> None:
        super().__init__(why)
        self.do = do
        self.is_away = is_away


class Hop(NamedTuple):
    """A hop to try: `run` returns a remark, if there is any, or raises HopFailed."""

    name: str
    run: Callable[[], str | None]
    needs: Sequence[str] = ()


class Passed(NamedTuple):
    """How a hop went, and how long it took."""

    name: str
    ms: float
    ok: bool
    error: str | None = None
    do: str | None = None
    note: str | None = None
    is_away: bool = False

    def shown(self) -> dict[str, object]:
        """Return it for a script; what does not apply is left out."""
        told = self._asdict()
        del told["is_away"]
        return {name: value for name, value in told.items() if value is not None}


def walk(hops: Sequence[Hop]) -> Iterator[Passed]:
    """Try the hops in their order; yield each as soon as it was tried."""
    failed: set[str] = set()
    for hop in hops:
        missing = [name for name in hop.needs if name in failed]
        passed = _untried(hop, missing[0]) if missing else _tried(hop)
        if not passed.ok:
            failed.add(hop.name)
        yield passed


def _untried(hop: Hop, missing: str) -> Passed:
    return Passed(
        hop.name, 0.0, ok=False, error=f"not tried: {missing} has failed", do=f"mend {missing}"
    )


def _tried(hop: Hop) -> Passed:
    began_s = time.perf_counter()
    try:
        note = hop.run()
    except HopFailed as error:
        took_ms = round((time.perf_counter() - began_s) * MS, 1)
        return Passed(
            hop.name, took_ms, ok=False, error=str(error), do=error.do, is_away=error.is_away
        )
    return Passed(hop.name, round((time.perf_counter() - began_s) * MS, 1), ok=True, note=note)
