"""The stage: stores with an empty database, and every process of the Procfile."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import redis
from psycopg import sql

from domain.wakeup import BROKER_NAMESPACE
from tests.local import environments, ports, service
from tests.local.errors import PortBusy
from tests.local.stores import Stores
from tests.simulator.api.customers import Habits
from tests.simulator.provider import simulated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.simulator.provider import Provider

DATABASE = "payratchet_demo"
"""Dropped and made anew by every run, so that all counts are of that run."""

STORES_FOLDER = "demo"
"""Within the data folder: what `up` keeps beside it is not touched."""

FAULTS = (
    "paystack.initialize:drop_after_effect:@2",
    "stripe.initialize:drop_after_effect:@2",
    "initialize:drop_after_effect:0.05",
)
"""What goes wrong with calls: answers are lost after the effect, one of each provider at least."""

BANKS_SETTLE = Habits(decide=False)
"""Refunds go through by themselves; what customers do, the play decides."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A service that is ready, on stores that may be killed where they are ours.

    `provider` is whom it calls: the APIs of Paystack and Stripe, simulated.
    """

    stores: Stores
    service: service.Service
    provider: Provider

    @property
    def environment(self) -> Mapping[str, str]:
        """What an operator's command needs to find the service."""
        return self.service.environment

    @property
    def database_url(self) -> str:
        """The database of this run."""
        return self.environment["DATABASE_URL"]

    @property
    def owns_redis(self) -> bool:
        """Whether the broker is ours to kill."""
        return self.environment["REDIS_URL"] != os.environ.get("REDIS_URL")


@contextlib.contextmanager
def raised(data: Path, *, seed: int) -> Iterator[Stage]:
    """Start everything on an empty database, and stop it at the end.

    Secrets of the environment are left out: the demo signs with those of the data folder, and a
    real one is never used. A port that nobody asked for may be another than the usual one.
    Raises LocalRunFailed.
    """
    settings = {
        name: value for name, value in os.environ.items() if not environments.SECRET.fullmatch(name)
    }
    settings |= {name: _port(name, settings.get(name)) for name in service.DEFAULT_PORTS}
    with (
        simulated(seed=seed, faults=FAULTS, customers=BANKS_SETTLE) as provider,
        Stores.from_environment(data / STORES_FOLDER) as stores,
    ):
        settings["DATABASE_URL"] = _new_database(stores.database_url)
        settings["REDIS_URL"] = stores.redis_url
        settings["PAYSTACK_API_URL"] = provider.url_paystack
        settings["STRIPE_API_URL"] = provider.url_stripe
        # An operator of the play does it: a run of the schedule would be in the way.
        settings["RECONCILE_EVERY_S"] = "0"
        forget_doorbells(stores.redis_url)
        with service.running(data=data, environment=settings) as running:
            yield Stage(stores, running, provider)


def _port(name: str, given: str | None) -> str:
    """Return the port that was asked for, else the usual one, else any that is free."""
    usual = service.DEFAULT_PORTS[name]
    try:
        ports.check_free(int(given or usual), setting=name)
    except PortBusy:
        if given:
            raise
        return str(ports.free())
    return given or usual


def forget_doorbells(redis_url: str) -> int:
    """Delete every message and note of the broker, and nothing of anybody else."""
    with redis.Redis.from_url(redis_url) as client:
        names = list(client.scan_iter(match=f"{BROKER_NAMESPACE}:*", count=1000))
        return int(client.delete(*names)) if names else 0


def _new_database(url: str) -> str:
    """Make the database DATABASE anew on this server; return its URL."""
    name = sql.Identifier(DATABASE)
    with psycopg.connect(in_database(url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    return in_database(url, DATABASE)


def in_database(url: str, name: str) -> str:
    """Return the URL with another database; urllib would drop the empty host of a socket's URL."""
    server, _, query = url.partition("?")
    scheme, _, rest = server.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{name}?{query}"
