"""A flood: as many deliveries as the server takes, by whichever generator is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.load import fallback, wrk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.load.result import Flood
    from tests.bench.load.target import Target

CONNECTIONS = 64


def flood(target: Target, requests: Path, *, for_s: int, connections: int = CONNECTIONS) -> Flood:
    """Send the deliveries of a file for so many whole seconds, each once; the result says by what.

    Raises BenchFailed when the generator fails or the file runs out.
    """
    run = wrk.run if wrk.is_there() else fallback.run
    return run(target, requests, for_s=for_s, connections=connections)
