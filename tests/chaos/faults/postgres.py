"""A Postgres that dies, stands still, is full, forbids writing, has no room, or is slow."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

import psycopg

from tests.chaos.faults import pids, shim
from tests.chaos.faults.fault import NotNow
from tests.chaos.faults.shim import Dial
from tests.chaos.kinds import POSTGRES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection
    from psycopg.rows import TupleRow

    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

CONNECT_S = 2
UP_WITHIN_S = 20.0
"""How long a Postgres may take to be there again before its end is tried anew."""

LOOK_S = 0.05
SERVICE = "payratchet%"
"""How the connections of the processes call themselves."""

READ_ONLY = {"default_transaction_read_only": "on"}
SLOWEST_COMMIT = {"commit_delay": "100000", "commit_siblings": "0"}
US_PER_MS = 1_000

# Ours must work where everybody else's may not.
OPTIONS = "-c default_transaction_read_only=off -c statement_timeout=5000 -c lock_timeout=2000"


def connect(stage: Stage) -> Connection[TupleRow]:
    """Return a connection of the lab's own, past all edges."""
    return psycopg.connect(
        stage.database_url,
        autocommit=True,
        connect_timeout=CONNECT_S,
        options=OPTIONS,
        application_name="nemesis",
    )


def wait_up(stage: Stage) -> str:
    """Start it unless it runs, and wait until it answers; return how long that took.

    Raises TimeoutError after UP_WITHIN_S.
    """
    begun_s = time.monotonic()
    while time.monotonic() < begun_s + UP_WITHIN_S:
        stage.stores.start_postgres()
        with contextlib.suppress(psycopg.OperationalError), connect(stage) as connection:
            connection.execute("SELECT 1")
            return f"up after {time.monotonic() - begun_s:.2f} s"
        time.sleep(LOOK_S)
    raise TimeoutError("Postgres does not come back")


def backend(stage: Stage, which: float) -> int:
    """Return the pid of one of the service's backends. Raises NotNow where there is none."""
    with connect(stage) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE %s ORDER BY pid",
            [SERVICE],
        ).fetchall()
    if not rows:
        raise NotNow("the service has no connection")
    found: int = rows[int(which * len(rows)) % len(rows)][0]
    return found


def is_shimmed(stage: Stage) -> bool:
    """Say whether Postgres has the lab's shim."""
    pids_ = stage.stores.postgres_pids()
    return shim.is_loaded(stage.folder, POSTGRES, pids_[0] if pids_ else None)


class Always:
    """A fault that any machine can have."""

    def possible(self, stage: Stage) -> str | None:
        """Say so: always."""
        del stage
        return None


class Killed(Always):
    """SIGKILL to the postmaster."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Kill it."""
        del traffic, strike
        stage.stores.kill_postgres()
        return ""

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Start it again."""
        del traffic, strike
        return wait_up(stage)


class BackendKilled(Always):
    """SIGKILL to one backend: the whole cluster drops its connections and recovers."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Kill one of the service's."""
        del traffic
        pid = backend(stage, strike.parameters.get("which", 0.0))
        pids.send(pid, signal.SIGKILL)
        return f"backend {pid}"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Wait until it is back; it comes by itself."""
        del traffic, strike
        return wait_up(stage)


class Frozen(Always):
    """SIGSTOP to the postmaster and every backend."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Freeze them."""
        del traffic, strike
        stage.stores.freeze_postgres()
        return ""

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Thaw them."""
        del traffic, strike
        stage.stores.thaw_postgres()
        return wait_up(stage)


class BackendFrozen(Always):
    """SIGSTOP to one backend, with whatever locks it holds."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Freeze one of the service's."""
        del traffic
        pid = backend(stage, strike.parameters.get("which", 0.0))
        pids.send(pid, signal.SIGSTOP)
        return f"backend {pid}"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Thaw whatever is frozen."""
        del traffic, strike
        for pid in stage.stores.postgres_pids():
            pids.send(pid, signal.SIGCONT)
        return ""


class DiskFull:
    """No room on the disk: data cannot grow, or WAL cannot be written at all."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial

    def possible(self, stage: Stage) -> str | None:
        """Say whether the shim is in Postgres."""
        return None if is_shimmed(stage) else "Postgres was started without the lab's shim"

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Fill the disk."""
        del traffic, strike
        shim.turn(shim.control_of(stage.folder, POSTGRES), self._dial, 1)
        return ""

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Make room, and start Postgres where it gave up."""
        del traffic, strike
        shim.turn(shim.control_of(stage.folder, POSTGRES), self._dial, 0)
        gave_up = not stage.stores.is_postgres_up
        return ("gave up; " if gave_up else "") + wait_up(stage)


class Setting(Always):
    """A setting of the whole cluster that takes effect at once, and is taken back."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Set it."""
        del traffic, strike
        with connect(stage) as connection:
            for name, value in self._values.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
            connection.execute("SELECT pg_reload_conf()")
        return ", ".join(f"{name} = {value}" for name, value in self._values.items())

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Take it back."""
        del traffic, strike
        with connect(stage) as connection:
            for name in self._values:
                connection.execute(f"ALTER SYSTEM RESET {name}".encode())
            connection.execute("SELECT pg_reload_conf()")
        return ""


class SlowCommit(Always):
    """The disk takes its time: with the shim as long as is drawn, else a tenth of a second."""

    def __init__(self) -> None:
        self._without_shim = Setting(SLOWEST_COMMIT)

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Slow it down."""
        if not is_shimmed(stage):
            return self._without_shim.begin(stage, traffic, strike)
        delay_us = round(strike.parameters.get("delay_ms", 100.0) * US_PER_MS)
        shim.turn(shim.control_of(stage.folder, POSTGRES), Dial.SYNC_US, delay_us)
        return f"{delay_us / US_PER_MS:.0f} ms"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Let it be as quick as it is."""
        if not is_shimmed(stage):
            return self._without_shim.end(stage, traffic, strike)
        shim.turn(shim.control_of(stage.folder, POSTGRES), Dial.SYNC_US, 0)
        return ""
