"""A trial: one short lab with one bug in it, in a process of its own, and what told of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.chaos.options import NO_FAULTS
from tests.chaos.planted.bug import Bug
from tests.chaos.planted.catalogue import BUGS
from tests.local.service import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TRIAL_S_MAX = 400.0
"""Longest that one lab may take, from its first process to its proof."""

SETTLES_S_MAX = 26.0
"""Longest wait for events to settle, and a part of it more for calls: a sound lab needs seconds."""

DIED_LINES = 12
REASONS_MAX = 3
"""Of what an invariant has to say, how much is shown."""

S_A_MINUTE = 60.0
CONTROL_SEED = 70
"""Of the labs without a bug: what is kept of others by their seed stays."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a trial.

    `told_by` are the invariants that should have told of the bug and did, `also` those that did
    beside them, each with the first thing that it had to say. `error` is why there was no lab. A
    control is right if nothing is told.
    """

    bug: Bug
    told_by: Mapping[str, str]
    also: Mapping[str, str]
    elapsed_s: float
    error: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the bug was told; or whether nothing was where there was none."""
        if self.error:
            return False
        return bool(self.told_by) if self.bug.told_by else not self.also


def tried(bug: Bug, *, keep: bool = False) -> Verdict:
    """Play the lab with the bug in it. Raises KeyboardInterrupt once the lab has ended by it."""
    began_s = time.monotonic()
    with subprocess.Popen(
        _words(bug, keep=keep),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if keep else subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as lab:
        try:
            out, err = lab.communicate(timeout=TRIAL_S_MAX)
        except BaseException:
            lab.terminate()
            lab.wait()
            raise
    return judged(bug, out, err or "", time.monotonic() - began_s)


def _words(bug: Bug, *, keep: bool) -> list[str]:
    told = {
        "seed": bug.known_from,
        "minutes": round(bug.lasts_s / S_A_MINUTE, 3),
        "rate": bug.rate_per_s,
        "orders": bug.orders_per_s,
        "faults": ",".join(bug.faults),
        "fault-every": bug.fault_every_s,
        "settle": SETTLES_S_MAX,
        "bugs": bug.name if bug.name in BUGS else "",
    }
    options = [f"--{name}={value}" for name, value in told.items()]
    keeping = ["--keep"] if keep else []
    return [sys.executable, "-m", "tests.chaos", *options, *keeping, "--json"]


def judged(bug: Bug, out: str, err: str, elapsed_s: float) -> Verdict:
    """Return the verdict on what the lab printed."""
    try:
        told = json.loads(out)
    except ValueError:
        lines = "\n".join(err.splitlines()[-DIED_LINES:])
        return Verdict(bug, {}, {}, elapsed_s, error=f"there was no lab: {lines}")
    broken = _broken(told)
    meant = {name: why for name, why in broken.items() if _is_meant(bug, name, why)}
    others = {name: why for name, why in broken.items() if name not in meant}
    return Verdict(bug, meant, others, elapsed_s)


def _is_meant(bug: Bug, name: str, why: str) -> bool:
    """Say whether this should tell of the bug; of a rescue, whether it is by the right rule."""
    return name.startswith(bug.told_by) and (
        not bug.rescued_by or any(rule in why for rule in bug.rescued_by)
    )


def _broken(told: dict[str, Any]) -> dict[str, str]:
    """Return the invariants that do not hold; the bounds are for longer labs."""
    return {
        each["name"]: "; ".join(each.get("problems", ())[:REASONS_MAX]) or "nothing was checked"
        for each in told["invariants"]
        if not each["holds"]
    }


def _used() -> tuple[str, ...]:
    kinds = {kind for bug in BUGS.values() for kind in bug.faults}
    return tuple(sorted(kinds - {NO_FAULTS}))


def controls() -> Sequence[Bug]:
    """Return the labs without a bug, in which nothing may be told."""
    return (
        Bug(
            name="control",
            sentence="No bug, and no fault.",
            told_by=(),
            known_from=CONTROL_SEED,
        ),
        Bug(
            name="control-with-faults",
            sentence="No bug, and every fault that is used with one.",
            told_by=(),
            faults=_used(),
            known_from=CONTROL_SEED,
        ),
    )
