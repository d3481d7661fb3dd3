"""The proof: every invariant, on one snapshot of the database and the provider's own books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.demo.proof import api, credit, history, inbox, money

if TYPE_CHECKING:
    from tests.demo.proof.evidence import Evidence
    from tests.demo.proof.invariant import Invariant

CHECKS = (*inbox.CHECKS, *money.CHECKS, *history.CHECKS, *api.CHECKS, *credit.CHECKS)


def prove(evidence: Evidence) -> list[Invariant]:
    """Check them all; one that does not hold keeps no other from being checked."""
    return [check(evidence) for check in CHECKS]
