"""Direct connections: the API's own, spoken to by libpq itself, for what nearly all requests ask.

Every statement over them is prepared, finds its rows by keys, and is a transaction of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingress import store
from ingress.wire import Wire

if TYPE_CHECKING:
    from ingress.store import Connection

_SETTINGS = """
    SELECT set_config('application_name', 'payratchet-api', false),
           set_config('lock_timeout', %s, false),
           set_config('plan_cache_mode', 'force_generic_plan', false),
           set_config('enable_hashjoin', 'off', false),
           set_config('enable_mergejoin', 'off', false)
"""
"""To plan a statement anew takes longer than to run it. A plan that lasts may have been made while
its tables were empty, so it must be the one that is right when they are full."""


async def connect(database_url: str, *, allow_unsafe: bool, lock_ms_max: int) -> Wire:
    """Return a new connection whose statements wait for a lock no longer than that.

    Raises what `store.connect` raises.
    """
    connection = await store.connect(database_url, allow_unsafe=allow_unsafe)
    try:
        await store.within(connection, _set(connection, lock_ms_max), limit_s=store.CONNECT_S_MAX)
    except BaseException:
        await store.close(connection)
        raise
    return Wire(connection)


async def _set(connection: Connection, lock_ms_max: int) -> None:
    await connection.execute(_SETTINGS, [f"{lock_ms_max}ms"])
