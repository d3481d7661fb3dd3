"""Where each process finds the others: everything it talks to is behind an edge of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.chaos.processes import kind_of
from tests.local import ports
from tests.local.postgres import DATABASE, PORT, SUPERUSER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.chaos.edges import Edges
    from tests.local.stores import Stores

LOOPBACK = "127.0.0.1"
IN_THE_CLEAR = "sslmode=disable&gssencmode=disable"
"""Spares each connection two questions that our Postgres answers with no."""

PORT_OF = {"web": "PORT", "console": "CONSOLE_PORT"}
"""By kind, which variable says where a process serves."""


def served_by(names: Iterable[str]) -> dict[str, int]:
    """Choose a port for each process that serves, for as long as the run."""
    return {name: ports.lasting() for name in names if kind_of(name) in PORT_OF}


def fronts(edges: Edges, served: Mapping[str, int]) -> tuple[str, ...]:
    """Open an edge before each web, `front-1` before the first; return their URLs."""
    webs = [name for name in served if kind_of(name) == "web"]
    opened = [
        edges.open(f"front-{number}", (LOOPBACK, served[name]))
        for number, name in enumerate(webs, 1)
    ]
    return tuple(f"http://{edge.address}" for edge in opened)


class Wiring:
    """Opens `NAME-postgres`, `NAME-valkey` and, for workers, `NAME-provider`."""

    def __init__(
        self, edges: Edges, stores: Stores, provider_url: str, served: Mapping[str, int]
    ) -> None:
        self._edges = edges
        self._postgres = f"{stores.postgres.sockets}/.s.PGSQL.{PORT}"
        self._valkey = str(stores.valkey.socket)
        self._provider = urlsplit(provider_url)
        self._served = served

    def of(self, name: str) -> dict[str, str]:
        """Open the edges of one process; return by what settings it passes them."""
        postgres = self._edges.open(f"{name}-postgres", self._postgres).address
        valkey = self._edges.open(f"{name}-valkey", self._valkey).address
        told = {
            "DATABASE_URL": f"postgresql://{SUPERUSER}@{postgres}/{DATABASE}?{IN_THE_CLEAR}",
            "REDIS_URL": f"redis://{valkey}/0",
        }
        if name in self._served:
            told[PORT_OF[kind_of(name)]] = str(self._served[name])
        if kind_of(name) == "worker":
            told |= self._apis_of(name)
        return told

    def _apis_of(self, name: str) -> dict[str, str]:
        server = str(self._provider.hostname), int(self._provider.port or 0)
        address = self._edges.open(f"{name}-provider", server).address
        return {
            "PAYSTACK_API_URL": f"http://{address}/paystack",
            "STRIPE_API_URL": f"http://{address}/stripe",
        }
