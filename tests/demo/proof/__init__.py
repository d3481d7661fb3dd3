"""The proof: every invariant checked on one snapshot of the database and on the provider's books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.demo.proof import history, inbox, money
from tests.demo.proof.invariant import Invariant

if TYPE_CHECKING:
    from tests.demo.proof.evidence import Evidence

CHECKS = (*inbox.CHECKS, *money.CHECKS, *history.CHECKS)


def prove(evidence: Evidence) -> list[Invariant]:
    """Check them all; one that does not hold keeps no other from being checked."""
    return [check(evidence) for check in CHECKS]
