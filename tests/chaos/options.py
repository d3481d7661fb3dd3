"""Options: what a run of the lab is asked for."""

from __future__ import annotations

import argparse
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTES = 3.0
MINUTES_MIN = 0.1
MINUTES_MAX = 24 * 60.0
RATE_PER_S = 160.0
"""Unique webhook events a second; with their repeats about twice as many requests."""

ORDERS_PER_S = 2.0
"""Orders of the shop a second: each is some requests of the API, and one or two calls."""

ORDERS_PER_S_MAX = 100.0
RATE_PER_S_MAX = 2_000.0
FAULT_EVERY_S = 2.6
"""Mean time from one strike to the next: a run of three minutes holds more than fifty."""

FAULT_EVERY_S_MIN = 0.5
SEED_BITS = 24
SETTLE_S_MAX = 60.0
"""Longest wait for webhook events after the last fault; within half of it is what is promised."""

NO_FAULTS = "none"
"""The word that asks for a run without a fault."""


@dataclass(frozen=True, slots=True)
class Options:
    """One run: the same options strike and send the same.

    `faults` names the kinds that may strike, empty for all of them, and `(NO_FAULTS,)` for none.
    `settle_s` is how long webhook events are waited for after the last fault. `bugs` are defects
    planted by the lab, to see whether they are found. `keep` leaves the run's folder where it is.
    Where `are_bounds_required` is not set, times are told and only the invariants are judged.
    """

    seed: int
    minutes: float = MINUTES
    rate_per_s: float = RATE_PER_S
    orders_per_s: float = ORDERS_PER_S
    faults: tuple[str, ...] = ()
    fault_every_s: float = FAULT_EVERY_S
    settle_s: float = SETTLE_S_MAX
    keep: bool = False
    bugs: tuple[str, ...] = ()
    json: bool = False
    are_bounds_required: bool = True

    @property
    def is_fault_free(self) -> bool:
        """Whether nothing is to strike."""
        return self.faults == (NO_FAULTS,)

    @property
    def length_s(self) -> float:
        """How long load and faults last."""
        return 60.0 * self.minutes


def read(arguments: Sequence[str] | None = None) -> Options:
    """Return what the command line asks for; ends the process with 2 when it makes no sense."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if not MINUTES_MIN <= asked.minutes <= MINUTES_MAX:
        parser.error(f"--minutes must be from {MINUTES_MIN} to {MINUTES_MAX:.0f}")
    if not 0 < asked.rate <= RATE_PER_S_MAX:
        parser.error(f"--rate must be above 0 and at most {RATE_PER_S_MAX:.0f}")
    if not 0 < asked.orders <= ORDERS_PER_S_MAX:
        parser.error(f"--orders must be above 0 and at most {ORDERS_PER_S_MAX:.0f}")
    if asked.fault_every < FAULT_EVERY_S_MIN:
        parser.error(f"--fault-every must be {FAULT_EVERY_S_MIN} or more")
    if asked.settle <= 0:
        parser.error("--settle must be above 0")
    faults = _words(asked.faults)
    if NO_FAULTS in faults and len(faults) > 1:
        parser.error(f"--faults {NO_FAULTS} goes with no other kind")
    return Options(
        seed=secrets.randbits(SEED_BITS) if asked.seed is None else asked.seed,
        minutes=asked.minutes,
        rate_per_s=asked.rate,
        orders_per_s=asked.orders,
        faults=() if faults == ("all",) else faults,
        fault_every_s=asked.fault_every,
        settle_s=asked.settle,
        keep=asked.keep,
        bugs=_words(asked.bugs),
        json=asked.json,
        are_bounds_required=not asked.no_bounds,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py chaos",
        description="The fault lab: kill anything, at any moment, and compare the books.",
    )
    parser.add_argument("--seed", type=int, help="of what is sent and of what strikes")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="default: %(default)s")
    parser.add_argument(
        "--rate", type=float, default=RATE_PER_S, help="unique events a second (%(default)s)"
    )
    parser.add_argument(
        "--orders",
        type=float,
        default=ORDERS_PER_S,
        help="orders of the shop a second (%(default)s)",
    )
    parser.add_argument(
        "--faults",
        default="",
        metavar="KIND,…",
        help=f"kinds that may strike; all without this, {NO_FAULTS!r} for none",
    )
    parser.add_argument(
        "--fault-every",
        type=float,
        default=FAULT_EVERY_S,
        metavar="S",
        help="mean seconds from one strike to the next (%(default)s)",
    )
    parser.add_argument(
        "--settle",
        type=float,
        default=SETTLE_S_MAX,
        metavar="S",
        help="longest wait for everything to settle after the last fault (%(default)s)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the run's folder with its logs")
    parser.add_argument("--bugs", default="", metavar="BUG,…", help="defects to plant")
    parser.add_argument(
        "--no-bounds",
        action="store_true",
        help="tell times, and judge the invariants only: for a machine with other things to do",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    return parser


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)
