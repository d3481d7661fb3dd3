"""The proof: every invariant, over the history, the providers' books and the database at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.proof import (
    answers,
    asked,
    commands,
    credit,
    events,
    history,
    layers,
    ledger,
    money,
    running,
    told,
)

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence
    from tests.demo.proof.invariant import Invariant

CHECKS = (
    *events.CHECKS,
    *history.CHECKS,
    *money.CHECKS,
    *credit.CHECKS,
    *ledger.CHECKS,
    *asked.CHECKS,
    *told.CHECKS,
    *commands.CHECKS,
    *answers.CHECKS,
    *running.CHECKS,
    *layers.CHECKS,
)
CHECKS_WITHOUT_FAULTS = (
    *answers.CHECKS_WITHOUT_FAULTS,
    *running.CHECKS_WITHOUT_FAULTS,
    *layers.CHECKS_WITHOUT_FAULTS,
)
"""What holds only where nothing struck: a lock that is missing shows there as a rescue."""


def prove(evidence: Evidence) -> list[Invariant]:
    """Check them all on evidence that is laid out; one that fails keeps no other from its turn."""
    checks = (*CHECKS, *CHECKS_WITHOUT_FAULTS) if evidence.is_fault_free else CHECKS
    return [check(evidence) for check in checks]
