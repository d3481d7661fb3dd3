"""A Valkey that forgets, dies, stands still, is full, or throws away what it should keep."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import redis

from tests.chaos.faults.postgres import Always

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

ANSWER_S = 2.0
WIPED_ABOVE = 0.5
"""Drawn above it, a killed server comes back empty; else with what its file has."""

NO_ROOM_BYTES = 1
"""Of memory: less than the empty server has, so that every write is too much."""

UNLIMITED: Mapping[str, str] = {"maxmemory": "0", "maxmemory-policy": "noeviction"}


@contextlib.contextmanager
def connected(stage: Stage) -> Iterator[redis.Redis]:
    """Give a client of the lab's own, past all edges."""
    client = redis.Redis.from_url(
        stage.redis_url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S
    )
    try:
        yield client
    finally:
        client.close()


class Flush(Always):
    """FLUSHALL: every message and every window is forgotten."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Forget."""
        del traffic, strike
        with connected(stage) as client:
            keys = client.dbsize()
            client.flushall()
        return f"{keys} keys"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Nothing is left to undo."""
        del stage, traffic, strike
        return ""


class Killed(Always):
    """SIGKILL, and nothing there until the end."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Kill it."""
        del traffic, strike
        stage.stores.kill_valkey()
        return ""

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Start it again."""
        del traffic
        wiped = strike.parameters.get("wipe", 0.0) > WIPED_ABOVE
        stage.stores.start_valkey(wipe=wiped)
        return "back, empty" if wiped else "back"


class Frozen(Always):
    """SIGSTOP."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Freeze it."""
        del traffic, strike
        stage.stores.freeze_valkey()
        return ""

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Thaw it."""
        del traffic, strike
        stage.stores.thaw_valkey()
        return ""


class Cramped(Always):
    """No memory left: with `noeviction` every write is refused, else everything is thrown away."""

    def __init__(self, policy: str) -> None:
        self._policy = policy

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Take the memory away."""
        del traffic, strike
        with connected(stage) as client:
            client.config_set("maxmemory-policy", self._policy)
            client.config_set("maxmemory", NO_ROOM_BYTES)
        return self._policy

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Give it back."""
        del traffic, strike
        with connected(stage) as client:
            for name, value in UNLIMITED.items():
                client.config_set(name, value)
        return ""
