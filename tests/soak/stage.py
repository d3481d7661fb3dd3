"""The stage: a simulated provider, and the whole service on stores and ports of its own."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.demo.operator import Operator
from tests.local import environments, fresh_secrets, ports, service
from tests.local.supervisor import Patience
from tests.soak import provider as providers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.service import Service
    from tests.soak.provider import Provider

VERIFY_AFTER_S = ",".join(
    str(s)
    for s in (3, 6, 10, 15, 22, *range(30, 60, 10), *range(60, 200, 20), *range(200, 1_200, 30))
)
"""When the provider is asked what became of a payment: days, in production. A run is over before
the last of them, so that nothing is given up."""

PATIENCE = Patience(backoff_max_s=0.5, stable_after_s=2.0, deaths_in_a_row_max=20)
"""Processes are killed here all the time; only one that cannot start at all has failed."""

LIMIT = "100000/second"
"""Far above what is asked: limits are not what is tried here."""

GIVEN_STORES = frozenset({"DATABASE_URL", "REDIS_URL"})


@dataclass(frozen=True, slots=True)
class Stage:
    """A service that is ready, the provider it asks, and a client's key."""

    service: Service
    provider: Provider
    operator: Operator
    api_key: str

    @property
    def database_url(self) -> str:
        """The database of this run."""
        return self.service.environment["DATABASE_URL"]


@contextlib.contextmanager
def raised(folder: Path, *, provider: str, seed: int, fail_share: float) -> Iterator[Stage]:
    """Start everything in an empty folder, and stop it at the end.

    Nothing of the environment's stores or secrets is used. Raises LocalRunFailed.
    """
    settings = {
        name: value
        for name, value in os.environ.items()
        if name not in GIVEN_STORES and not environments.SECRET.fullmatch(name)
    }
    settings |= {name: str(ports.free()) for name in service.DEFAULT_PORTS}
    settings |= fresh_secrets.load(folder / "secrets.json", settings)
    ingress_url = f"http://127.0.0.1:{settings['PORT']}"
    with providers.simulated(
        provider, seed=seed, fail_share=fail_share, ingress_url=ingress_url, secrets=settings
    ) as simulated:
        settings |= simulated.settings | {"VERIFY_AFTER_S": VERIFY_AFTER_S}
        with service.running(data=folder, environment=settings, patience=PATIENCE) as running:
            operator = Operator(running.environment, folder / "papers")
            yield Stage(running, simulated, operator, _key(operator))


def _key(operator: Operator) -> str:
    """Make a client that may ask as much as it likes, and return its key."""
    told = operator.run(
        *("clients", "create", "soak", "--scope", "payments:write", "--scope", "credit:write"),
        *("--initialize", LIMIT, "--verify", LIMIT, "--reason", "the soak"),
    )
    key: str = told["key"]
    return key
