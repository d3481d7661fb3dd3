"""The sampler: what every process holds, now and then; what of it must not grow."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

from tests.chaos.watching import usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from tests.chaos.watching.usage import Usage

SAMPLE_EVERY_S = 2.0
STOP_S_MAX = 5.0
MIB = 1 << 20

MEMORY_BYTES_MAX = 400 * MIB
"""Of one process of ours, at any time."""

MEMORY_GROWTH_BYTES_MAX = 120 * MIB
"""From the time at which a process has warmed up to its end, whatever it has done meanwhile."""

WARM_AFTER_S = 20.0
FILES_MAX = 600
THREADS_MAX = 120
CONNECTIONS_MAX = 150
"""Of all processes at Postgres, which has room for 200."""


class Sample(NamedTuple):
    """What one process held at a moment (monotonic)."""

    at_s: float
    name: str
    used: Usage


class Sampler:
    """Samples in a thread of its own. `pids` says which processes there are now."""

    def __init__(self, pids: Callable[[], dict[str, int]]) -> None:
        self.samples: list[Sample] = []
        self._pids = pids
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(STOP_S_MAX)

    def _run(self) -> None:
        while not self._stopping.wait(SAMPLE_EVERY_S):
            at_s = time.monotonic()
            for name, used in usage.of(self._pids()).items():
                self.samples.append(Sample(at_s, name, used))


def excesses(samples: Sequence[Sample]) -> list[str]:
    """Return what went beyond its bound, in words; one line for each process and bound."""
    worst: dict[str, str] = {}
    first: dict[tuple[str, int], Sample] = {}
    for sample in samples:
        used = sample.used
        began = first.setdefault((sample.name, used.pid), sample)
        if sample.at_s - began.at_s < WARM_AFTER_S:
            first[sample.name, used.pid] = began._replace(used=used)
        grown_bytes = used.memory_bytes - first[sample.name, used.pid].used.memory_bytes
        for what, value, most in (
            ("MiB", used.memory_bytes // MIB, MEMORY_BYTES_MAX // MIB),
            ("MiB more than when it was warm", grown_bytes // MIB, MEMORY_GROWTH_BYTES_MAX // MIB),
            ("open files", used.files, FILES_MAX),
            ("threads", used.threads, THREADS_MAX),
        ):
            if value > most:
                worst[f"{sample.name} {what}"] = f"{sample.name}: {value} {what}, at most {most}"
    return list(worst.values())
