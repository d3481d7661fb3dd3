"""Floors by pgbench, which comes with Postgres: what the server does when nothing is batched.

Each transaction is written as a careful engineer would write it, prepared, on connections that stay
open; tables, constraints and triggers are ours, and so are the rows that it writes.
"""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.bench.errors import BenchFailed
from tests.bench.stage import inbox, supply
from tests.bench.stage.cpu import Meter
from tests.bench.stage.run import Round

if TYPE_CHECKING:
    from tests.bench.stage.run import Run

HERE = Path(__file__).parent
INSERT_CLIENTS = 64
TRANSITION_CLIENTS = 16
"""Connections at once. More make the transition slower here: they wait for each other's rows."""

THREADS = 2
EVENTS_PER_S_MAX = 4_000
"""Events that are laid ready for a second of the transition; it may not run out of them."""

GRACE_S = 30.0
BACKENDS_END_S = 0.5
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_DONE = re.compile(r"actually processed: (\d+)")


@dataclass(frozen=True, slots=True)
class _Script:
    name: str
    clients: int
    variables: dict[str, str]


def insert(run: Run, *, for_s: int) -> Round:
    """Measure inserts a second: the event row and its unique key, one event a transaction."""
    url = run.grounds.database("floor_insert")
    numbers = run.numbers.take(for_s * 50_000)
    body = supply.delivery_body(numbers[0]).decode()
    variables = {"body": body, "key": "14:charge.success8:"}
    script = _Script("insert", INSERT_CLIENTS, variables)
    found = _run(run, script, url, numbers, for_s=for_s)
    run.grounds.drop("floor_insert")
    return found


def transition(run: Run, *, for_s: int) -> Round:
    """Measure transitions a second: everything that one event does, one event a transaction."""
    url = run.grounds.database("floor_transition")
    numbers = run.numbers.take(for_s * EVENTS_PER_S_MAX)
    with psycopg.connect(url, autocommit=True) as connection:
        inbox.fill(connection, numbers)
    accounts = {
        "clearing": f"provider_clearing:{supply.PROVIDER}",
        "fees": f"fees:{supply.PROVIDER}",
        "actor": f"provider:{supply.PROVIDER}",
    }
    script = _Script("transition", TRANSITION_CLIENTS, accounts)
    found = _run(run, script, url, numbers, for_s=for_s)
    run.grounds.drop("floor_transition")
    return found


def _run(run: Run, script: _Script, url: str, numbers: range, *, for_s: int) -> Round:
    """Run a script; its events are `numbers`, dealt to the clients in turn."""
    run.grounds.settle()
    variables = {"i": "-1", "base": str(numbers[0]), "clients": str(script.clients)}
    words = [
        str(run.grounds.stores.postgres.binaries.folder / "pgbench"),
        *("--no-vacuum", "--protocol=prepared", f"--time={for_s}"),
        *(f"--client={script.clients}", f"--jobs={THREADS}"),
        f"--file={HERE / script.name}.sql",
        *(f"--define={name}={value}" for name, value in (variables | script.variables).items()),
        url,
    ]
    meter = Meter({"postgres": run.grounds.postgres_pid})
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=for_s + GRACE_S, check=False
    )
    # A backend that ends is for a moment neither a process nor counted with its parent.
    time.sleep(BACKENDS_END_S)
    tps, count = _TPS.search(done.stdout), _DONE.search(done.stdout)
    if done.returncode != 0 or tps is None or count is None:
        raise BenchFailed(f"pgbench failed.\n{done.stderr[-1_000:]}")
    return Round(float(tps[1]), meter.us_per(int(count[1])))
