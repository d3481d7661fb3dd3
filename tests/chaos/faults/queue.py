"""Messages that get lost, come twice, or are none of ours."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from domain.wakeup import BROKER_NAMESPACE, Lane, actor_name, queue_name
from tests.chaos.faults.fault import NotNow
from tests.chaos.faults.postgres import Always
from tests.chaos.faults.valkey import connected

if TYPE_CHECKING:
    import redis

    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

LANES = tuple(Lane)
LOOK_EVERY_S = 0.004
"""Messages wait for some milliseconds: who wants to meet one looks more often."""

AT_ONCE_MAX = 50
MET_MAX = 500
"""Messages of one strike: more would be load, not loss."""

SAME_ID_ABOVE = 0.5
"""Drawn above it, a message is in the list twice under one id; else a copy has an id of its own."""

# In one step, or a worker would be given an id without a message.
LOSE = """
    local ids = redis.call('lpop', KEYS[1], ARGV[1])
    if not ids then return 0 end
    redis.call('hdel', KEYS[1] .. '.msgs', unpack(ids))
    return #ids
"""


def queue_key(lane: Lane) -> str:
    """Return the key of the list of a lane; its messages are in the hash `.msgs` beside it."""
    return f"{BROKER_NAMESPACE}:{queue_name(lane)}"


class _Meddling(Always):
    """Meddles with what waits, again and again for as long as the strike lasts."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Meddle."""
        del traffic
        until_s, met = time.monotonic() + strike.lasts_s, 0
        with connected(stage) as client:
            while time.monotonic() < until_s and met < MET_MAX:
                met += sum(self._meddle(client, queue_key(lane), strike) for lane in LANES)
                time.sleep(LOOK_EVERY_S)
        if not met:
            raise NotNow("no message waited")
        return f"{met} messages"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Nothing is left to undo: the relays ring again."""
        del stage, traffic, strike
        return ""

    def _meddle(self, client: redis.Redis, key: str, strike: Strike) -> int:
        raise NotImplementedError


class Lost(_Meddling):
    """Messages vanish before anybody has fetched them."""

    def _meddle(self, client: redis.Redis, key: str, strike: Strike) -> int:
        del strike
        lost: Any = client.eval(LOSE, 1, key, AT_ONCE_MAX)
        return int(lost)


class Doubled(_Meddling):
    """Messages come twice, the second time maybe long after the first was done."""

    def _meddle(self, client: redis.Redis, key: str, strike: Strike) -> int:
        found: Any = client.hgetall(f"{key}.msgs")
        taken = list(found.items())[:AT_ONCE_MAX]
        for message_id, body in taken:
            if strike.parameters.get("same_id", 0.0) > SAME_ID_ABOVE:
                client.rpush(key, message_id)
            else:
                self._copy(client, key, message_id, body)
        return len(taken)

    @staticmethod
    def _copy(client: redis.Redis, key: str, message_id: bytes, body: bytes) -> None:
        # A copy of a copy would double without end.
        if (new := f"copy-{message_id.decode()}").startswith("copy-copy-"):
            return
        client.hset(f"{key}.msgs", new, body.replace(message_id, new.encode()))
        client.rpush(key, new)


class Undecodable(Always):
    """Messages that are not JSON, not ours, or ask for what there is not."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Push one into each lane."""
        del traffic
        junk = bodies()
        name = list(junk)[int(strike.parameters.get("which", 0.0) * len(junk)) % len(junk)]
        with connected(stage) as client:
            for lane in LANES:
                message_id = f"junk-{uuid.uuid4()}"
                client.hset(f"{queue_key(lane)}.msgs", message_id, junk[name])
                client.rpush(queue_key(lane), message_id)
        return name

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Nothing is left to undo: workers discard it."""
        del stage, traffic, strike
        return ""


def bodies() -> dict[str, bytes]:
    """Return the messages that nobody should be harmed by, by what is wrong with them."""
    ours = {
        "queue_name": queue_name(Lane.EVENTS),
        "actor_name": actor_name(Lane.EVENTS),
        "args": [[1]],
        "kwargs": {},
        "options": {"redis_message_id": "junk"},
        "message_id": "junk",
        "message_timestamp": 0,
    }
    return {
        "no text": b"\xff\xfe\x00",
        "no JSON": b"{",
        "a list": b"[]",
        "deep": b"[" * 100_000,
        "no such actor": json.dumps(ours | {"actor_name": "nobody"}).encode(),
        "another queue": json.dumps(ours | {"queue_name": "elsewhere"}).encode(),
        "huge ids": json.dumps(ours | {"args": [[2**70, -1, "1", None]]}).encode(),
        "in ten years": json.dumps(
            ours | {"options": {"redis_message_id": "junk", "eta": 2_000_000_000_000}}
        ).encode(),
    }
