"""The application: its parts, put together once for each process."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
from typing import TYPE_CHECKING, Any

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from domain.providers import PROVIDERS
from domain.providers.canary import CANARY, Canary
from ingress import log, settings, store, webhooks
from ingress.api.service import Api
from ingress.body import Bodies
from ingress.diagnosis import Diagnostician
from ingress.doorbell import Doorbell
from ingress.edge import Edge, not_found
from ingress.fetched_keys import FetchedKeys
from ingress.group_commit import GroupCommit, Writer
from ingress.health import Health, version
from ingress.key_requests import KeyRequests
from ingress.known_keys import KnownKeys
from ingress.record import Recorder
from ingress.refusals import Refusals
from ingress.shortcut import Shortcut
from ingress.watchdog import Watchdog
from ingress.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from domain.delivery import Provider
    from ingress.log import Journal
    from ingress.settings import Settings

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

GC_THRESHOLD = 50_000
"""Objects between two collections: requests leave hardly any cycles, and a pause is felt."""


def from_environment(*, writer_type: type[Writer] = Writer) -> Starlette:
    """Return the application of this process; what uvicorn calls in each of its processes."""
    app = create_app(settings.load(), journal=log.configure(), writer_type=writer_type)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    return app


def create_app(
    settings: Settings,
    *,
    providers: Mapping[str, Provider] = PROVIDERS,
    journal: Journal | None = None,
    writer_type: type[Writer] = Writer,
) -> Starlette:
    """Return the application. Nothing is connected before its lifespan begins.

    With a journal it is that of a process, which has a watchdog; the journal is the last thing to
    stop. Writers of another type than ours
    answer without the store, which is how a benchmark learns what the store costs.
    """
    parts = Parts(settings, providers, journal, writer_type)
    return Starlette(
        routes=[
            Route(f"{webhooks.PREFIX}/{{provider}}", parts.webhooks),
            Route(f"{webhooks.PREFIX}/{{provider}}/{{account}}", parts.webhooks),
            Route(f"{webhooks.PREFIX}/{{provider}}/{{account}}/{{token}}", parts.webhooks),
            Route("/health", Endpoint(parts.health.health)),
            Route("/livez", Endpoint(parts.health.livez)),
            Route("/readyz", Endpoint(parts.health.readyz)),
            *parts.api.routes(),
            Route("/{path:path}", Endpoint(not_found)),
        ],
        middleware=[
            Middleware(Edge, refusals=parts.refusals),
            Middleware(Shortcut, endpoint=parts.webhooks, paths=webhooks.paths(settings.accounts)),
        ],
        lifespan=parts.lifespan,
    )


class Endpoint:
    """A plain ASGI application under a route, which would take a function for something else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await self._app(scope, receive, send)


class Parts:
    """Everything that lives as long as the application."""

    def __init__(
        self,
        settings: Settings,
        providers: Mapping[str, Provider],
        journal: Journal | None,
        writer_type: type[Writer],
    ) -> None:
        self._journal = journal
        open_ = functools.partial(
            store.connect,
            settings.database_url,
            allow_unsafe=settings.payratchet_allow_unsafe_store,
        )
        self.doorbell = Doorbell(settings.redis_url)
        recorder = Recorder({**providers, CANARY: Canary()}, self.doorbell)
        self.group_commit = GroupCommit(open_, recorder, writer_type=writer_type)
        self.refusals = Refusals(open_)
        self.known_keys = KnownKeys(open_, settings.accounts)
        self.fetched_keys = FetchedKeys(KeyRequests(settings.key_authorities_file))
        self.health = Health(open_, settings.redis_url, self.group_commit)
        self.webhooks = Webhooks(
            settings.accounts,
            bodies=Bodies(bytes_max=settings.webhook_body_bytes_max),
            group_commit=self.group_commit,
            refusals=self.refusals,
            diagnostician=Diagnostician(settings.accounts),
            fetched_keys=self.fetched_keys,
            trusted_proxies=settings.trusted_proxies,
        )
        self.api = Api.of(settings, self.doorbell)

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[dict[str, Any]]:
        """Start every part, and stop them in an order that loses nothing.

        By the time it stops no request comes any more; what waits is committed, then rung for,
        then the refusals and the last log lines are written.
        """
        if self._journal is not None:
            self._journal.start()
        self.doorbell.start()
        watchdog = self._watchdog()
        self.group_commit.start()
        self.refusals.start()
        self.known_keys.start()
        await self.api.start()
        if watchdog is not None:
            watchdog.begin()
        _log.info("ingress.started", pid=os.getpid(), version=version())
        try:
            yield {"refusals": self.refusals, "release": self.api.release}
        finally:
            if watchdog is not None:
                watchdog.end()
            await self.api.stop()
            await self.fetched_keys.stop()
            await self.group_commit.stop()
            await asyncio.to_thread(self.doorbell.close)
            await self.known_keys.stop()
            await self.refusals.stop()
            await self.health.close()
            _log.info("ingress.stopped", pid=os.getpid())
            if self._journal is not None:
                await asyncio.to_thread(self._journal.close)

    def _watchdog(self) -> Watchdog | None:
        if self._journal is None:
            return None
        threads = [self.doorbell.thread, self._journal.thread]
        return Watchdog(threads, dying=self._journal.close)
