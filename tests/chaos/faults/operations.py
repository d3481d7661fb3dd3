"""What people do to a service that runs: restart it, migrate it, change its secrets."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.chaos.errors import NotReady
from tests.chaos.faults.postgres import Always, connect
from tests.chaos.kinds import WEBS
from tests.local.service import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

HALVES = (("web-1", "worker-1", "relay-1"), ("web-2", "worker-2", "relay-2", "console"))
"""Who is restarted together: the other half goes on."""

READY_S_MAX = 10.0
GRACEFUL_S_MAX = 10.5
"""Within 10 s, and a moment for it to be seen."""

MIGRATE_S_MAX = 30.0
STEP_TRIES_MAX = 10
AGAIN_S = 0.2

EXPAND = (
    "ALTER TABLE payment_logs ADD COLUMN IF NOT EXISTS lab_note text",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS lab_index ON inbound_work (since)",
)
CONTRACT = (
    "DROP INDEX CONCURRENTLY IF EXISTS lab_index",
    "ALTER TABLE payment_logs DROP COLUMN IF EXISTS lab_note",
)
"""A stand-in for a release: what it adds first, and takes away once nobody uses it. Each step may
be run again."""

SECRET = "STRIPE_WEBHOOK_SECRET"
SECRET_BYTES = 24


def restart(
    stage: Stage, names: Sequence[str], environment: dict[str, str] | None = None
) -> list[str]:
    """Restart processes together and wait until they are ready; tell how each went.

    One that does not run just now is waited for, and then restarted all the same.
    """

    def one(name: str) -> str:
        with contextlib.suppress(NotReady):
            stage.processes.wait_ready(name, within_s=READY_S_MAX)
        took_s, code = stage.processes.restart(name, environment)
        stage.duties.note(_slow_or_hurt(name, took_s, code))
        with contextlib.suppress(NotReady):
            stage.processes.wait_ready(name, within_s=READY_S_MAX)
        return f"{name} {took_s:.1f} s code {code}"

    with ThreadPoolExecutor(len(names)) as threads:
        return list(threads.map(one, names))


def _slow_or_hurt(name: str, took_s: float, code: int) -> str | None:
    if took_s <= GRACEFUL_S_MAX and code == 0:
        return None
    return f"{name} was asked to stop, and did so after {took_s:.1f} s with {code}"


class RollingRestart(Always):
    """SIGTERM to every process in turn, as a release does."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Restart them all."""
        del traffic, strike
        return ", ".join(said for half in HALVES for said in restart(stage, half))

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Nothing is left to undo."""
        del stage, traffic, strike
        return ""


class Migration(Always):
    """Expand, with a step killed in the middle; `payratchet migrate`, killed too; then contract."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Expand, and have the release's own command run."""
        del traffic
        _give_up_in_the_middle(stage)
        tries = sum(_step(stage, step) for step in EXPAND)
        killed = _migrate(stage, killed_after_s=strike.parameters.get("killed_after_s", 1.0))
        code = _migrate(stage, killed_after_s=None)
        return f"{tries} tries of {len(EXPAND)} steps, migrate killed: {killed}, then {code}"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Contract."""
        del traffic, strike
        tries = sum(_step(stage, step) for step in CONTRACT)
        stage.duties.note(_not_migrated(stage))
        return f"{tries} tries of {len(CONTRACT)} steps"


def _not_migrated(stage: Stage) -> str | None:
    """Have the command run until it says that all is well: other faults may be in its way."""
    for _ in range(STEP_TRIES_MAX):
        code = _migrate(stage, killed_after_s=None)
        if code == 0:
            return None
        time.sleep(AGAIN_S)
    return f"`payratchet migrate` ended with {code}, {STEP_TRIES_MAX} times in a row"


def _give_up_in_the_middle(stage: Stage) -> None:
    """Take the first step in a transaction whose session dies before its end."""
    with (
        contextlib.suppress(psycopg.OperationalError),
        connect(stage) as other,
        connect(stage) as connection,
    ):
        connection.autocommit = False
        connection.execute(EXPAND[0].encode())
        other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        connection.execute("SELECT 1")


def _step(stage: Stage, step: str) -> int:
    """Take one step as often as it gives way to the service's own locks; return how often."""
    for number in range(1, STEP_TRIES_MAX):
        try:
            with connect(stage) as connection:
                connection.execute(step.encode())
        except psycopg.OperationalError:
            time.sleep(AGAIN_S)
        else:
            return number
    with connect(stage) as connection:
        connection.execute(step.encode())
    return STEP_TRIES_MAX


def _migrate(stage: Stage, *, killed_after_s: float | None) -> int | str:
    command = [str(Path(sys.executable).with_name("payratchet")), "migrate"]
    try:
        done = subprocess.run(
            command,
            env=dict(stage.environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=MIGRATE_S_MAX if killed_after_s is None else killed_after_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "killed"
    return done.returncode


class SecretRotation(Always):
    """Both secrets are accepted, then the new one is used, then the old one is refused."""

    def __init__(self) -> None:
        self._now: str | None = None
        self._next: str | None = None

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Accept both and have the new one used."""
        old = self._now or stage.environment[SECRET].partition(",")[0]
        self._next = f"whsec_test_{secrets.token_hex(SECRET_BYTES)}"
        told = _one_by_one(stage, f"{self._next},{old}")
        traffic.rotate_secret(strike.target, self._next)
        return ", ".join(told)

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Refuse the old one."""
        if self._next is None:
            return ""
        traffic.rotate_secret(strike.target, self._next)
        told = _one_by_one(stage, self._next)
        self._now, self._next = self._next, None
        return ", ".join(told)


def _one_by_one(stage: Stage, secret_list: str) -> list[str]:
    """Restart the ingresses, one after the other, with these secrets."""
    return [said for name in WEBS for said in restart(stage, [name], {SECRET: secret_list})]
