"""The stage: the whole service twice over, with an edge wherever two of it talk."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.chaos import wiring
from tests.chaos.edges import Edges
from tests.chaos.errors import EdgesFailed
from tests.chaos.kinds import POSTGRES
from tests.chaos.processes import Processes, kind_of
from tests.chaos.store_keeper import StoreKeeper
from tests.chaos.traffic.journal import Checked
from tests.chaos.traffic.provider import provider as simulated
from tests.local import environments, fresh_secrets, procfile, service
from tests.local.stores import Stores
from tests.local.supervisor import Patience, Supervisor
from tests.soak.stage import GIVEN_STORES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.chaos.edges import Edge
    from tests.simulator.provider import Provider

NAMES = ("web-1", "web-2", "worker-1", "worker-2", "relay-1", "relay-2", "console")
"""Every process of the service that runs here."""

PATIENCE = Patience(
    backoff_min_s=0.05, backoff_max_s=0.5, stable_after_s=2.0, deaths_in_a_row_max=600
)
"""Processes are killed here all the time, and one may not start while a store is wrong."""

DIES_BY = "KILL"
"""One that stands still ends by nothing else when the lab is killed."""

NOT_OURS = GIVEN_STORES | {"PAYRATCHET_ALLOW_UNSAFE_STORE"}
"""Variables of whoever starts the lab that it must not pass on: the stores here are safe ones."""

VERIFY_AFTER_S = ",".join(str(s) for s in (10, 30, 60, *range(100, 2_000, 50)))
"""When a provider is asked what became of a payment: hours and days, in production. Stories here
take half a minute, a run at most an hour or so, and nothing is given up in it."""

NOTHING: Mapping[str, str] = MappingProxyType({})
NO_INJECTIONS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stage:
    """A service that is ready, and everything by which it can be hurt.

    `duties` counts what the service owes also while it is struck, and names what it has not done.
    `environment` has the secrets and the direct addresses, for operators' commands and for the
    lab's own eyes: what is done with them passes no edge. `proxy_pid` is the process of all edges.
    """

    folder: Path
    environment: Mapping[str, str]
    ingress_urls: tuple[str, ...]
    processes: Processes
    edges: Mapping[str, Edge]
    stores: StoreKeeper
    provider: Provider
    proxy_pid: int
    duties: Checked = field(default_factory=Checked)

    @property
    def console_url(self) -> str:
        """Where the operators' pages are; there is no edge before them."""
        return f"http://{wiring.LOOPBACK}:{self.environment['CONSOLE_PORT']}"

    @property
    def database_url(self) -> str:
        """The database, past all edges."""
        return self.environment["DATABASE_URL"]

    @property
    def redis_url(self) -> str:
        """Database 0 of Valkey, past all edges."""
        return self.environment["REDIS_URL"]

    def heal(self) -> None:
        """Take every fault away that this stage can have, and have both stores up.

        Environments that were changed stay so. Raises LocalRunFailed where a store does not start.
        """
        for edge in self.edges.values():
            edge.heal()
        self.processes.heal()
        self.stores.heal()


@contextlib.contextmanager
def raised(
    folder: Path,
    *,
    settings: Mapping[str, str] = NOTHING,
    injections: Mapping[str, Mapping[str, str]] = NO_INJECTIONS,
    seed: int = 1,
) -> Iterator[Stage]:
    """Start everything in an empty folder, give it when it is ready, and stop it at the end.

    `settings` are for all processes, secrets only for those that may know them; `injections` are
    for one process each, or for Postgres, and added last. `seed` is the simulated provider's.
    Nothing of the environment's stores or secrets is used. While it runs, `run/env.json` in the
    folder tells the operator's commands where it is, past all edges. Raises LocalRunFailed.
    """
    with contextlib.ExitStack() as run:
        injected = injections.get(POSTGRES, NOTHING)
        stores = run.enter_context(StoreKeeper(Stores(folder, injected=injected)))
        edges = run.enter_context(Edges(folder / "log" / "edges.log"))
        served = wiring.served_by(NAMES)
        fronts = wiring.fronts(edges, served)
        shared = _shared(folder, stores, served, settings)
        provider = run.enter_context(simulated(seed, shared, fronts[0]))
        service.release(procfile.read(service.ROOT / "Procfile")[procfile.RELEASE], shared)
        service.tell(run, folder, shared)
        wires = wiring.Wiring(edges, stores.stores, provider.url, served)
        supervisor = run.enter_context(_supervisor(folder, shared, wires, injections))
        stage = Stage(
            folder=folder,
            environment=MappingProxyType(shared),
            ingress_urls=fronts,
            processes=Processes(supervisor, served),
            edges=edges.by_name,
            stores=stores,
            provider=provider,
            proxy_pid=edges.pid,
        )
        run.callback(_let_stop, stage)
        stage.processes.wait_ready()
        yield stage


def _shared(
    folder: Path, stores: StoreKeeper, served: Mapping[str, int], settings: Mapping[str, str]
) -> dict[str, str]:
    """Return what all have in common: direct addresses, and secrets of this run's own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in NOT_OURS and not environments.SECRET.fullmatch(name)
    }
    kept |= {"VERIFY_AFTER_S": VERIFY_AFTER_S, **settings}
    kept |= fresh_secrets.load(folder / "secrets.json", kept)
    return kept | {
        "DATABASE_URL": stores.stores.database_url,
        "REDIS_URL": stores.stores.redis_url,
        "PORT": str(served["web-1"]),
        "CONSOLE_PORT": str(served["console"]),
        service.DATA_VARIABLE: str(folder.resolve()),
    }


def _supervisor(
    folder: Path,
    shared: Mapping[str, str],
    wires: wiring.Wiring,
    injections: Mapping[str, Mapping[str, str]],
) -> Supervisor:
    commands = procfile.read(service.ROOT / "Procfile")
    return Supervisor(
        {name: commands[kind_of(name)] for name in NAMES},
        environments={
            name: {
                **environments.for_process(name, shared),
                **wires.of(name),
                **injections.get(name, {}),
            }
            for name in NAMES
        },
        logs=folder / "log",
        folder=service.ROOT,
        patience=PATIENCE,
        dies_by=DIES_BY,
    )


def _let_stop(stage: Stage) -> None:
    """Take away what would keep a process from stopping; what is down stays down."""
    with contextlib.suppress(EdgesFailed):
        for edge in stage.edges.values():
            edge.heal()
    stage.processes.heal()
    stage.stores.thaw_postgres()
    stage.stores.thaw_valkey()
