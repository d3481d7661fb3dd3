"""What an open loop found: a delay and a status for each request, in a compact file."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.bench.load import percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.bench.load.percentiles import Percentiles

COLUMNS = (("intended_s", "d"), ("latency_s", "d"), ("status", "h"), ("source", "B"))
"""The arrays of the file after its first line, each as long as the first line says."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The answers to one source. `latency` is of those with 2xx, from the intended moment."""

    latency: Percentiles
    acknowledged: int
    others: int


@dataclass(frozen=True, slots=True)
class Sent:
    """All that was sent.

    `late` is by how much requests left after their moment although a connection was free: the
    sender's own fault, for a reader to judge the latencies by. `waited` is how many found none
    free; their latency includes the wait. `begun_s` is monotonic, `share` that of one core.
    """

    tags: Sequence[str]
    begun_s: float
    late: Percentiles
    waited: int
    share: float
    intended_s: Sequence[float]
    latency_s: Sequence[float]
    status: Sequence[int]
    source: Sequence[int]

    def of(self, tag: str) -> Heard:
        """Return what one source heard."""
        wanted = self.tags.index(tag)
        own = [at for at, source in enumerate(self.source) if source == wanted]
        good = [at for at in own if 200 <= self.status[at] < 300]
        latency = percentiles.of_seconds(self.latency_s[at] for at in good)
        return Heard(latency, len(good), len(own) - len(good))


def write(file: Path, told: dict[str, object], columns: Sequence[array[Any]]) -> None:
    """Write a line of JSON, and the columns behind it."""
    with file.open("wb") as out:
        out.write(json.dumps({**told, "count": len(columns[0])}).encode() + b"\n")
        for column in columns:
            column.tofile(out)


def read(file: Path) -> Sent:
    """Return what was written."""
    with file.open("rb") as lines:
        told = json.loads(lines.readline())
        found: dict[str, array[Any]] = {}
        for name, kind in COLUMNS:
            found[name] = array(kind)
            found[name].fromfile(lines, told["count"])
    return Sent(
        tags=told["tags"],
        begun_s=told["begun_s"],
        late=percentiles.Percentiles(**told["late"]),
        waited=told["waited"],
        share=told["share"],
        **found,
    )
