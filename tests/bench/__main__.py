"""The benchmark: `python3 dev.py bench [--json] [--full]`.

Measures floors, peers and our own processes in one run on this machine, on stores of its own
whatever DATABASE_URL says, checks the books after every measure, and saves what it found under
`docs/benchmarks/`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tests.bench import catalogue, ratios
from tests.bench.collected import Collected
from tests.bench.errors import BenchFailed
from tests.bench.machine import Steal, describe
from tests.bench.peers.environment import PeersMissing, ready
from tests.bench.plan import DEFAULT, FULL, Plan
from tests.bench.report import document, page, plot, readme, table
from tests.bench.stage.grounds import grounds
from tests.bench.stage.run import Run
from tests.bench.stage.supply import Numbers
from tests.bench.steps import take
from tests.local import throw_away
from tests.local.errors import LocalRunFailed
from tests.local.service import DATA, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.bench.plan import Form

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
SEED_MAX = 2**31
FOLDER = ROOT / "docs" / "benchmarks"
README = ROOT / "README.md"
NO_DISK = frozenset({"tmpfs", "ramfs"})


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; return 1 when a part of it failed. Unmet goals are no failure."""
    options = _options(arguments)
    form = FULL if options.full else DEFAULT
    try:
        told, failures = _measured(form, options.seed, options.only)
    except (BenchFailed, LocalRunFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    if not options.no_save and not options.only:
        _save(told)
    for failure in failures:
        print(f"not measured: {failure}", file=sys.stderr)
    if options.json:
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        table.show(Console(), told)
    return EXIT_FAILED if failures else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the document, not the table")
    parser.add_argument("--full", action="store_true", help="more rounds, up to 10 M events stored")
    parser.add_argument("--no-save", action="store_true", help="leave docs/ and README as they are")
    parser.add_argument("--only", default="", help="only steps with this in their title; no saving")
    parser.add_argument("--seed", type=int, default=random.randrange(SEED_MAX), help="of arrivals")
    return parser.parse_args(arguments)


def _measured(form: Form, seed: int, only: str) -> tuple[dict[str, Any], list[str]]:
    """Measure everything, or the steps with `only` in their titles.

    Returns the document, and what could not be measured and why.
    """
    started_at, begun_s, steal = datetime.now(UTC), time.monotonic(), Steal()
    python = None if only else _peers()
    with throw_away.folder() as folder, grounds(folder) as stores:
        run, found = Run(stores, folder, Numbers(), seed), Collected()
        machine = describe(
            folder,
            ROOT,
            database_url=stores.stores.database_url,
            redis_url=stores.stores.redis_url,
        )
        if machine["filesystem"] in NO_DISK:
            raise BenchFailed("The stores would be in memory; set TMPDIR to a folder on a disk.")
        steps = Plan(run, found, form, python).steps()
        failures = take([step for step in steps if only.lower() in step.title.lower()])
    machine["steal_percent"] = steal.percent()
    told = document.assemble(
        document.Run(started_at, time.monotonic() - begun_s, seed, form.name),
        machine=machine,
        floors=found.section(catalogue.FLOORS),
        peers=found.section(catalogue.PEER_FIGURES),
        ours=found.section(catalogue.OURS | found.entries),
        ratios=[
            ratio
            for ratio in ratios.of(found, form.sizes, has_wrk=machine["wrk"] is not None)
            if not only or ratio.value is not None
        ],
        invariants=[verdict.as_json() for verdict in run.verdicts],
    )
    return told, failures


def _peers() -> Path | None:
    """Return the peers' Python; without them everything else can still be measured."""
    try:
        return ready(DATA / "bench")
    except PeersMissing as error:
        print(f"The peers are left out: {error}", file=sys.stderr)
        return None


def _save(told: dict[str, Any]) -> None:
    document.write(told, FOLDER)
    plot.write(told, FOLDER)
    page.write(FOLDER)
    readme.write(README, told)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
