"""Starting: what must be so before a process touches the record, and what is worth a warning.

A store that is away keeps nobody from starting: it is waited for, and whoever connects then is as
careful as ever.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg
import redis
import structlog

from domain.schema import mismatch
from workers.store import canaries

if TYPE_CHECKING:
    from workers.database import Database
    from workers.settings import StoreSettings

ASK_S_MAX = 1.0
"""Longest that Redis may take to say how it is configured."""

KEEPS_ALL = "noeviction"

log = structlog.get_logger()


def require_fit(database: Database, settings: StoreSettings) -> None:
    """Exit with a sentence where the record would not be safe with this server or this schema."""
    with contextlib.suppress(psycopg.OperationalError):
        with database.transaction(snapshot=True) as tx:
            unsafe = canaries.unsafe_settings(tx)
            problem = mismatch(canaries.schema_revision(tx))
        if unsafe and not settings.payratchet_allow_unsafe_store:
            raise SystemExit(
                f"store_unsafe: Postgres has {', '.join(unsafe)} off and would lose what was"
                " committed; set it on, or PAYRATCHET_ALLOW_UNSAFE_STORE=1 for a throw-away run."
            )
        if problem is not None:
            raise SystemExit(f"schema_refused: {problem}")


def warn_of_eviction(redis_url: str) -> None:
    """Log a warning where Redis may throw away what it was given when it is full.

    Nothing is lost by that, for the record is elsewhere: but work waits until it is rung for again.
    """
    policy = _eviction_policy(redis_url)
    if policy not in (None, KEEPS_ALL):
        log.warning("redis.evicts", reason=f"maxmemory-policy is {policy}; set it to {KEEPS_ALL}")


def _eviction_policy(redis_url: str) -> str | None:
    client = redis.Redis.from_url(
        redis_url, socket_timeout=ASK_S_MAX, socket_connect_timeout=ASK_S_MAX
    )
    with contextlib.suppress(redis.RedisError, OSError), client:
        told = client.info("memory").get("maxmemory_policy")
        return str(told) if told else None
    return None
