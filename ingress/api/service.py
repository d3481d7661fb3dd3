"""The API of one process: its parts, put together once."""

from __future__ import annotations

import functools
import hashlib
import hmac
from typing import TYPE_CHECKING

import structlog

from domain import rates
from ingress.api import authentication, changes, direct, routes, together
from ingress.api.admission import Gate
from ingress.api.callers import Callers
from ingress.api.changes import Changes
from ingress.api.cursor import Cursors
from ingress.api.endpoint import Surroundings
from ingress.api.gathering import Gathering
from ingress.api.last_used import LastUsed
from ingress.api.limits import Limits
from ingress.api.once import Once
from ingress.api.pool import LOCK_S_MAX, Pool
from ingress.api.request import BODY_BYTES_MAX
from ingress.api.together import Together
from ingress.api.turns import Turns
from ingress.body import Bodies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import Route

    from ingress.api.places import Seen
    from ingress.doorbell import Doorbell
    from ingress.settings import Settings
    from ingress.wire import Wire

_CURSORS = b"payratchet cursors"
"""Names what the key of the cursors is for: the pepper itself signs nothing."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Api:
    """Everything of the API that lives as long as the application."""

    def __init__(self, settings: Settings, pepper: bytes, doorbell: Doorbell) -> None:
        self._pool = Pool(
            settings.database_url, allow_unsafe=settings.payratchet_allow_unsafe_store
        )
        self._rows = Gathering(
            functools.partial(_connect, settings, LOCK_S_MAX * 1_000),
            authentication.find,
            self._pool.pulse,
            tries_max=2,
        )
        self._together = Together(
            routes.OPERATIONS,
            functools.partial(_connect, settings, together.LOCK_MS_MAX),
            self._pool.pulse,
        )
        self._limits = Limits(
            settings.redis_url,
            {
                "initialize": rates.parse(settings.rate_limit_initialize),
                "verify": rates.parse(settings.rate_limit_verify),
            },
        )
        self._changes = Changes(settings.redis_url, self._look)
        self._last_used = LastUsed(self._pool)
        self._surroundings = Surroundings(
            gate=Gate(
                Callers(pepper, self._rows),
                self._limits,
                self._last_used,
                settings.trusted_proxies,
            ),
            pool=self._pool,
            once=Once(self._pool, self._together, Turns(self._pool.pulse), self._limits),
            bodies=Bodies(bytes_max=BODY_BYTES_MAX),
            doorbell=doorbell,
            changes=self._changes,
            cursors=Cursors(hmac.digest(pepper, _CURSORS, hashlib.sha256)),
        )

    @classmethod
    def of(cls, settings: Settings, doorbell: Doorbell) -> Api | Unserved:
        """Return the API; without a pepper, by which keys are known again, it is not served."""
        if settings.api_key_pepper is None:
            log.info("api.not_served", reason="API_KEY_PEPPER is not set")
            return Unserved()
        return cls(settings, settings.api_key_pepper.encode(), doorbell)

    def routes(self) -> list[Route]:
        """Return all that is served."""
        return routes.served(self._surroundings)

    async def start(self) -> None:
        """Begin; neither store needs to be there."""
        await self._pool.start()
        self._rows.start()
        self._together.start()
        self._limits.start()
        self._changes.start()
        self._last_used.start()

    def release(self) -> None:
        """Answer whoever waits for a change; nobody waits from now on."""
        self._changes.release()

    async def stop(self) -> None:
        """Write what is still to be written and let go of both stores."""
        await self._changes.close()
        await self._last_used.stop()
        await self._limits.stop()
        await self._together.stop()
        await self._rows.stop()
        await self._pool.stop()

    async def _look(self, references: Sequence[str]) -> Mapping[str, Seen]:
        return await self._pool.use(lambda connection: changes.look(connection, references))


async def _connect(settings: Settings, lock_ms_max: int) -> Wire:
    return await direct.connect(
        settings.database_url,
        allow_unsafe=settings.payratchet_allow_unsafe_store,
        lock_ms_max=lock_ms_max,
    )


class Unserved:
    """No API, only its description, in which webhooks and health stand as well."""

    def routes(self) -> list[Route]:
        """Return the route of the description."""
        return [routes.described()]

    async def start(self) -> None:
        """Begin nothing."""

    def release(self) -> None:
        """Nobody waits."""

    async def stop(self) -> None:
        """There is nothing to stop."""
