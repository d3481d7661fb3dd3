"""A stage for tests of single faults: both stores and two small processes, and no service."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import psycopg
import pytest

from tests.chaos.faults import injections
from tests.chaos.kinds import POSTGRES
from tests.chaos.plan import Strike
from tests.chaos.processes import Processes
from tests.chaos.store_keeper import StoreKeeper
from tests.chaos.traffic.journal import Checked
from tests.local import throw_away
from tests.local.service import ROOT
from tests.local.stores import Stores
from tests.local.supervisor import Patience, Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from psycopg import Connection
    from psycopg.rows import TupleRow

    from tests.chaos.faults.fault import Fault
    from tests.chaos.stage import Stage

CONNECTIONS_MAX = 20
PATIENCE = Patience(backoff_min_s=0.05, backoff_max_s=0.1, deaths_in_a_row_max=100)

NAMES = ("web-1", "web-2")
SAYS_WHAT_TIME_IT_IS = """
import contextlib, os, time
while True:
    with contextlib.suppress(OSError):
        os.write(1, f"{time.time():.3f} {time.monotonic():.3f}\\n".encode())
    time.sleep(0.02)
"""
"""What the small processes do; one that cannot write goes on."""


class Nobody:
    """Senders without secrets."""

    def rotate_secret(self, provider: str, new: str) -> None:
        raise AssertionError(provider, new)


@dataclass(frozen=True)
class SmallStage:
    """What faults of stores and of processes need of a stage."""

    folder: Path
    stores: StoreKeeper
    processes: Processes
    duties: Checked = field(default_factory=Checked)

    @property
    def database_url(self) -> str:
        return self.stores.stores.database_url

    @property
    def redis_url(self) -> str:
        return self.stores.stores.redis_url

    @property
    def as_stage(self) -> Stage:
        """Itself, for faults that need no more than it has."""
        return cast("Stage", self)

    def connect(self, name: str = "payratchet test") -> Connection[TupleRow]:
        return psycopg.connect(
            self.database_url, autocommit=True, connect_timeout=2, application_name=name
        )

    @contextlib.contextmanager
    def struck(
        self, fault: Fault, target: str, lasts_s: float = 1.0, **parameters: float
    ) -> Iterator[str]:
        """Have a fault last as long as the block does."""
        strike = Strike(0.0, "of a test", target, lasts_s, parameters)
        assert fault.possible(self.as_stage) is None
        try:
            yield fault.begin(self.as_stage, Nobody(), strike)
        finally:
            fault.end(self.as_stage, Nobody(), strike)
            # Whoever heals does not know what was healed before.
            fault.end(self.as_stage, Nobody(), strike)


@contextlib.contextmanager
def raised() -> Iterator[SmallStage]:
    """Start it with the lab's injections; skip where they cannot be made."""
    with contextlib.ExitStack() as run:
        folder = run.enter_context(throw_away.folder())
        injected = injections.prepared(folder)
        if POSTGRES not in injected:
            pytest.skip("there is no C compiler")
        made = Stores(
            folder,
            tuning={"max_connections": str(CONNECTIONS_MAX)},
            injected=injected[POSTGRES],
        )
        stores = run.enter_context(StoreKeeper(made))
        supervisor = run.enter_context(
            Supervisor(
                {name: [sys.executable, "-c", SAYS_WHAT_TIME_IT_IS] for name in NAMES},
                environments={name: {"PATH": "/usr/bin:/bin"} | injected[name] for name in NAMES},
                logs=folder / "log",
                folder=ROOT,
                patience=PATIENCE,
            )
        )
        yield SmallStage(folder, stores, Processes(supervisor))
