"""`dev.py demo`: the recorded morning, from the first process to the proof."""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tests.demo import report, stage, summary
from tests.demo.play import Play
from tests.demo.progress import Progress
from tests.local import service, signals
from tests.local.errors import LocalRunFailed
from tests.simulator.courier import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

PAYMENTS = 640
PAYMENTS_MIN = 40
"""Fewer cannot hold one of every accident."""

SEED_BITS = 24
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every invariant holds, 130 when stopped before that was known, else 1."""
    options = _read(arguments)
    try:
        with signals.stop_by_interrupt():
            return _run(options)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except (LocalRunFailed, DeliveryFailed, ExceptionGroup) as error:
        print(f"error: {_foreseen(error)}", file=sys.stderr)
        return EXIT_FAILED


def _foreseen(error: Exception) -> Exception:
    """Return the foreseen failure in what a group of tasks raised; raise what nobody foresaw."""
    if not isinstance(error, ExceptionGroup):
        return error
    foreseen, unforeseen = error.split((LocalRunFailed, DeliveryFailed))
    if foreseen is None or unforeseen is not None:
        raise error
    return _foreseen(foreseen.exceptions[0])


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="stop everything at the end")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("--seed", type=int, help="play this morning again")
    parser.add_argument("--payments", type=int, default=PAYMENTS, help="default: %(default)s")
    parser.add_argument("--data", type=Path, default=service.DATA, help="where the data lives")
    options = parser.parse_args(arguments)
    if options.payments < PAYMENTS_MIN:
        parser.error(f"--payments must be {PAYMENTS_MIN} or more")
    if options.seed is None:
        options.seed = secrets.randbits(SEED_BITS)
    return options


def _run(options: argparse.Namespace) -> int:
    began_s = time.monotonic()
    progress = Progress()
    print(f"seed {options.seed}", file=sys.stderr)
    with contextlib.ExitStack() as until_the_end:
        with progress.step("starting the stores, the migration and the processes"):
            raised = until_the_end.enter_context(
                stage.raised(options.data.absolute(), seed=options.seed)
            )
        play = Play(raised, seed=options.seed, payments=options.payments, progress=progress)
        told = summary.of(play.perform(), raised, elapsed_s=time.monotonic() - began_s)
        _tell(told, as_json=options.json)
        holds = all(each["holds"] for each in told["invariants"])
        if not options.exit:
            _stay_up(raised)
    return 0 if holds else EXIT_FAILED


def _stay_up(raised: stage.Stage) -> None:
    """Leave everything running until the person has seen enough."""
    print("The service stays up. Stop with Ctrl-C.", file=sys.stderr)
    with contextlib.suppress(KeyboardInterrupt):
        raised.service.supervisor.wait()
    print("Stopping …", file=sys.stderr)


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(told, ensure_ascii=False), flush=True)
        return
    report.show(Console(), told)


if __name__ == "__main__":
    sys.exit(main())
