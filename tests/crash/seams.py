"""Seams: what all statements, commits, messages and calls go through, wrapped from outside.

They are the libraries' own: the lines above them are those that production runs. Only a process of
the lab has them wrapped, and only from the moment on at which it says so.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import httpcore
import psycopg
import redis
import redis.asyncio.connection

from ingress.wire import Wire
from tests.crash.points import AFTER, BEFORE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.crash.points import Points

_BLOCKING: tuple[tuple[Any, str], ...] = (
    (psycopg.Connection, "wait"),
    (redis.Redis, "execute_command"),
    (redis.client.Pipeline, "execute"),
    (httpcore.HTTPConnection, "handle_request"),
)
_AWAITED: tuple[tuple[Any, str], ...] = (
    (psycopg.AsyncConnection, "wait"),
    (Wire, "rows"),
    (redis.asyncio.connection.AbstractConnection, "send_packed_command"),
)
"""No one of them is called by another. Statements of a pipeline are sent when it says so, or at its
end; each is a boundary nevertheless."""


def wrap(points: Points) -> None:
    """Wrap them all, for good: this process has no other purpose."""
    for owner, name in _BLOCKING:
        setattr(owner, name, blocking(points, getattr(owner, name)))
    for owner, name in _AWAITED:
        setattr(owner, name, awaited(points, getattr(owner, name)))


def blocking(points: Points, inner: Callable[..., Any], kind: str = "call") -> Callable[..., Any]:
    """Return the function with a boundary before and one after it."""

    @functools.wraps(inner)
    def wrapped(*args: Any, **options: Any) -> Any:
        site = points.site(kind)
        points.reach(BEFORE, site)
        try:
            return inner(*args, **options)
        finally:
            points.reach(AFTER, site)

    return wrapped


def awaited(
    points: Points, inner: Callable[..., Awaitable[Any]], kind: str = "call"
) -> Callable[..., Awaitable[Any]]:
    """Return the coroutine function with a boundary before and one after it."""

    @functools.wraps(inner)
    async def wrapped(*args: Any, **options: Any) -> Any:
        site = points.site(kind)
        points.reach(BEFORE, site)
        try:
            return await inner(*args, **options)
        finally:
            points.reach(AFTER, site)

    return wrapped
