"""`dev.py soak`: thousands of payments, lost answers and killed processes, and what is left of it.

Each provider has a run of its own, on stores that are thrown away.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tests.local import signals, throw_away
from tests.local.errors import LocalRunFailed
from tests.soak import report, stage
from tests.soak.play import Play, Scale
from tests.soak.progress import bar, say

if TYPE_CHECKING:
    from collections.abc import Sequence

PROVIDERS = ("paystack", "stripe")
PAYMENTS = 10_000
PAYMENTS_MIN = 50
"""Fewer cannot hold one of every accident."""

KILLS = 20
FAIL_SHARE = 0.05
SEED_BITS = 24
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every invariant holds, 130 when stopped before that was known, else 1."""
    options = _read(arguments)
    say(f"seed {options.seed}")
    try:
        with signals.stop_by_interrupt():
            runs = [_run(name, options) for name in options.providers]
    except KeyboardInterrupt:
        say("Stopped.")
        return EXIT_INTERRUPTED
    except (LocalRunFailed, ExceptionGroup) as error:
        say(f"error: {_foreseen(error)}")
        return EXIT_FAILED
    if options.json:
        told = {"seed": options.seed, "fail_share": options.fail_share, "runs": runs}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        for run in runs:
            report.show(Console(), run)
    return 0 if all(map(report.holds, runs)) else EXIT_FAILED


def _foreseen(error: Exception) -> Exception:
    """Return the foreseen failure in what a group of tasks raised; raise what nobody foresaw."""
    if not isinstance(error, ExceptionGroup):
        return error
    foreseen, unforeseen = error.split(LocalRunFailed)
    if foreseen is None or unforeseen is not None:
        raise error
    return _foreseen(foreseen.exceptions[0])


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py soak", description=__doc__)
    parser.add_argument("--payments", type=int, default=PAYMENTS, help="default: %(default)s")
    parser.add_argument("--kills", type=int, default=KILLS, help="of the worker (%(default)s)")
    parser.add_argument("--seed", type=int, help="of what is asked and of what goes wrong")
    parser.add_argument("--provider", choices=(*PROVIDERS, "both"), default="both")
    parser.add_argument(
        "--fail-share",
        type=float,
        default=FAIL_SHARE,
        help="of calls that fail after their effect (%(default)s)",
    )
    parser.add_argument(
        "--spare-calls",
        action="store_true",
        help="kill workers between two calls only: quicker, and proves less",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    options = parser.parse_args(arguments)
    if options.payments < PAYMENTS_MIN:
        parser.error(f"--payments must be {PAYMENTS_MIN} or more")
    if options.kills < 0 or not 0 <= options.fail_share < 1:
        parser.error("--kills must be 0 or more, --fail-share at least 0 and below 1")
    if options.seed is None:
        options.seed = secrets.randbits(SEED_BITS)
    options.providers = PROVIDERS if options.provider == "both" else (options.provider,)
    return options


def _run(provider: str, options: argparse.Namespace) -> dict[str, Any]:
    began_s = time.monotonic()
    scale = Scale(options.payments, options.kills, options.seed, is_sparing=options.spare_calls)
    with (
        throw_away.folder() as folder,
        stage.raised(
            folder, provider=provider, seed=options.seed, fail_share=options.fail_share
        ) as raised,
        bar(provider, total=scale.payments) as shown,
    ):
        done = Play(raised, scale, shown).perform()
        elapsed_s = time.monotonic() - began_s
        return report.of(scale, raised.provider, done, elapsed_s=elapsed_s)


if __name__ == "__main__":
    sys.exit(main())
