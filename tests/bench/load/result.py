"""What a closed-loop flood found, whichever generator sent it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.bench.errors import BenchFailed
from tests.bench.load.percentiles import Percentiles

if TYPE_CHECKING:
    from pathlib import Path

US_PER_MS = 1_000


@dataclass(frozen=True, slots=True)
class Flood:
    """Requests that were answered while the flood lasted, and what it cost to send them.

    `acknowledged` are answers of 2xx, `refused` all others, `errors` connections that failed and
    answers that never came. Up to one request for each connection was in the air at the end and is
    in none of them. `begun_s` and `ended_s` are monotonic. Latency is that of a closed loop: a
    sender that waits for its answer asks less when answers are slow.
    """

    generator: str
    acknowledged: int
    refused: int
    errors: int
    begun_s: float
    ended_s: float
    latency: Percentiles
    cpu_s: float

    @property
    def for_s(self) -> float:
        """How long it lasted."""
        return self.ended_s - self.begun_s

    @property
    def acknowledged_per_s(self) -> float:
        """Answers of 2xx in a second."""
        return self.acknowledged / self.for_s

    @property
    def cpu_us(self) -> float:
        """CPU microseconds that the generator spent on an acknowledged request."""
        return self.cpu_s * 1e6 / max(1, self.acknowledged)

    def require_all_acknowledged(self) -> None:
        """Raise BenchFailed when some were refused or lost: then the rate is not of one thing."""
        if self.refused or self.errors or not self.acknowledged:
            raise BenchFailed(
                f"Of a flood {self.acknowledged} were acknowledged, {self.refused} refused and "
                f"{self.errors} lost."
            )


def read(generator: str, text: str, requests: Path, *, ended_s: float, cpu_s: float) -> Flood:
    """Return what a generator printed in its last line, as JSON.

    Raises BenchFailed when the requests did not last: what was measured then is the file's length.
    """
    told: dict[str, Any] = json.loads(text.strip().rpartition("\n")[2])
    if told["ran_out"]:
        raise BenchFailed(
            f"{requests.name} ran out after {told['answered']} answers; write more deliveries."
        )
    return Flood(
        generator=generator,
        acknowledged=told["answered"] - told["refused"],
        refused=told["refused"],
        errors=told["errors"],
        begun_s=ended_s - told["for_us"] / 1e6,
        ended_s=ended_s,
        latency=Percentiles(
            told["p50_us"] / US_PER_MS,
            told["p99_us"] / US_PER_MS,
            told["p999_us"] / US_PER_MS,
            told["answered"],
        ),
        cpu_s=cpu_s,
    )
