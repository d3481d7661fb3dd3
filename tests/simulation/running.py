"""Runs: many histories one after the other, and what came of all of them together."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.simulation.installing import installed
from tests.simulation.world import Result, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BROKEN_SHOWN_MAX = 20
"""Broken histories that a report names."""

SEEDS_PER_TASK = 100
"""Histories that a process is given at a time."""


class Run(NamedTuple):
    """Histories of seeds that follow each other. `cpu_s` is of all processes together."""

    first: int
    results: tuple[Result, ...]
    cpu_s: float
    wall_s: float

    @property
    def broken(self) -> list[Result]:
        return [each for each in self.results if each.broken is not None]

    @property
    def digest(self) -> str:
        """Return one hash of how all histories ended: the same in every process."""
        return hashlib.sha256(" ".join(r.digest for r in self.results).encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        return {
            "first_seed": self.first,
            "seeds": len(self.results),
            "broken": [_broken(each) for each in self.broken[:BROKEN_SHOWN_MAX]],
            "broken_count": len(self.broken),
            "payments": sum(each.payments for each in self.results),
            "events": sum(each.events for each in self.results),
            "steps": sum(each.steps for each in self.results),
            "cpu_s": round(self.cpu_s, 1),
            "wall_s": round(self.wall_s, 1),
            "seeds_per_cpu_s": round(len(self.results) / self.cpu_s) if self.cpu_s else None,
            "digest": self.digest,
        }


def _broken(result: Result) -> dict[str, Any]:
    assert result.broken is not None
    return {
        "seed": result.seed,
        "invariant": result.broken.invariant,
        "where": result.broken.where,
        "again": again(result.seed),
    }


def again(seed: int) -> str:
    """Return the line that plays one history again and tells its story."""
    return f".venv/bin/python -m tests.simulation --seed {seed}"


def run(first: int, seeds: int, *, jobs: int, note: Callable[[int], None]) -> Run:
    """Play histories; `note` is told of the seed up to which they were played."""
    began_s, cpu_s, results = time.monotonic(), 0.0, list[Result]()
    for part, part_cpu_s in _parts(first, seeds, jobs):
        results += part
        cpu_s += part_cpu_s
        note(part[-1].seed)
    return Run(first, tuple(results), cpu_s, time.monotonic() - began_s)


def _parts(first: int, seeds: int, jobs: int) -> Iterator[tuple[list[Result], float]]:
    last = first + seeds
    tasks = [
        (start, min(start + SEEDS_PER_TASK, last)) for start in range(first, last, SEEDS_PER_TASK)
    ]
    if jobs == 1:
        yield from map(_part, tasks)
        return
    with multiprocessing.Pool(jobs) as pool:
        yield from pool.imap(_part, tasks)


def _part(task: tuple[int, int]) -> tuple[list[Result], float]:
    began_s = time.process_time()
    with installed():
        results = [play(seed) for seed in range(*task)]
    return results, time.process_time() - began_s
