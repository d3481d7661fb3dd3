"""The floor of our own ingress: the same process with the store taken out of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.bench.load.target import Target
from tests.bench.measures.acks import acks_of
from tests.bench.stage import processes, supply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.stage.run import Round, Run

NAME = "bare_ingress"


def bare_ingress(run: Run, *, for_s: int) -> Round:
    """Measure requests a second that are read, verified and answered, and kept nowhere."""
    file = run.folder / f"{NAME}.requests"

    def deliveries(count: int) -> Path:
        supply.write(file, map(supply.delivery, run.numbers.take(count)))
        return file

    port = processes.free_port()
    told = processes.environment(
        "web",
        database_url=run.grounds.database(NAME),
        redis_url=run.grounds.redis(),
        port=port,
        console_port=processes.free_port(),
    )
    with processes.running(
        run.grounds,
        {"web": [sys.executable, "-m", "tests.bench.floors.bare_ingress"]},
        environments={"web": told},
        port=port,
        log=run.logs(NAME),
    ) as running:
        processes.wait_ready(running)
        found = acks_of(running, Target(port), deliveries, for_s=for_s)
        found.flood.require_all_acknowledged()
    file.unlink()
    run.grounds.drop(NAME)
    return found.round
