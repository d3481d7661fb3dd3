"""Start-up: seconds from the start of each process until it does its work."""

from __future__ import annotations

import http.client
import time
from contextlib import closing
from typing import TYPE_CHECKING

from tests.bench.errors import BenchFailed
from tests.bench.measures.scene import ALL, Scene, scene
from tests.bench.stage import processes
from tests.local import readiness

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.stage.run import Run

NAME = "start_up"
READY_S_MAX = 30.0
LOOK_S = 0.01
ANSWER_S_MAX = 2.0


def measure(run: Run) -> dict[str, float]:
    """Return the seconds of each process, started alone while both stores are there.

    The web is ready when it says so, the console when it answers, the others when they log it.
    """
    with scene(run, NAME) as on:
        return {name: _start(on, name) for name in ALL}


def _start(on: Scene, name: str) -> float:
    port = processes.free_port()
    log = on.run.logs(NAME)
    said = log / f"{name}.log"
    said.write_text("")
    ready: dict[str, Callable[[], bool]] = {
        "web": lambda: readiness.is_ready(port),
        "console": lambda: _is_alive(port),
        "worker": lambda: "worker.started" in said.read_text(),
        "relay": lambda: "relay.started" in said.read_text(),
    }
    told = processes.environment(
        name,
        database_url=on.database_url,
        redis_url=on.redis_url,
        port=port,
        console_port=port,
    )
    begun_s = time.monotonic()
    with processes.running(
        on.run.grounds, processes.commands([name]), environments={name: told}, port=port, log=log
    ) as running:
        while not ready[name]():
            running.check()
            if time.monotonic() - begun_s > READY_S_MAX:
                raise BenchFailed(f"{name} was not ready within {READY_S_MAX:.0f} s.")
            time.sleep(LOOK_S)
        return time.monotonic() - begun_s


def _is_alive(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S_MAX)
    with closing(connection):
        try:
            connection.request("GET", "/livez")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
