"""Crash points: `python -m tests.crash [WORD …]` crashes everywhere in the scenarios so named.

`--list` only says where. `--all` takes every occurrence of every statement. `--some N` takes N
points of each scenario instead and `--pairs N` N pairs of them, drawn by `--seed`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from migrations.run import upgrade
from tests.crash import exemptions, sites
from tests.crash.enumeration import Enumeration
from tests.crash.scenarios import MODULES
from tests.crash.stage import Stage, in_database
from tests.local import throw_away
from tests.local.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.crash.enumeration import Enumerated, Seen
    from tests.crash.scenario import Scenario

TEMPLATE = "crash_template"
MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""


def main() -> int:
    """Return 0 when everything holds, 1 when something does not."""
    given = _arguments()
    if MEMORY.is_dir() and "TMPDIR" not in os.environ:
        tempfile.tempdir = str(MEMORY)
    os.environ["PAYRATCHET_ALLOW_UNSAFE_STORE"] = "1"
    began_s = time.monotonic()
    with _stage() as stage:
        found = list(_found(stage, given))
    violations = [violation for each in found for violation in each.violations]
    points = sum(len(each.points) for each in found)
    _say(f"{len(found)} scenarios, {points} points, {time.monotonic() - began_s:.0f} s")
    if given.list and not given.words:
        return _say_where(found)
    return 1 if violations else 0


def _found(stage: Stage, given: argparse.Namespace) -> Iterator[Enumerated]:
    for module in MODULES:
        seen: Seen = set()
        for scenario in module.SCENARIOS:
            if not given.words or any(word in scenario.name for word in given.words):
                yield _enumerated(stage, scenario, seen, given)


def _enumerated(
    stage: Stage, scenario: Scenario, seen: Seen, given: argparse.Namespace
) -> Enumerated:
    began_s, enumeration = time.monotonic(), Enumeration(stage, scenario)
    if given.list:
        done = enumeration.trace()
    elif given.pairs or given.some:
        chance, depth = random.Random(f"{given.seed} {scenario.name}"), 2 if given.pairs else 1
        done = enumeration.crash_some(chance, given.pairs or given.some, depth=depth)
    else:
        done = enumeration.crash_everywhere(None if given.all else seen)
    took_s, count = time.monotonic() - began_s, len(done.points)
    _say(f"{scenario.name}: {count} points, {len(done.violations)} wrong, {took_s:.1f} s")
    for line in done.points if given.list else done.violations:
        _say(f"  {line}")
    return done


def _say_where(found: Sequence[Enumerated]) -> int:
    """Say how many sites are crashed at, and name those that should be and are not."""
    passed = {site for each in found for site in each.sites}
    left = [name for name in sites.names() if name not in passed and not exemptions.why(name)]
    _say(f"{len(passed)} of {len(sites.names())} sites are crashed at, {len(left)} are missing")
    for name in left:
        _say(f"  {name}")
    return 1 if left else 0


@contextlib.contextmanager
def _stage() -> Iterator[Stage]:
    """Give stores of this run alone, with a migrated database to copy."""
    with (
        throw_away.folder() as folder,
        Stores(folder, throw_away=True) as stores,
        tempfile.TemporaryDirectory() as files,
    ):
        administration = in_database(stores.database_url, "postgres")
        with psycopg.connect(administration, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}".encode())
        upgrade(in_database(stores.database_url, TEMPLATE))
        with contextlib.closing(
            Stage(stores.database_url, stores.redis_url, TEMPLATE, Path(files))
        ) as stage:
            yield stage


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("words", nargs="*", help="only scenarios with one of these in their name")
    parser.add_argument("--list", action="store_true", help="only say where there is to crash")
    parser.add_argument("--all", action="store_true", help="every occurrence of every statement")
    parser.add_argument("--pairs", type=int, default=0, help="crash twice, so often a scenario")
    parser.add_argument("--some", type=int, default=0, help="crash once, so often a scenario")
    parser.add_argument("--seed", type=int, default=1, help="what those are drawn by")
    return parser.parse_args()


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
