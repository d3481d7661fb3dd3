"""`python3 -m tests.mutation`: change the code that decides, and count the changes nobody sees.

Ends with 1 when the tests kill fewer than the gate asks for. `--sample N --seed S` tries some.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from typing import TYPE_CHECKING

from tests.mutation import mutants, report, running, targets
from tests.mutation.equivalents import EQUIVALENT
from tests.mutation.errors import MutationRunFailed

if TYPE_CHECKING:
    from tests.mutation.mutants import Mutant
    from tests.mutation.outcomes import Outcome

EXIT_BELOW = 1
EXIT_FAILED = 2
PROGRESS_EVERY = 50


def main() -> int:
    """Return 0 when the score is good enough."""
    asked = _read()
    sys.dont_write_bytecode = False
    began_s = time.monotonic()
    outcomes: list[Outcome] = []

    def told(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if not outcome.is_dead:
            sys.stderr.write(f"survives: {report.place(outcome)}  {outcome.mutant.name}\n")
        if len(outcomes) % PROGRESS_EVERY == 0:
            dead = sum(each.is_dead for each in outcomes)
            sys.stderr.write(f"{len(outcomes)} mutants, {dead} killed\n")

    try:
        running.run(_chosen(asked), told)
    except MutationRunFailed as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_FAILED
    elapsed_s = time.monotonic() - began_s
    if asked.json:
        told_all = report.as_json(outcomes, seed=asked.seed, elapsed_s=elapsed_s)
        sys.stdout.write(json.dumps(told_all) + "\n")
    else:
        sys.stdout.write("\n".join(report.lines(outcomes, elapsed_s=elapsed_s)) + "\n")
    low = report.below(outcomes)
    if low:
        sys.stderr.write(f"below {targets.GATE:.0%}: {', '.join(low)}\n")
    return EXIT_BELOW if low else 0


def _chosen(asked: argparse.Namespace) -> list[Mutant]:
    try:
        paths = targets.modules(asked.module)
    except KeyError as error:
        raise MutationRunFailed(f"{error} is no module that is mutated") from error
    found = [each for each in mutants.every(paths) if each.name not in EQUIVALENT]
    if asked.sample is None or asked.sample >= len(found):
        return found
    picked = set(random.Random(asked.seed).sample(range(len(found)), asked.sample))
    return [each for at, each in enumerate(found) if at in picked]


def _read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tests.mutation", description=__doc__)
    parser.add_argument("--module", help="one module: fold, domain.providers.stripe, a path")
    parser.add_argument("--sample", type=int, help="how many of all mutants are tried")
    parser.add_argument("--seed", type=int, default=1, help="which ones (1)")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
