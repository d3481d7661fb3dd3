"""Play histories of payments against virtual time, from seeds that anybody can play again.

.venv/bin/python -m tests.simulation --seeds 20000 [--first 0] [--jobs 2] [--json]
.venv/bin/python -m tests.simulation --seed 4711            one history, with its story
.venv/bin/python -m tests.simulation --planted [--json]     bugs, and which invariant tells each
.venv/bin/python -m tests.simulation --permutations [--all] every order of every set of seven facts
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from typing import TYPE_CHECKING, Any

from tests.local.progress import Progress
from tests.simulation import fact_sets, permutations, planted, running
from tests.simulation.installing import installed
from tests.simulation.story import Story
from tests.simulation.violations import Violated
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEDS = 20_000
BROKEN_EXIT = 1


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; return 0 when every invariant held, and every planted bug was told."""
    asked = _parser().parse_args(arguments)
    if asked.seed is not None:
        return _one(asked.seed)
    if asked.planted:
        return _planted(is_json=asked.json)
    if asked.permutations:
        return _permutations(jobs=asked.jobs, is_all=asked.all)
    return _many(asked.first, asked.seeds, jobs=asked.jobs, is_json=asked.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes that play")
    parser.add_argument("--seed", type=int, help="one history, told line by line")
    parser.add_argument("--planted", action="store_true", help="plant bugs and look for them")
    parser.add_argument("--permutations", action="store_true", help="play facts in every order")
    parser.add_argument("--all", action="store_true", help="all sets, and not only the suite's")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _one(seed: int) -> int:
    with installed():
        world = World(seed)
        Story(world, _say)
        try:
            world.play()
        except Violated as broken:
            _say(f"BROKEN: {broken}")
            return BROKEN_EXIT
    _say(f"held: {world.steps} steps, digest {world.digest()}")
    return 0


def _many(first: int, seeds: int, *, jobs: int, is_json: bool) -> int:
    tasks = -(-seeds // running.SEEDS_PER_TASK)
    with Progress(f"seeds {first} to {first + seeds - 1}", total=tasks) as progress:
        run = running.run(first, seeds, jobs=jobs, note=lambda n: progress.advance(f"seed {n}"))
    told = run.as_json()
    if is_json:
        _say(json.dumps(told))
    else:
        _say(_in_words(told))
    return BROKEN_EXIT if run.broken else 0


def _in_words(told: dict[str, Any]) -> str:
    what = f"{told['seeds']} histories of {told['payments']} payments and {told['events']} events"
    speed = f"{told['cpu_s']} s of one core, {told['seeds_per_cpu_s']} histories a second"
    lines = [
        f"{what}: {told['broken_count']} broken",
        f"{told['steps']} steps in {speed}; digest {told['digest']}",
    ]
    lines += [
        f"seed {each['seed']}: {each['invariant']}: {each['where']}\n  again: {each['again']}"
        for each in told["broken"]
    ]
    return "\n".join(lines)


def _planted(*, is_json: bool) -> int:
    hunts = []
    with installed(), Progress("planted bugs", total=len(planted.BUGS)) as progress:
        for bug in planted.BUGS:
            progress.label(bug.name)
            hunts.append(planted.hunt(bug))
            progress.advance(bug.name)
    _say(json.dumps(planted.as_json(hunts)) if is_json else planted.table(hunts))
    return 0 if all(each.is_caught for each in hunts) else BROKEN_EXIT


def _permutations(*, jobs: int, is_all: bool) -> int:
    began_s = time.monotonic()
    sets, orders = _all_orders(jobs) if is_all else _orders_of_the_suite()
    took_s = time.monotonic() - began_s
    _say(f"{sets} sets of {fact_sets.FACTS_MAX} facts, {orders} orders, {took_s:.0f} s: alike")
    return 0


def _orders_of_the_suite() -> tuple[int, int]:
    orders = 0
    for name, pool in fact_sets.SETS.items():
        orders += permutations.every_order(pool).orders
        if name in fact_sets.CANCELLED:
            orders += permutations.every_order(pool, cancelled=True).orders
    return len(fact_sets.SETS) + len(fact_sets.CANCELLED), orders


def _all_orders(jobs: int) -> tuple[int, int]:
    ends: dict[int, permutations.Outcome] = {}
    orders, firsts = 0, range(len(fact_sets.VOCABULARY))
    with multiprocessing.Pool(jobs) as pool, Progress("orders", total=len(firsts)) as progress:
        for part in pool.imap_unordered(permutations.every_order_from, firsts):
            permutations.joined(ends, part)
            orders += part.orders
            progress.advance(f"{orders} orders")
    sets = sum(heard.bit_count() == fact_sets.FACTS_MAX for heard in ends)
    return sets, orders


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
